from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.calendar import DAY
from xundan.domain.records import Fact
from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.parse import parse_link, parse_message, parse_order, row_id

NOW = 1_795_000_000_000
RULES = Rules()
MESSAGE = ["user_id", "text", "conversation_id", "message_id", "from", "agent_id", "ts", "channel", "product_id"]
ORDER = ["order_id", "status", "amount_fen", "amount", "event_id", "part", "refund_id", "items", "coupon_id"]
FIELDS = [*MESSAGE, *ORDER, "alias", "link_id"]

Parse = Callable[..., Fact]


def message(raw: Any, **kwargs: Any) -> Any:
    return parse_message(raw, **{"shop": "1", "received": NOW, "source": "live", "rules": RULES, **kwargs})


def order(raw: Any, **kwargs: Any) -> Any:
    return parse_order(raw, **{"shop": "1", "received": NOW, "source": "live", "rules": RULES, **kwargs})


def link(raw: Any, **kwargs: Any) -> Any:
    return parse_link(raw, **{"shop": "1", "received": NOW, "source": "live", "rules": RULES, **kwargs})


def outcome(parse: Parse, raw: Any, **kwargs: Any) -> tuple[Any, Rejected | None]:
    try:
        return parse(raw, **kwargs), None
    except Rejected as rejected:
        return None, rejected


def refusal(parse: Parse, raw: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(Rejected) as caught:
        parse(raw, **kwargs)
    return caught.value.field, caught.value.code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["user", "paid", "1.5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=12) | json_values,
    st.sampled_from(["live", "import"]),
)
def test_anything_at_all_is_a_fact_or_rejected(raw: Any, source: str) -> None:
    for parse in (message, order, link):
        fact, rejected = outcome(parse, raw, source=source)
        if rejected is not None:
            assert rejected.reason
            assert rejected.field in (*FIELDS, "")
        else:
            assert fact.id
            assert 0 < fact.ts <= NOW + DAY


def test_a_message_with_every_field() -> None:
    raw = {
        "user_id": " u1\t",
        "text": " 多少钱 ",
        "conversation_id": "c",
        "message_id": "m",
        "from": "agent",
        "agent_id": "小王",
        "ts": NOW - 5,
        "channel": "淘宝",
        "product_id": 77,
        "order_id": "o",
    }
    fact = message(raw)
    assert (fact.owner, fact.text, fact.conversation_id, fact.id) == ("u1", " 多少钱 ", "c", "m")
    assert (fact.sender, fact.agent_id, fact.ts, fact.received) == ("agent", "小王", NOW - 5, NOW)
    assert (fact.channel, fact.product_id, fact.order_id, fact.intent, fact.shop) == ("淘宝", "77", "o", None, "1")


def test_what_is_not_given_has_its_default() -> None:
    fact = message({"user_id": 12, "text": "", "channel": None, "agent_id": "bot"})
    assert (fact.owner, fact.sender, fact.ts, fact.channel, fact.agent_id) == ("12", "user", NOW, None, None)
    assert len(fact.id) == 32
    assert fact.id != message({"user_id": 12, "text": ""}).id
    assert message({"user_id": 12, "text": ""}, fallback_id="row").id == "row"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"text": "a"}, ("user_id", "missing_field")),
        ({"user_id": None, "text": "a"}, ("user_id", "missing_field")),
        ({"user_id": "", "text": "a"}, ("user_id", "unusable_id")),
        ({"user_id": "  ", "text": "a"}, ("user_id", "unusable_id")),
        ({"user_id": "t**1", "text": "a"}, ("user_id", "unusable_id")),
        ({"user_id": "t＊1", "text": "a"}, ("user_id", "unusable_id")),
        ({"user_id": "order:1", "text": "a"}, ("user_id", "unusable_id")),
        ({"user_id": True, "text": "a"}, ("user_id", "invalid_field")),
        ({"user_id": 1.5, "text": "a"}, ("user_id", "invalid_field")),
        ({"user_id": "u" * 257, "text": "a"}, ("user_id", "too_large")),
        ({"user_id": "u\n1", "text": "a"}, ("user_id", "invalid_field")),
        ({"user_id": "u"}, ("text", "missing_field")),
        ({"user_id": "u", "text": 3}, ("text", "invalid_field")),
        ({"user_id": "u", "text": "a\x00"}, ("text", "invalid_field")),
        ({"user_id": "u", "text": "\ud800"}, ("text", "invalid_field")),
        ({"user_id": "u", "text": "a" * 16_001}, ("text", "too_large")),
        ({"user_id": "u", "text": "a", "from": "seller"}, ("from", "invalid_field")),
        ({"user_id": "u", "text": "a", "channel": "c" * 65}, ("channel", "too_large")),
        ({"user_id": "u", "text": "a", "ts": "yesterday"}, ("ts", "invalid_field")),
        (["user_id"], ("", "invalid_field")),
    ],
)
def test_a_bad_message_names_its_field(raw: Any, expected: tuple[str, str]) -> None:
    assert refusal(message, raw) == expected


