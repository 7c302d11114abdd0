"""Cells of a made-up shop, and a store in memory that answers cubes from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hypothesis import strategies as st

from xundan.domain.calendar import day_number
from xundan.domain.cells import NO_DIMS, SILENT, UNMATCHED, Amount, Cell, Contributions, Dims, add
from xundan.domain.ports import CubeRow
from xundan.domain.rules import SALE_RULES
from xundan.measure.report import ReportQuery

SHOP = "1024"
FIRST = day_number("2026-11-01")
LAST = FIRST + 9
DIMS = [
    Dims("bargain", "小李", "high", "human", "taobao"),
    Dims("stock_query", "bot", "low", "bot", "jd"),
    Dims("after_sale", "小王", "none", "bot_then_human", "none"),
]


class FakeStore:
    """Only what a report reads; another shop's cubes are not to be had."""

    def __init__(self, cells: Contributions, position: int = 7) -> None:
        self.cells = cells
        self.at = position

    def cube(
        self,
        shop: str,
        grouping: str,
        first_day: int,
        last_day: int,
        *,
        families: Collection[str] = (),
        summed: bool = False,
    ) -> list[CubeRow]:
        assert shop == SHOP
        rolled: dict[tuple[Any, ...], list[int]] = {}
        for cell, amount in self.cells.items():
            if first_day <= cell.day <= last_day and (not families or cell.family in families):
                value = "" if grouping == "total" else getattr(cell.dims, grouping)
                day = first_day if summed else cell.day
                sums = rolled.setdefault((day, cell.family, value, cell.lag, cell.lag2), [0, 0, 0])
                for index, more in enumerate(amount):
                    sums[index] += more
        return [CubeRow(*key, *sums) for key, sums in rolled.items() if any(sums)]

    def position(self) -> int:
        return self.at

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a report has no need of Store.{name}")


def rows(cells: Contributions, grouping: str = "total") -> list[CubeRow]:
    """The rows of one grouping over all days."""
    return FakeStore(cells).cube(SHOP, grouping, 0, 10**6)


def together(parts: Sequence[Contributions]) -> Contributions:
    """Cells added up."""
    whole: Contributions = {}
    for part in parts:
        add(whole, part)
    return whole


def inquiry(day: int = FIRST, dims: Dims = DIMS[0], answered: bool = True, **lags: int) -> Contributions:
    """One customer who inquired; `paid=1` means paid the day after."""
    cells = {Cell("wrote", day, dims): Amount(1), Cell("inquiries", day, dims): Amount(1)}
    if answered:
        cells[Cell("answered", day, dims)] = Amount(1)
    return cells | {Cell(event, day, dims, lag): Amount(1) for event, lag in lags.items()}


def sale(
    day: int = FIRST,
    lag: int = 0,
    fen: int = 1000,
    refunded: int = 0,
    dims: Dims = DIMS[0],
    second: tuple[int, Dims] | None = None,
) -> Contributions:
    """One sale under every rule; `second` is order-first's other touch: its lag and dimensions."""
    whose = dims if 0 <= lag < SILENT else NO_DIMS
    cells = {Cell(f"sales.{rule}", day, whose, lag): Amount(1, fen, refunded) for rule in SALE_RULES}
    if second is not None:
        cells[Cell("second.order_first", day, second[1], second[0], lag)] = Amount(1, fen, refunded)
    return cells


def conversation(day: int = FIRST, dims: Dims = DIMS[0], ordered: bool = False) -> Contributions:
    """One conversation, with or without an orderId."""
    cells = {Cell("conversations", day, dims): Amount(1)}
    return cells | ({Cell("conversations_ordered", day, dims): Amount(1)} if ordered else {})


def helped(day: int, agent: str, lag: int, lag2: int = 0, rule: str = "paid") -> Contributions:
    """One order that another agent assisted."""
    return {Cell(f"assisted.{rule}", day, Dims(agent=agent), lag, lag2): Amount(1)}


def query(**changes: Any) -> ReportQuery:
    """The ten days, long after they are all mature."""
    given: dict[str, Any] = {"shop": SHOP, "first_day": FIRST, "last_day": LAST, "as_of": (LAST + 365) * 86_400_000}
    return ReportQuery(**(given | changes))


_days = st.integers(FIRST, LAST)
_dims = st.sampled_from(DIMS)
_lags = st.integers(0, 14)
_fen = st.integers(0, 10**7)


@st.composite
def _inquiries(draw: st.DrawFn) -> Contributions:
    lags = {}
    for event in ("ordered", "paid"):
        if draw(st.booleans()):
            lags[event] = draw(_lags)
    if "ordered" in lags and draw(st.booleans()):
        lags["finally_paid"] = draw(st.integers(lags["ordered"], 14))
        if draw(st.booleans()):
            lags["kept"] = draw(st.integers(lags["finally_paid"], 14))
    return inquiry(draw(_days), draw(_dims), draw(st.booleans()), **lags)


@st.composite
def _sales(draw: st.DrawFn) -> Contributions:
    fen = draw(_fen)
    lag = draw(st.sampled_from([UNMATCHED, *range(SILENT + 1)]))
    second = (draw(st.integers(0, lag - 1)), draw(_dims)) if lag > 0 and draw(st.booleans()) else None
    return sale(draw(_days), lag, fen, draw(st.integers(0, fen)), draw(_dims), second)


_refunds = st.builds(lambda day, fen: {Cell("refunds", day): Amount(1, 0, fen)}, _days, st.integers(1, 10**6))
_conversations = st.builds(conversation, _days, _dims, st.booleans())
_assists = st.builds(helped, _days, st.sampled_from(["小王", "小张"]), _lags, st.just(0), st.sampled_from(SALE_RULES))


def cells() -> st.SearchStrategy[Contributions]:
    """What some customers of a shop add to its cubes."""
    one = st.one_of(_inquiries(), _sales(), _refunds, _conversations, _assists)
    return st.lists(one, max_size=25).map(together)
