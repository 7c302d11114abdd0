"""The figures of a day, a group or a period: every count and sum the definitions name, for every window and rule.

A list by window has 15 entries; entry n - 1 is what counts within window n.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add
from typing import Any, NamedTuple

from xundan.domain.cells import NONE, SILENT, UNMATCHED
from xundan.domain.ports import CubeRow
from xundan.domain.rules import EVENTS, SALE_RULES, WINDOWS

ASSISTED = frozenset(f"assisted.{rule}" for rule in SALE_RULES)
_NOBODY = ("", NONE)


class Sum(NamedTuple):
    """Orders and their money in fen: what was paid, and what of it went back."""

    orders: int = 0
    fen: int = 0
    refunded_fen: int = 0

    @property
    def net_fen(self) -> int:
        return self.fen - self.refunded_fen

    def plus(self, other: Sum) -> Sum:
        return Sum(self.orders + other.orders, self.fen + other.fen, self.refunded_fen + other.refunded_fen)

    def minus(self, other: Sum) -> Sum:
        return Sum(self.orders - other.orders, self.fen - other.fen, self.refunded_fen - other.refunded_fen)

    def to_dict(self) -> dict[str, int]:
        return {"orders": self.orders, "fen": self.fen, "refunded_fen": self.refunded_fen}


@dataclass(frozen=True, slots=True)
class Sales:
    """Sales under one rule. Silent is what a window leaves, so the three always add up to the total.

    In the figures of a *group* silent has no meaning of its own: credit may pass from one group's touch to another's.
    """

    total: Sum
    unmatched: Sum
    attributed: tuple[Sum, ...]

    def silent(self, window: int) -> Sum:
        return self.total.minus(self.unmatched).minus(self.attributed[window - 1])

    def to_dict(self) -> dict[str, Any]:
        matched = self.total.minus(self.unmatched)
        return {
            "total": self.total.to_dict(),
            "unmatched": self.unmatched.to_dict(),
            "attributed": [within.to_dict() for within in self.attributed],
            "silent": [matched.minus(within).to_dict() for within in self.attributed],
        }


ByWindow = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one day, group or period; field meanings in docs/report.md."""

    wrote: int
    answered: int
    inquiries: int
    converted: dict[str, ByWindow]
    conversations: int
    conversations_ordered: int
    sales: dict[str, Sales]
    assisted: dict[str, dict[str, ByWindow]]
    refunds: int
    refunds_fen: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "wrote": self.wrote,
            "answered": self.answered,
            "inquiries": self.inquiries,
            "converted": {event: list(counts) for event, counts in self.converted.items()},
            "conversations": self.conversations,
            "conversations_ordered": self.conversations_ordered,
            "sales": {rule: sales.to_dict() for rule, sales in self.sales.items()},
            "assisted": {
                rule: {agent: list(counts) for agent, counts in agents.items()}
                for rule, agents in self.assisted.items()
            },
            "refunds": {"count": self.refunds, "fen": self.refunds_fen},
        }


class _Tally:
    """Amounts of one family by lag: 0..14, then SILENT, then UNMATCHED (-1, so the last)."""

    __slots__ = ("fen", "n", "refunded")

    def __init__(self) -> None:
        self.n = [0] * (WINDOWS + 2)
        self.fen = [0] * (WINDOWS + 2)
        self.refunded = [0] * (WINDOWS + 2)

    def counts(self) -> ByWindow:
        return tuple(accumulate(self.n[:WINDOWS]))

    def sums(self) -> Iterable[Sum]:
        columns = (accumulate(column[:WINDOWS]) for column in (self.n, self.fen, self.refunded))
        return map(Sum, *columns)

    def at(self, lag: int) -> Sum:
        return Sum(self.n[lag], self.fen[lag], self.refunded[lag])

    def whole(self) -> Sum:
        return Sum(sum(self.n), sum(self.fen), sum(self.refunded))


_NOTHING = _Tally()
assert (SILENT, UNMATCHED) == (WINDOWS, -1), "a tally's places are the lags themselves"