def test_reasons_never_repeat_what_was_sent() -> None:
    for raw in ({"user_id": "13812345678*", "text": "x"}, {"user_id": "u", "text": "x", "ts": "13812345678000000000"}):
        with pytest.raises(Rejected) as caught:
            message(raw)
        assert "138" not in caught.value.reason


@pytest.mark.parametrize(
    "ts",
    [
        1_794_999_000_000,
        1_794_999_000,
        1_794_999_000.0,
        "1794999000",
        "1794999000000",
        " 1794999000.000 ",
        "2026-11-18T10:50:00Z",
        "2026-11-18T18:50:00+08:00",
        "2026-11-18 18:50:00+08:00",
        datetime(2026, 11, 18, 10, 50, tzinfo=UTC),
    ],
)
def test_one_instant_in_many_forms(ts: object) -> None:
    assert message({"user_id": "u", "text": "", "ts": ts}).ts == 1_794_999_000_000


@pytest.mark.parametrize(
    "ts", ["2026-11-18 18:50:00", "2026/11/18 18:50", "2026-11-18T18:50:00.000", datetime(2026, 11, 18, 18, 50)]
)
def test_local_time_is_for_imports_only(ts: object) -> None:
    raw = {"user_id": "u", "text": "", "ts": ts}
    assert message(raw, source="import").ts == 1_794_999_000_000
    assert refusal(message, raw) == ("ts", "invalid_field")


def test_fractions_of_a_second_are_kept() -> None:
    assert message({"user_id": "u", "text": "", "ts": 1_794_999_000.123}).ts == 1_794_999_000_123
    raw = {"user_id": "u", "text": "", "ts": "2026-11-18 18:50:00.1239999"}
    assert message(raw, source="import").ts == 1_794_999_000_123


@pytest.mark.parametrize(
    "ts",
    [True, -1, 0, 1e300, float("nan"), float("inf"), 10**400, "1" * 400, "2026-13-01T00:00:00Z", "9" * 13, [], "٣"],
)
def test_what_is_no_time_is_refused(ts: object) -> None:
    assert refusal(message, {"user_id": "u", "text": "", "ts": ts}, source="import") == ("ts", "invalid_field")


def test_late_and_early() -> None:
    late = NOW - 30 * DAY
    assert message({"user_id": "u", "text": "", "ts": late}).ts == late
    assert refusal(message, {"user_id": "u", "text": "", "ts": late - 1}) == ("ts", "too_late")
    assert refusal(link, {"alias": "u", "user_id": "v", "ts": late - 1}) == ("ts", "too_late")
    assert message({"user_id": "u", "text": "", "ts": late - 1}, source="import").ts == late - 1
    assert message({"user_id": "u", "text": "", "ts": NOW + DAY}).ts == NOW + DAY
    assert refusal(message, {"user_id": "u", "text": "", "ts": NOW + DAY + 1}) == ("ts", "invalid_field")
    assert refusal(message, {"user_id": "u", "text": ""}, source="import") == ("ts", "missing_field")


@given(st.integers(0, 10**12))
def test_yuan_and_fen_say_the_same(fen: int) -> None:
    yuan = f"{fen // 100}.{fen % 100:02}"
    assert order({"order_id": 1, "status": "paid", "amount": yuan}).amount_fen == fen
    assert order({"order_id": 1, "status": "paid", "amount_fen": fen}).amount_fen == fen
    assert order({"order_id": 1, "status": "paid", "amount_fen": str(fen)}).amount_fen == fen


