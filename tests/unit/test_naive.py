"""The naive implementation against figures worked out by hand from docs/definitions.md (its letters in the names)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import naive
from naive_documents import kept
from strategies import DAY, DEFAULT_RULES, HOUR, MIDNIGHT, MINUTE, event, link, message

MONDAY = 20_514
"""2 March 2026, the day that begins at MIDNIGHT in Asia/Shanghai."""


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    return MIDNIGHT + day * DAY + hour * HOUR + minute * MINUTE


def page(facts: list[dict[str, Any]], day: int, **rules: object) -> dict[str, Any]:
    return naive.figures(facts, {**DEFAULT_RULES, **rules})[MONDAY + day]


def within(lists: list[Any], *windows: int) -> list[Any]:
    return [lists[n - 1] for n in windows]


def sums(orders: int, fen: int, refunded: int = 0) -> dict[str, int]:
    return {"orders": orders, "fen": fen, "refunded_fen": refunded}


def test_a_the_best_copy_is_kept() -> None:
    first = message("c1", "m", at(0), received=at(0), text="b")
    scored = message("c1", "m", at(0), received=at(9), intent="price_query", text="z")
    smaller = message("c1", "m", at(0), received=at(0), text="a")
    assert kept([first, scored, smaller]) == [scored]
    assert kept([first, smaller]) == kept([smaller, first]) == [smaller]


def test_a_facts_of_one_instant_are_ordered_by_kind_and_id() -> None:
    facts = [event("c1", "a", 5, "o1", "paid"), message("c1", "b", 5), message("c1", "a", 5), link("a1", "c1", "z", 5)]
    assert [fact["id"] for fact in kept(facts)] == ["z", "a", "b", "a"]


def test_b_the_last_explicit_link_holds_and_a_circle_ends_at_its_smallest() -> None:
    facts = [link("a1", "c1", "1", 1), link("a1", "c2", "2", 2), link("c2", "c3", "3", 3), link("c3", "c2", "4", 4)]
    assert naive.final_owner(facts, DEFAULT_RULES, "a1") == "c2"
    assert naive.final_owner([*facts, link("a1", "a1", "5", 5)], DEFAULT_RULES, "a1") == "a1"


def test_b_an_order_without_buyer_goes_to_the_chat_that_names_it_first() -> None:
    facts = [
        event("张*", "e", at(0, 11), "o1", "paid", amount_fen=100),
        message("c2", "m", at(0, 12), order_id="o1"),
    ]
    assert naive.orders(facts, DEFAULT_RULES).keys() == {("c2", "o1")}
    facts.append(message("c3", "m", at(0, 9), sender="bot", order_id="o1"))
    assert naive.orders(facts, DEFAULT_RULES).keys() == {("c3", "o1")}
    corrected = [*facts, link("order:o1", "c1", "l", at(3))]
    assert naive.orders(corrected, DEFAULT_RULES).keys() == {("c1", "o1")}


def test_b_other_buyers_and_a_talker_who_bought_nothing_follow_the_first_buyer() -> None:
    facts = [
        event("c1", "1", 10, "o1", "created"),
        event("c2", "2", 11, "o1", "paid"),
        message("c3", "m", 9, order_id="o1"),
        message("a1", "n", 12, order_id="o1"),
    ]
    assert [naive.final_owner(facts, DEFAULT_RULES, id) for id in ("c2", "c3", "a1")] == ["c1", "c1", "a1"]
    bought = [*facts, event("c3", "3", 99, "o2", "created")]
    assert naive.final_owner(bought, DEFAULT_RULES, "c3") == "c3"
    assert naive.final_owner([*facts, link("c2", "c2", "l", 0)], DEFAULT_RULES, "c2") == "c2"


def test_b_two_orders_that_name_each_others_buyers_end_at_the_smallest() -> None:
    facts = [
        event("c2", "1", 1, "o1", "created"),
        event("c1", "2", 2, "o1", "paid"),
        event("c1", "3", 3, "o2", "created"),
        event("c2", "4", 4, "o2", "paid"),
    ]
    assert naive.orders(facts, DEFAULT_RULES).keys() == {("c1", "o1"), ("c1", "o2")}


def test_c_a_conversation_ends_where_silence_is_the_gap_or_longer() -> None:
    facts = [
        message("c1", "1", at(0, 10), intent="price_query", buy_score=0.9, channel="app"),
        message("c1", "2", at(0, 10, 29), sender="agent", agent_id="小美", conversation_id="t1"),
        message("c1", "3", at(0, 10, 40), intent="chitchat", buy_score=0.1),
        message("c1", "4", at(0, 11, 10), sender="bot"),
    ]
    first, second = naive.conversations(facts, DEFAULT_RULES).values()
    name = base64.b32encode(hashlib.sha256(b"1024\nc1\nc1\n1").digest()).decode().lower()
    assert first == {
        "id": name[:26],
        "shop": "1024",
        "user_id": "c1",
        "thread_id": "t1",
        "intent": "price_query",
        "buy_score": 0.9,
        "label": "high",
        "order_id": "",
        "create_time": at(0, 10),
        "update_time": at(0, 10, 40),
        "agents": ["小美"],
        "served_by": "human",
        "last_agent": "小美",
        "channel": "app",
        "messages": ["1", "2", "3"],
    }
    assert (second["messages"], second["served_by"], second["last_agent"], second["label"]) == (
        ["4"],
        "bot",
        "bot",
        None,
    )


def test_c_scores_after_the_next_order_do_not_count() -> None:
    facts = [
        message("c1", "1", at(0, 10), intent="other", buy_score=0.2),
        message("c1", "2", at(0, 10, 5), intent="order_placing", buy_score=0.99),
        event("c1", "e", at(0, 10, 5), "o1", "created"),
        event("c1", "f", at(0, 10), "o2", "created"),
    ]
    (conversation,) = naive.conversations(facts, DEFAULT_RULES).values()
    assert (conversation["buy_score"], conversation["label"], conversation["intent"]) == (0.2, "low", "order_placing")


def test_d_an_inquiry_converts_within_its_windows() -> None:
    facts = [
        message("c1", "1", at(0, 23, 50), channel="app"),
        message("c1", "2", at(1, 0, 5), sender="agent"),
        event("c1", "e", at(1, 9), "o1", "created", amount_fen=500),
        event("c1", "f", at(3, 9), "o1", "paid"),
        event("c1", "g", at(4, 9), "o1", "refunded"),
    ]
    day = page(facts, 0)
    assert (day["wrote"], day["answered"], day["inquiries"], day["conversations"]) == (1, 1, 1, 1)
    converted = {name: within(counts, 1, 2, 3, 4, 15) for name, counts in day["converted"].items()}
    assert converted == {
        "ordered": [0, 1, 1, 1, 1],
        "paid": [0, 0, 0, 1, 1],
        "finally_paid": [0, 1, 1, 1, 1],
        "kept": [0, 0, 0, 0, 0],
    }
    assert page(facts, 0, refund_days=0)["converted"]["kept"][1] == 1
    assert page(facts, 0, pay_close_days=1)["converted"]["finally_paid"][14] == 0
    assert naive.grouped(facts, DEFAULT_RULES, "channel")["app"][MONDAY]["inquiries"] == 1
    assert naive.grouped(facts, DEFAULT_RULES, "agent")["agent"][MONDAY]["converted"]["paid"][14] == 1


def test_d_an_order_on_its_way_or_made_that_day_is_no_inquiry() -> None:
    paid = [event("c1", "e", at(0, 9), "o1", "paid"), event("c1", "x", at(5, 9), "o1", "received")]
    hours = {0: 8, 1: 10, 2: 10, 5: 9, 6: 10, 15: 9}
    asked = [message("c1", f"m{day}", at(day, hour)) for day, hour in hours.items()]
    assert [page([*paid, *asked], day)["inquiries"] for day in hours] == [1, 0, 0, 0, 1, 1]
    assert [page([*paid[:1], *asked], day)["inquiries"] for day in (6, 15)] == [0, 0]
    late = [*paid[:1], message("c1", "m", at(15, 9, 1))]
    assert page(late, 15)["inquiries"] == 1
    created = [
        event("c1", "e", at(0, 9), "o1", "created"),
        message("c1", "m", at(0, 10)),
        message("c1", "n", at(1, 10)),
    ]
    assert [page(created, day)["inquiries"] for day in (0, 1)] == [0, 1]
    assert page([*paid, *asked], 1, inquiry_rule="intent")["inquiries"] == 0
    assert page([*paid, message("c1", "m", at(1), intent="bargain")], 1, inquiry_rule="intent")["inquiries"] == 1


def test_e_amounts_of_deposit_and_balance_add_up() -> None:
    deposit = event("c1", "a", 1, "o1", "paid", part="deposit", amount_fen=1_000)
    balance = event("c1", "b", 2, "o1", "paid", part="balance", amount_fen=9_000)
    created = event("c1", "c", 0, "o1", "created", amount_fen=7)

    def order(*events: dict[str, Any]) -> tuple[int, int | None, int | None]:
        (one,) = naive.orders(events, DEFAULT_RULES).values()
        return one["amount_fen"], one["created"], one["paid"]

    assert order(deposit, balance) == (10_000, 2, 2)
    assert order(deposit) == (1_000, None, None)
    assert order(deposit, created) == (7, 0, None)
    assert order(deposit, balance, created, event("c1", "d", 3, "o1", "paid", amount_fen=50)) == (50, 0, 2)
    assert order(event("c1", "e", 3, "o1", "paid")) == (0, 3, 3)


def test_e_three_rules_credit_one_sale_each_in_their_way() -> None:
    facts = [
        message("c1", "1", at(0, 10)),
        message("c1", "2", at(0, 10, 1), sender="agent", agent_id="a7"),
        event("c1", "e", at(2, 9), "o1", "created", amount_fen=500),
        message("c1", "3", at(4, 10)),
        message("c1", "4", at(4, 10, 1), sender="bot"),
        event("c1", "f", at(5, 9), "o1", "paid"),
    ]
    sale, nothing = sums(1, 500), sums(0, 0)
    paid, ordered = page(facts, 5)["sales"], page(facts, 2)["sales"]
    assert within(paid["paid"]["attributed"], 1, 2, 15) == [nothing, sale, sale]
    assert within(paid["paid"]["silent"], 1, 2, 15) == [sale, nothing, nothing]
    assert within(ordered["ordered"]["attributed"], 1, 2, 3) == [nothing, nothing, sale]
    assert within(paid["order_first"]["attributed"], 1, 2, 3) == [nothing, sale, sale]
    by_agent = naive.grouped(facts, DEFAULT_RULES, "agent")
    first, second = (by_agent[who][MONDAY + 5]["sales"]["order_first"] for who in ("a7", "bot"))
    assert within(first["attributed"], 2, 3) == [nothing, sale]
    assert within(second["attributed"], 2, 3) == [sale, nothing]
    assert [page(facts, 5)["assisted"][rule] for rule in ("ordered", "order_first")] == [{}, {}]
    assert within(page(facts, 5)["assisted"]["paid"]["a7"], 5, 6) == [0, 1]
    chats = naive.conversations(facts, DEFAULT_RULES).values()
    assert [chat["order_id"] for chat in chats] == ["", "o1"]
    chats = naive.conversations(
        facts, {**DEFAULT_RULES, "attribution_rule": "ordered", "attribution_window": 3}
    ).values()
    assert [chat["order_id"] for chat in chats] == ["o1", ""]


def test_e_refunds_never_exceed_the_amount() -> None:
    facts = [
        event("", "e", at(0, 9), "o1", "paid", amount_fen=1_000),
        event("", "f", at(1, 9), "o1", "refunded", amount_fen=300, refund_id="r"),
        event("", "g", at(1, 10), "o1", "refunded", amount_fen=400, refund_id="r"),
        event("", "h", at(2, 9), "o1", "refunded", amount_fen=900),
        event("", "i", at(3, 9), "o1", "cancelled"),
    ]
    assert page(facts, 0)["sales"]["paid"] == {
        "total": sums(1, 1_000, 1_000),
        "unmatched": sums(1, 1_000, 1_000),
        "attributed": [sums(0, 0)] * 15,
        "silent": [sums(0, 0)] * 15,
    }
    assert [page(facts, day)["refunds"] for day in (1, 2)] == [{"count": 1, "fen": 400}, {"count": 1, "fen": 600}]
    assert MONDAY + 3 not in naive.figures(facts, DEFAULT_RULES)
    (order,) = naive.orders(facts, DEFAULT_RULES).values()
    assert (order["refunded_in_full"], order["cancelled"], order["matched"]) == (at(2, 9), at(3, 9), False)


def test_e_a_cancellation_after_the_payment_gives_back_what_is_left() -> None:
    paid = event("c1", "e", at(0, 9), "o1", "paid", amount_fen=1_000)
    back = event("c1", "f", at(1, 9), "o1", "refunded", amount_fen=1)
    assert page([paid, back, event("c1", "g", at(1, 9), "o1", "cancelled")], 1)["refunds"] == {"count": 2, "fen": 1_000}
    assert page([paid, event("c1", "g", at(0, 9), "o1", "cancelled")], 0)["refunds"] == {"count": 0, "fen": 0}