def figures(rows: Iterable[CubeRow]) -> Figures:
    """Sum cube rows into figures. What the rows have in common (a day, a group) is the caller's choice.

    Rows of the `assisted` families count only where their value names the agent, which is in the grouping by agent.
    """
    tallies: dict[str, _Tally] = {}
    helpers: dict[str, dict[str, _Tally]] = {family: {} for family in ASSISTED}
    for _, family, value, lag, lag2, n, fen, refunded in rows:
        tally = tallies.get(family)
        if tally is None:
            where, key = (helpers[family], value) if family in ASSISTED else (tallies, family)
            if key in _NOBODY:
                continue
            tally = where.setdefault(key, _Tally())
        tally.n[lag] += n
        if lag2:  # counts up to window lag2 only
            tally.n[lag2] -= n
        if fen or refunded:
            tally.fen[lag] += fen
            tally.refunded[lag] += refunded
            if lag2:
                tally.fen[lag2] -= fen
                tally.refunded[lag2] -= refunded
    return _figures(tallies, helpers)


def _figures(tallies: dict[str, _Tally], helpers: dict[str, dict[str, _Tally]]) -> Figures:
    def count(family: str) -> int:
        return tallies.get(family, _NOTHING).n[0]

    refunds = tallies.get("refunds", _NOTHING)
    return Figures(
        wrote=count("wrote"),
        answered=count("answered"),
        inquiries=count("inquiries"),
        converted={event: tallies.get(event, _NOTHING).counts() for event in EVENTS},
        conversations=count("conversations"),
        conversations_ordered=count("conversations_ordered"),
        sales={
            rule: _sales(tallies.get(f"sales.{rule}", _NOTHING), tallies.get(f"second.{rule}")) for rule in SALE_RULES
        },
        assisted={rule: _by_agent(helpers[f"assisted.{rule}"]) for rule in SALE_RULES},
        refunds=refunds.n[0],
        refunds_fen=refunds.refunded[0],
    )


def _sales(first: _Tally, second: _Tally | None) -> Sales:
    attributed = tuple(first.sums())
    if second is not None:
        attributed = tuple(map(Sum.plus, attributed, second.sums()))
    return Sales(total=first.whole(), unmatched=first.at(UNMATCHED), attributed=attributed)


def _by_agent(tallies: dict[str, _Tally]) -> dict[str, ByWindow]:
    counts = ((agent, tallies[agent].counts()) for agent in sorted(tallies))
    return {agent: by_window for agent, by_window in counts if any(by_window)}


def total_figures(parts: Sequence[Figures]) -> Figures:
    """The figures of several days (or groups) together."""
    return Figures(
        wrote=sum(part.wrote for part in parts),
        answered=sum(part.answered for part in parts),
        inquiries=sum(part.inquiries for part in parts),
        converted={event: _by_window(part.converted[event] for part in parts) for event in EVENTS},
        conversations=sum(part.conversations for part in parts),
        conversations_ordered=sum(part.conversations_ordered for part in parts),
        sales={rule: _total_sales([part.sales[rule] for part in parts]) for rule in SALE_RULES},
        assisted={rule: _total_assisted([part.assisted[rule] for part in parts]) for rule in SALE_RULES},
        refunds=sum(part.refunds for part in parts),
        refunds_fen=sum(part.refunds_fen for part in parts),
    )


def total_sum(sums: Iterable[Sum]) -> Sum:
    """Several sums together."""
    columns = list(zip(*sums, strict=True))
    return Sum(*map(sum, columns)) if columns else Sum()


def _by_window(lists: Iterable[ByWindow]) -> ByWindow:
    whole = (0,) * WINDOWS
    for counts in lists:
        whole = tuple(map(add, whole, counts))
    return whole


def _total_sales(parts: list[Sales]) -> Sales:
    return Sales(
        total=total_sum(part.total for part in parts),
        unmatched=total_sum(part.unmatched for part in parts),
        attributed=tuple(total_sum(part.attributed[index] for part in parts) for index in range(WINDOWS)),
    )


def _total_assisted(parts: list[dict[str, ByWindow]]) -> dict[str, ByWindow]:
    agents = sorted({agent for part in parts for agent in part})
    return {agent: _by_window(part[agent] for part in parts if agent in part) for agent in agents}


NO_FIGURES = figures(())
