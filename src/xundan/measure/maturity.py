"""When a figure may be trusted (docs/definitions.md, F): after how many days nothing regular can change it any more.

A figure of day D is mature when day D + delay has ended. Delays are whole days.
"""

from __future__ import annotations

from xundan.domain.rules import Rules, SaleRule


def event_delay(event: str, window: int, rules: Rules) -> int:
    """Of a conversion within `window` days; `event` is ordered, paid, finally_paid or kept."""
    delay = window - 1
    if event in ("finally_paid", "kept"):
        delay += rules.pay_close_days
    if event == "kept":
        delay += rules.refund_days
    return delay


def gross_delay(rule: SaleRule, rules: Rules) -> int:
    """Of gross sales: their own day, but under `ordered` an order of that day may still be paid."""
    return rules.pay_close_days if rule == "ordered" else 0


def net_delay(rule: SaleRule, rules: Rules) -> int:
    """Of sales less refunds."""
    return gross_delay(rule, rules) + rules.refund_days


def conversation_delay(rules: Rules) -> int:
    """Of "this conversation has an orderId": the shop's attribution window, and where the order's creation names the
    conversation, the time it may still be paid. The definitions leave this one open."""
    closing = 0 if rules.attribution_rule == "paid" else rules.pay_close_days
    return rules.attribution_window - 1 + closing


def last_ended_day(as_of: int, rules: Rules) -> int:
    """The newest day (number) that has ended at the instant `as_of` (UTC ms)."""
    return rules.day(as_of) - 1
