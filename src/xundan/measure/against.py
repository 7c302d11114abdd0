"""A shop's own figures beside ours: how far they are apart, and which rule or window would bring them closest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from xundan.domain.ports import CubeRow, Store
from xundan.domain.rules import EVENTS, SALE_RULES, WINDOWS, SaleRule
from xundan.measure.figures import NO_FIGURES, Figures, Sales, Sum, figures, total_figures

Kind = Literal["people", "converted", "rate", "sales", "sales_orders", "silent", "total", "refunds"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MONEY: frozenset[Kind] = frozenset({"sales", "silent", "total", "refunds"})
PEOPLE = ("wrote", "answered", "inquiries")


class Basis(NamedTuple):
    """How a figure is counted. `what`: one of PEOPLE or an event; a rate's denominator is `of`; sales have a rule.

    `window` is 0 where none matters; `net` is less refunds.
    """

    kind: Kind
    what: str = ""
    of: str = ""
    rule: str = ""
    window: int = 0
    net: bool = False


class Claim(NamedTuple):
    """A figure of theirs: its heading, how ours is meant to count it, its value by day (None: the whole period).

    Money is in fen, a rate from 0 to 1 with its weight by day in `weights`. `missing` counts cells without a number.
    """

    heading: str
    basis: Basis
    values: Mapping[int | None, float]
    weights: Mapping[int | None, float]
    missing: int = 0


class Guess(NamedTuple):
    """A way to count and what it gives."""

    basis: Basis
    value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of theirs, ours for the same days, and the way of counting that comes closest to theirs."""

    claim: Claim
    theirs: float
    ours: Guess
    closest: Guess
    days: int

    @property
    def gap(self) -> float:
        """Theirs less ours."""
        return self.theirs - self.ours.value

    @property
    def explained(self) -> bool:
        """Whether another way of counting comes closer than ours."""
        return self.closest.basis != self.ours.basis


@dataclass(frozen=True, slots=True)
class Best:
    """The rule and window that fit all of theirs together; `error` is the mean relative distance."""

    rule: SaleRule
    window: int
    error: float


def figures_by_day(shop: str, store: Store, first: int, last: int) -> dict[int, Figures]:
    """The shop's figures of each day first..last on which anything happened."""
    rows: dict[int, list[CubeRow]] = defaultdict(list)
    for row in store.cube(shop, "total", first, last):
        rows[row.day].append(row)
    return {day: figures(of_day) for day, of_day in rows.items()}


def compare(claims: Iterable[Claim], by_day: Mapping[int, Figures]) -> list[Comparison]:
    """Each of their figures beside ours over the days for which they have it."""
    return [_compare(claim, _ours(claim, by_day)) for claim in claims if claim.values]


def best_fit(claims: Sequence[Claim], by_day: Mapping[int, Figures]) -> Best | None:
    """The one rule and window that come closest to all figures that depend on them; None without such a figure.

    A figure whose heading names its window keeps it.
    """
    bound = [(claim, _ours(claim, by_day)) for claim in claims if claim.values and claim.basis.kind in _FITTED]
    if not bound:
        return None
    tried = (
        Best(rule, window, sum(_distance(claim, ours, rule, window) for claim, ours in bound) / len(bound))
        for rule in SALE_RULES
        for window in range(1, WINDOWS + 1)
    )
    return min(tried, key=lambda best: (round(best.error, 9), best.window))


_FITTED = frozenset({"converted", "rate", "sales", "sales_orders", "silent"})


def _distance(claim: Claim, ours: Figures, rule: SaleRule, window: int) -> float:
    basis = claim.basis
    if basis.rule:
        basis = basis._replace(rule=rule, window=window)
    elif not _names_window(claim):
        basis = basis._replace(window=window)
    theirs = _theirs(claim)
    return abs(value_of(basis, ours) - theirs) / max(abs(theirs), 1e-9 if basis.kind == "rate" else 1.0)


def _names_window(claim: Claim) -> bool:
    return "日" in claim.heading


def _ours(claim: Claim, by_day: Mapping[int, Figures]) -> Figures:
    if None in claim.values:
        return total_figures(list(by_day.values())) if by_day else NO_FIGURES
    return total_figures([by_day.get(day, NO_FIGURES) for day in claim.values if day is not None])


def _theirs(claim: Claim) -> float:
    if claim.basis.kind != "rate":
        return sum(claim.values.values())
    weight = sum(claim.weights.get(day, 0.0) for day in claim.values)
    if not weight:
        return sum(claim.values.values()) / len(claim.values)
    return sum(value * claim.weights.get(day, 0.0) for day, value in claim.values.items()) / weight


def _compare(claim: Claim, ours: Figures) -> Comparison:
    theirs, mine = _theirs(claim), claim.basis
    guesses = [Guess(basis, value_of(basis, ours)) for basis in ways(mine)]
    closest = min(guesses, key=lambda guess: (round(abs(guess.value - theirs), 9), _changes(mine, guess.basis)))
    return Comparison(claim, theirs, Guess(mine, value_of(mine, ours)), closest, len(claim.values))


def _changes(mine: Basis, other: Basis) -> tuple[int, bool, int]:
    """How far another way of counting is from ours: so many things differ, what is counted, the windows by so much."""
    differing = sum(a != b for a, b in zip(mine, other, strict=True))
    return differing, mine.what != other.what, abs(mine.window - other.window)


def ways(basis: Basis) -> Iterator[Basis]:
    """Every way in which a figure of this kind can be counted."""
    yield basis
    windows = range(1, WINDOWS + 1)
    if basis.kind == "people":
        yield from (basis._replace(what=what) for what in PEOPLE)
    elif basis.kind == "converted":
        yield from (basis._replace(what=event, window=window) for event in EVENTS for window in windows)
    elif basis.kind == "rate":
        for event in EVENTS:
            for of in PEOPLE:
                yield from (basis._replace(what=event, of=of, window=window) for window in windows)
    elif basis.kind == "refunds":
        yield from (basis._replace(rule=rule) for rule in ("", *SALE_RULES))
    elif basis.kind == "total":
        yield from (basis._replace(rule=rule, net=net) for rule in SALE_RULES for net in (False, True))
    else:
        for rule in SALE_RULES:
            for window in windows:
                nets = (False,) if basis.kind == "sales_orders" else (False, True)
                yield from (basis._replace(rule=rule, window=window, net=net) for net in nets)


def value_of(basis: Basis, ours: Figures) -> float:
    """Our figure, counted this way; a rate without a denominator is 0."""
    if basis.kind == "people":
        return _people(ours, basis.what)
    if basis.kind in ("converted", "rate"):
        count = ours.converted[basis.what][basis.window - 1]
        if basis.kind == "converted":
            return count
        of = _people(ours, basis.of)
        return count / of if of else 0.0
    if basis.kind == "refunds":
        return ours.sales[basis.rule].total.refunded_fen if basis.rule else ours.refunds_fen
    return _SALES[basis.kind](ours.sales[basis.rule], basis)


def _people(ours: Figures, what: str) -> int:
    return {"wrote": ours.wrote, "answered": ours.answered, "inquiries": ours.inquiries}[what]


def _fen(money: Sum, basis: Basis) -> int:
    return money.net_fen if basis.net else money.fen


_SALES: dict[str, Callable[[Sales, Basis], int]] = {
    "sales": lambda sales, basis: _fen(sales.attributed[basis.window - 1], basis),
    "sales_orders": lambda sales, basis: sales.attributed[basis.window - 1].orders,
    "silent": lambda sales, basis: _fen(sales.silent(basis.window), basis),
    "total": lambda sales, basis: _fen(sales.total, basis),
}
