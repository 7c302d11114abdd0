"""The settings that the arithmetic depends on; a change of any of them asks for `xundan rebuild`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xundan.domain.calendar import DAY, day_of

WINDOWS = 15
"""Windows run from 1 to 15 days; a lag is a whole number of days from 0 to 14 that counts."""

SaleRule = Literal["paid", "ordered", "order_first"]
SALE_RULES: tuple[SaleRule, ...] = ("paid", "ordered", "order_first")
EVENTS: tuple[str, ...] = ("ordered", "paid", "finally_paid", "kept")
INQUIRY_INTENTS = frozenset(
    {
        "product_question",
        "recommendation",
        "price_query",
        "coupon_query",
        "bargain",
        "stock_query",
        "shipping_query",
        "order_placing",
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """One shop's choices (docs/definitions.md names each). Durations say their unit."""

    zone: str = "Asia/Shanghai"
    session_gap_ms: int = 30 * 60 * 1000
    threshold: float = 0.7
    inquiry_rule: Literal["order_state", "intent"] = "order_state"
    on_way_days: int = 15
    pay_close_days: int = 15
    refund_days: int = 15
    attribution_rule: SaleRule = "paid"
    attribution_window: int = 2
    late_days: int = 30

    def day(self, ts: int) -> int:
        """The day number of an instant in the shop's zone."""
        return day_of(ts, self.zone)

    @property
    def on_way_ms(self) -> int:
        return self.on_way_days * DAY
