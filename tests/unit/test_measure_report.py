from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure_fakes import (
    DIMS,
    FIRST,
    LAST,
    SHOP,
    FakeStore,
    cells,
    conversation,
    helped,
    inquiry,
    query,
    rows,
    sale,
    together,
)

from xundan.domain.calendar import day_name, day_start
from xundan.domain.cells import Amount, Cell, Contributions
from xundan.domain.rules import EVENTS, SALE_RULES, Rules
from xundan.errors import XundanError
from xundan.measure.figures import figures, total_sum
from xundan.measure.report import Report, build
from xundan.measure.rows import CONVERSATIONS, Rate

RULES = Rules()


def report(*parts: Contributions, **changes: object) -> Report:
    return build(query(**changes), FakeStore(together(parts)), RULES, made_at=1)


def end_of(day: int) -> int:
    return day_start(day + 1, RULES.zone)


def test_a_row_a_day_in_order_and_days_without_anything_left_out() -> None:
    found = report(inquiry(FIRST + 3), inquiry(FIRST), inquiry(FIRST), inquiry(LAST + 1), inquiry(FIRST - 1))
    assert [row.key for row in found.days] == [day_name(FIRST), day_name(FIRST + 3)]
    assert [row.figures.inquiries for row in found.days] == [2, 1]
    assert found.total.figures.inquiries == 3
    assert found.groups == ()


def test_the_position_is_read_before_the_cubes_so_that_it_never_promises_too_much() -> None:
    class Moving(FakeStore):
        def cube(self, *args: object, **how: object) -> list:  # type: ignore[type-arg]
            self.at += 1
            return []

    assert build(query(), Moving({}, position=7), RULES).position == 7


def test_rates_of_the_total_take_mature_days_only_and_show_the_others_apart() -> None:
    found = report(
        inquiry(FIRST, paid=0),
        inquiry(FIRST),
        inquiry(LAST - 1, paid=1),
        inquiry(LAST, paid=0),
        inquiry(LAST),
        as_of=end_of(LAST),
        window=2,
    )
    paid = found.total.rates["paid"]
    assert paid.mature == Rate(9, 2, 3)
    assert paid.immature == Rate(1, 1, 2)
    assert found.total.rates["kept"].mature == Rate(0, 0, 0)
    assert found.total.rates["kept"].mature.rate is None
    assert [row.rates["paid"].mature.days for row in found.days] == [1, 1, 0]


def test_the_window_and_the_rule_asked_for_are_the_ones_shown() -> None:
    parts = (inquiry(FIRST, paid=4), sale(lag=4, fen=900, dims=DIMS[0], second=(1, DIMS[1])))
    near, far = report(*parts, window=4, rule="paid"), report(*parts, window=5, rule="paid")
    assert near.total.rates["paid"].mature.numerator == 0
    assert far.total.rates["paid"].mature.numerator == 1
    assert near.total.gross.mature.silent == (1, 900, 0)
    assert far.total.gross.mature.attributed == (1, 900, 0)
    assert report(*parts, window=2, rule="order_first").total.gross.mature.attributed == (1, 900, 0)


def test_conversations_have_the_shops_own_window_whatever_the_query_says() -> None:
    parts = (conversation(FIRST, ordered=True), conversation(FIRST), conversation(LAST, ordered=True))
    found = report(*parts, unit="conversation", window=15, as_of=end_of(LAST))
    assert list(found.total.rates) == [CONVERSATIONS]
    assert found.total.rates[CONVERSATIONS].mature == Rate(9, 1, 2)
    assert found.total.rates[CONVERSATIONS].immature == Rate(1, 1, 1)


