"""The pages on which the naive implementation writes its figures."""

from __future__ import annotations

from typing import Any

from naive_documents import DIMENSIONS, Dims, Order

Figures = dict[str, Any]

WINDOWS = range(1, 16)
NO_DIMS: Dims = dict.fromkeys(DIMENSIONS, "none")
SALE_RULES = ("paid", "ordered", "order_first")
EVENTS = ("ordered", "paid", "finally_paid", "kept")


def no_sales() -> dict[str, int]:
    return {"orders": 0, "fen": 0, "refunded_fen": 0}


def add_sale(sums: dict[str, int], sale: Order, sign: int = 1) -> None:
    sums["orders"] += sign
    sums["fen"] += sign * sale["amount_fen"]
    sums["refunded_fen"] += sign * sale["refunded_fen"]


def blank_page() -> Figures:
    return {
        "wrote": 0,
        "answered": 0,
        "inquiries": 0,
        "converted": {event: [0 for _ in WINDOWS] for event in EVENTS},
        "conversations": 0,
        "conversations_ordered": 0,
        "sales": {
            rule: {
                "total": no_sales(),
                "unmatched": no_sales(),
                "attributed": [no_sales() for _ in WINDOWS],
                "silent": [no_sales() for _ in WINDOWS],
            }
            for rule in SALE_RULES
        },
        "assisted": {rule: {} for rule in SALE_RULES},
        "refunds": {"count": 0, "fen": 0},
    }


class Book:
    """Pages of figures, one for each value of the grouping and day."""

    def __init__(self, grouping: str) -> None:
        self.grouping = grouping
        self.pages: dict[str, dict[int, Figures]] = {}

    def page(self, day: int, dims: Dims) -> Figures:
        value = "" if self.grouping == "total" else dims[self.grouping]
        days = self.pages.setdefault(value, {})
        if day not in days:
            days[day] = blank_page()
        return days[day]

    def assisted(self, day: int, rule: str, agent: str) -> list[int]:
        # Reading: an assisting agent has no part in the sale's intent, label, servedBy or channel: shown for the shop
        # and by agent (under the assisting one) alone.
        if self.grouping not in ("total", "agent"):
            return [0 for _ in WINDOWS]
        found: dict[str, list[int]] = self.page(day, {**NO_DIMS, "agent": agent})["assisted"][rule]
        return found.setdefault(agent, [0 for _ in WINDOWS])

    def finished(self) -> dict[str, dict[int, Figures]]:
        """Without the pages on which nothing stands."""
        blank = blank_page()
        full = {value: {d: page for d, page in days.items() if page != blank} for value, days in self.pages.items()}
        return {value: days for value, days in full.items() if days}
