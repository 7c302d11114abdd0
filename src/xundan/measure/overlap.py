"""Whether chats and orders know each other well enough for a rate to mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xundan.measure.figures import Figures

MANY = 20
"""Sales and inquiries from which it is no chance that not one of them meets the other."""

Reason = Literal["unmatched", "apart"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The sales of a period by what is known of their buyers.

    `matched` of the `orders` have a customer; `met` were made within 15 days after a chat of theirs. `least` is the
    share of matched orders below which no rate is stated.
    """

    orders: int
    matched: int
    met: int
    inquiries: int
    least: float

    @property
    def share(self) -> float:
        """Matched orders of all, 1 where there are none."""
        return self.matched / self.orders if self.orders else 1.0

    @property
    def withheld(self) -> Reason | None:
        """Why no rate is stated: too few orders have a customer, or none of many has met a chat; None if it is."""
        if not self.least or not self.orders or not self.inquiries:
            return None
        if self.share < self.least:
            return "unmatched"
        return "apart" if not self.met and min(self.orders, self.inquiries) >= MANY else None


def overlap(figures: Figures, least: float) -> Overlap:
    """The overlap of a whole period; `least` 0 states every rate."""
    sales = figures.sales["paid"]
    return Overlap(
        orders=sales.total.orders,
        matched=sales.total.orders - sales.unmatched.orders,
        met=sales.attributed[-1].orders,
        inquiries=figures.inquiries,
        least=least,
    )