@given(st.text(string.digits + ".,-+e¥ _", max_size=8))
def test_an_amount_is_exact_or_refused(text: str) -> None:
    fact, rejected = outcome(order, {"order_id": "1", "status": "paid", "amount": text})
    if rejected is not None:
        assert rejected.field == "amount"
    else:
        assert fact.amount_fen is None or float(text) == fact.amount_fen / 100


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"amount": 199}, "amount"),
        ({"amount": 199.0}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "199.001"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1,299.00"}, "amount"),
        ({"amount": "１"}, "amount"),
        ({"amount": "1", "amount_fen": 100}, "amount"),
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 1.0}, "amount_fen"),
        ({"amount_fen": "1.0"}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"amount_fen": 10**14}, "amount_fen"),
        ({"part": "rest"}, "part"),
        ({"items": [1]}, "items"),
        ({"items": "no json"}, "items"),
        ({"items": {"a": 1}}, "items"),
        ({"items": [{"a": "\x00"}]}, "items"),
        ({"items": [{"a": [[[[[[[[]]]]]]]]}]}, "items"),
        ({"items": [{"a": "x" * 17_000}]}, "items"),
    ],
)
def test_a_bad_order_names_its_field(raw: dict[str, object], field: str) -> None:
    assert refusal(order, {"order_id": "1", "status": "paid", **raw})[0] == field


def test_a_bare_number_is_refused_with_the_reason_why() -> None:
    with pytest.raises(Rejected, match="yuan or fen"):
        order({"order_id": "1", "status": "paid", "amount": 199})


def test_an_order_with_every_field() -> None:
    fact = order(
        {
            "order_id": "o",
            "user_id": "t**b",
            "status": "refunded",
            "ts": NOW,
            "amount": "1.5",
            "event_id": "e",
            "part": "deposit",
            "refund_id": "r",
            "items": '[{"sku": "红", "n": 2}]',
            "product_id": "p",
            "coupon_id": "c",
            "channel": "jd",
        }
    )
    assert (fact.owner, fact.id, fact.status, fact.amount_fen, fact.part) == ("t**b", "e", "refunded", 150, "deposit")
    assert (fact.refund_id, fact.items, fact.product_id) == ("r", [{"sku": "红", "n": 2}], "p")
    assert (fact.coupon_id, fact.channel) == ("c", "jd")


def test_orders_want_an_id_and_a_known_status() -> None:
    assert refusal(order, {"status": "paid"}) == ("order_id", "missing_field")
    assert refusal(order, {"order_id": "", "status": "paid"}) == ("order_id", "missing_field")
    assert refusal(order, {"order_id": "1"}) == ("status", "missing_field")
    assert refusal(order, {"order_id": "1", "status": "done"}) == ("status", "invalid_field")


def test_an_event_without_id_is_the_same_event_when_it_comes_again() -> None:
    raw = {"order_id": "1", "status": "paid", "amount": "1.00", "ts": NOW}
    first = order(raw)
    assert len(first.id) == 26
    assert order({**raw, "ts": str(NOW), "amount": "1"}, received=NOW + 7).id == first.id
    assert order({**raw, "status": "created"}).id != first.id
    assert order({**raw, "ts": NOW - 1}).id != first.id
    timeless = {"order_id": "1", "status": "paid"}
    assert order(timeless).id == order(timeless, received=NOW + 7).id
    assert order(timeless, fallback_id="row").id == "row"


def test_links() -> None:
    fact = link({"alias": "order:7", "user_id": "u", "link_id": "l", "ts": NOW})
    assert (fact.owner, fact.user_id, fact.id, fact.identity) == ("order:7", "u", "l", ("link", "order:7", "l"))
    assert link({"alias": "u", "user_id": "u"}).user_id == "u"
    assert refusal(link, {"alias": "order:*", "user_id": "u"}) == ("alias", "unusable_id")
    assert refusal(link, {"alias": "u", "user_id": "order:7"}) == ("user_id", "unusable_id")
    assert refusal(link, {"user_id": "u"}) == ("alias", "missing_field")
    assert refusal(link, {"alias": "u"}) == ("user_id", "missing_field")


def test_a_row_has_one_id_in_every_format() -> None:
    assert row_id({"a": "1", "b": ""}, 0) == row_id({"a": 1, "b": None}, 0)
    assert row_id({"a": "1"}, 0) != row_id({"a": "1"}, 1)
    assert row_id({"a": "0"}, 0) != row_id({}, 0)
