"""Definitions, part F."""

from __future__ import annotations

from typing import Any

import pytest
from measure_fakes import FIRST, FakeStore, inquiry, query, sale, together

from xundan.domain.calendar import day_start
from xundan.domain.rules import Rules
from xundan.measure.maturity import conversation_delay, event_delay, gross_delay, last_ended_day, net_delay
from xundan.measure.report import build

RULES = Rules(pay_close_days=10, refund_days=7)


@pytest.mark.parametrize(
    ("event", "window", "days"),
    [
        ("ordered", 1, 0),
        ("ordered", 2, 1),
        ("paid", 15, 14),
        ("finally_paid", 1, 10),
        ("finally_paid", 3, 12),
        ("kept", 1, 17),
        ("kept", 2, 18),
    ],
)
def test_conversions_wait_for_their_window_the_closing_and_the_refunds(event: str, window: int, days: int) -> None:
    assert event_delay(event, window, RULES) == days


def test_money_waits_for_the_closing_under_the_order_rule_and_net_for_the_refunds() -> None:
    assert {rule: gross_delay(rule, RULES) for rule in ("paid", "ordered", "order_first")} == {
        "paid": 0,
        "ordered": 10,
        "order_first": 0,
    }
    assert {rule: net_delay(rule, RULES) for rule in ("paid", "ordered", "order_first")} == {
        "paid": 7,
        "ordered": 17,
        "order_first": 7,
    }


def test_a_conversation_waits_for_the_shops_own_window_and_rule() -> None:
    assert conversation_delay(Rules(attribution_window=4)) == 3
    assert conversation_delay(Rules(attribution_rule="ordered", attribution_window=1, pay_close_days=10)) == 10


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Apia"])
def test_a_day_has_ended_at_the_first_instant_of_the_next(zone: str) -> None:
    rules = Rules(zone=zone)
    end = day_start(FIRST + 1, zone)  # 2026-11-01 has 25 hours in New York
    assert last_ended_day(end - 1, rules) == FIRST - 1
    assert last_ended_day(end, rules) == FIRST


def test_every_figure_of_a_day_turns_mature_on_its_own_day_to_the_millisecond() -> None:
    store = FakeStore(together([inquiry(ordered=0, paid=0), sale(lag=0)]))
    due = {"ordered": 1, "paid": 1, "finally_paid": 11, "kept": 18, "gross": 0, "net": 7}
    for name, days in due.items():
        end = day_start(FIRST + days + 1, RULES.zone)
        for as_of, mature in ((end - 1, 0), (end, 1)):
            row = build(query(as_of=as_of, window=2), store, RULES).days[0]
            splits: dict[str, Any] = {**row.rates, "gross": row.gross, "net": row.net}
            split = splits[name]
            assert (split.mature.days, split.immature.days) == (mature, 1 - mature)
