from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from measure_fakes import DIMS, FIRST, cells, conversation, helped, inquiry, rows, sale, together

from xundan.domain.cells import Amount, Cell, Contributions
from xundan.domain.rules import EVENTS, SALE_RULES, WINDOWS
from xundan.measure.figures import NO_FIGURES, Figures, Sum, figures, total_figures, total_sum


def of(*parts: Contributions) -> Figures:
    return figures(rows(together(parts)))


def test_no_rows_make_the_whole_shape_of_zeros() -> None:
    nothing = {"orders": 0, "fen": 0, "refunded_fen": 0}
    sales = {"total": nothing, "unmatched": nothing, "attributed": [nothing] * 15, "silent": [nothing] * 15}
    assert NO_FIGURES.to_dict() == {
        "wrote": 0,
        "answered": 0,
        "inquiries": 0,
        "converted": {event: [0] * 15 for event in ("ordered", "paid", "finally_paid", "kept")},
        "conversations": 0,
        "conversations_ordered": 0,
        "sales": dict.fromkeys(("paid", "ordered", "order_first"), sales),
        "assisted": {"paid": {}, "ordered": {}, "order_first": {}},
        "refunds": {"count": 0, "fen": 0},
    }


def test_conversions_are_cumulative_by_window() -> None:
    found = of(inquiry(ordered=0, paid=1), inquiry(paid=14), inquiry(answered=False))
    assert (found.wrote, found.answered, found.inquiries) == (3, 2, 3)
    assert found.converted["ordered"] == (1,) * 15
    assert found.converted["paid"] == (0, *[1] * 13, 2)
    assert found.converted["kept"] == (0,) * 15


def test_a_sale_is_silent_until_the_window_reaches_its_touch() -> None:
    paid = of(sale(lag=2, fen=500, refunded=100), sale(lag=15, fen=70), sale(lag=-1, fen=9)).sales["paid"]
    assert paid.total == (3, 579, 100)
    assert paid.unmatched == (1, 9, 0)
    assert paid.attributed[1] == (0, 0, 0)
    assert paid.silent(2) == (2, 570, 100)
    assert paid.attributed[2] == (1, 500, 100)
    assert paid.silent(3) == (1, 70, 0)
    assert paid.attributed[14] == (1, 500, 100)


def test_order_first_credits_the_second_touch_until_the_first_is_within_the_window() -> None:
    both = sale(lag=5, fen=300, dims=DIMS[0], second=(1, DIMS[1]))
    assert [sums.orders for sums in of(both).sales["order_first"].attributed] == [0, *[1] * 14]
    by_intent = {dims.intent: figures(r for r in rows(both, "intent") if r.value == dims.intent) for dims in DIMS[:2]}
    assert [s.orders for s in by_intent["stock_query"].sales["order_first"].attributed] == [0, 1, 1, 1, 1, *[0] * 10]
    assert [s.orders for s in by_intent["bargain"].sales["order_first"].attributed] == [*[0] * 5, *[1] * 10]
    assert by_intent["bargain"].sales["paid"] == of(both).sales["paid"]


def test_a_silent_creation_leaves_the_sale_to_the_second_touch_for_good() -> None:
    found = of(sale(lag=15, second=(3, DIMS[1]))).sales["order_first"]
    assert [sums.orders for sums in found.attributed] == [0, 0, 0, *[1] * 12]
    assert found.silent(15) == Sum()


def test_assisted_orders_are_counted_for_each_agent() -> None:
    cells = together(
        [helped(FIRST, "小王", 1), helped(FIRST, "小王", 3, lag2=5), helped(FIRST, "小张", 0, rule="ordered")]
    )
    found = figures(rows(cells, "agent"))
    assert found.assisted["paid"] == {"小王": (0, 1, 1, 2, 2, *[1] * 10)}
    assert found.assisted["ordered"] == {"小张": (1,) * 15}
    assert figures(rows(cells, "total")).assisted == NO_FIGURES.assisted


def test_refunds_and_conversations() -> None:
    found = of(
        {Cell("refunds", FIRST): Amount(2, 0, 650)}, conversation(ordered=True), conversation(), conversation()
    ).to_dict()
    assert found["refunds"] == {"count": 2, "fen": 650}
    assert (found["conversations"], found["conversations_ordered"]) == (3, 1)


@settings(deadline=None)
@given(cells())
def test_attributed_silent_and_unmatched_are_the_total_for_every_rule_and_window(given: Contributions) -> None:
    found = figures(rows(given)).to_dict()["sales"]
    for rule in SALE_RULES:
        sales = found[rule]
        for index in range(WINDOWS):
            for part in ("orders", "fen", "refunded_fen"):
                credited = sales["attributed"][index][part] + sales["silent"][index][part] + sales["unmatched"][part]
                assert credited == sales["total"][part]
                assert sales["silent"][index][part] >= 0


@settings(deadline=None)
@given(cells())
def test_longer_windows_never_count_less_and_never_pass_the_inquiries(given: Contributions) -> None:
    found = figures(rows(given))
    for event in EVENTS:
        counts = found.converted[event]
        assert list(counts) == sorted(counts)
        assert counts[-1] <= found.inquiries
    for rule in SALE_RULES:
        orders = [sums.orders for sums in found.sales[rule].attributed]
        assert orders == sorted(orders)


@settings(deadline=None)
@given(cells(), st.sampled_from(["intent", "agent", "label", "served_by", "channel"]))
def test_days_and_groups_add_up_to_the_whole(given: Contributions, grouping: str) -> None:
    everything = rows(given, grouping)
    whole = figures(everything)
    for field in ("day", "value"):
        values = sorted({getattr(row, field) for row in everything})
        parts = [figures(row for row in everything if getattr(row, field) == value) for value in values]
        assert total_figures(parts) == whole


def test_nothing_adds_up_to_nothing() -> None:
    assert total_figures([]) == NO_FIGURES
    assert total_sum([]) == Sum()
    assert Sum(2, 500, 120).net_fen == 380