def test_groups_sum_the_mature_days_of_each_value_most_inquiries_first() -> None:
    found = report(
        inquiry(FIRST, DIMS[0], paid=0),
        inquiry(FIRST + 1, DIMS[1], paid=1),
        inquiry(FIRST + 1, DIMS[1]),
        inquiry(LAST, DIMS[1], paid=0),
        by="intent",
        as_of=end_of(LAST),
    )
    assert [group.key for group in found.groups] == ["stock_query", "bargain"]
    stock, bargain = (group.rates["paid"] for group in found.groups)
    assert (stock.mature, stock.immature) == (Rate(9, 1, 2), Rate(1, 1, 1))
    assert (bargain.mature, bargain.immature) == (Rate(9, 1, 1), Rate(1, 0, 0))
    assert [row.figures.inquiries for row in found.days] == [1, 2, 1]


def test_assisted_orders_stand_by_agent_in_days_total_and_the_agents_own_row() -> None:
    parts = (inquiry(FIRST), helped(FIRST, "小张", 1), helped(FIRST, "小张", 9), helped(LAST, "小王", 0))
    found = report(*parts, by="agent", window=2)
    assert found.total.gross.mature.assisted == {"小张": 1, "小王": 1}
    assert found.days[0].gross.mature.assisted == {"小张": 1}
    assert {row.key: row.gross.mature.assisted for row in found.groups}["小王"] == {"小王": 1}
    by_intent = report(*parts, by="intent", window=2)
    assert by_intent.total.gross.mature.assisted == {"小张": 1, "小王": 1}
    assert [group.key for group in by_intent.groups] == ["bargain"]


def test_cells_that_contradict_each_other_ask_for_a_rebuild() -> None:
    broken = report({Cell("paid", FIRST): Amount(1)})
    with pytest.raises(XundanError, match="xundan rebuild"):
        _ = broken.total.rates["paid"].mature.interval


as_of_days = st.integers(FIRST - 2, LAST + 60)
queries = {
    "as_of": as_of_days.map(end_of),
    "rule": st.sampled_from(SALE_RULES),
    "window": st.integers(1, 15),
    "by": st.sampled_from(["day", "intent", "agent", "label", "served_by", "channel"]),
}


@settings(deadline=None)
@given(cells(), st.fixed_dictionaries(queries))
def test_mature_and_immature_are_the_days_and_the_days_are_the_total(
    given_cells: Contributions, asked: dict[str, object]
) -> None:
    found = report(given_cells, **asked)
    total = found.total
    assert total.figures == figures(
        [*rows(given_cells), *(r for r in rows(given_cells, "agent") if "assisted" in r.family)]
    )
    for name in EVENTS:
        split = total.rates[name]
        assert split.mature.days + split.immature.days == 10
        assert split.mature.numerator == sum(row.rates[name].mature.numerator for row in found.days)
        assert split.immature.denominator == sum(row.rates[name].immature.denominator for row in found.days)
        assert split.mature.denominator + split.immature.denominator == total.figures.inquiries
        for rate in (split.mature, split.immature):
            assert rate.interval is None or rate.interval.low <= (rate.rate or 0.0) <= rate.interval.high
    for money in (total.gross, total.net):
        for part in (money.mature, money.immature):
            assert total_sum([part.attributed, part.silent, part.unmatched]) == part.total
    assert total.gross.mature.total == total_sum(row.gross.mature.total for row in found.days)
    assert total.net.immature.attributed == total_sum(row.net.immature.attributed for row in found.days)


@settings(deadline=None)
@given(cells(), st.fixed_dictionaries(queries))
def test_the_groups_add_up_to_the_shop(given_cells: Contributions, asked: dict[str, object]) -> None:
    found = report(given_cells, **asked)
    if found.query.by == "day":
        return
    for name in EVENTS:
        for part in ("mature", "immature"):
            rates = [getattr(group.rates[name], part) for group in found.groups]
            whole = getattr(found.total.rates[name], part)
            assert sum(rate.numerator for rate in rates) == whole.numerator
            assert sum(rate.denominator for rate in rates) == whole.denominator
            assert all(rate.days == whole.days for rate in rates)
    attributed = total_sum(group.gross.mature.attributed for group in found.groups)
    assert attributed == found.total.gross.mature.attributed


def test_only_the_shop_asked_for_is_read() -> None:
    with pytest.raises(AssertionError):
        build(query(shop="another"), FakeStore({}), RULES)
    assert SHOP != "another"
