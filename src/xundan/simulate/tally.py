"""The true figures of a shop, added up from its customers' diaries, in the shape of the report (docs/report.md)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from xundan.domain.rules import EVENTS, SALE_RULES, WINDOWS, Rules

Figures = dict[str, Any]


def blank() -> Figures:
    """The figures of a day on which nothing happened."""
    return {
        "wrote": 0,
        "answered": 0,
        "inquiries": 0,
        "converted": {event: [0] * WINDOWS for event in EVENTS},
        "conversations": 0,
        "conversations_ordered": 0,
        "sales": {
            rule: {
                "total": _money(),
                "unmatched": _money(),
                "attributed": [_money() for _ in range(WINDOWS)],
                "silent": [_money() for _ in range(WINDOWS)],
            }
            for rule in SALE_RULES
        },
        "assisted": {rule: {} for rule in SALE_RULES},
        "refunds": {"count": 0, "fen": 0},
    }


def _money() -> dict[str, int]:
    return {"orders": 0, "fen": 0, "refunded_fen": 0}


def add_money(sums: dict[str, int], fen: int, refunded: int) -> None:
    """One more order of so much, of which so much went back."""
    sums["orders"] += 1
    sums["fen"] += fen
    sums["refunded_fen"] += refunded


class Tally:
    """Collects the truth; `rules` are the ones it holds under."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.days: dict[int, Figures] = {}
        self.intent_days: dict[int, Figures] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}
        self.labels: dict[str, tuple[str, int]] = {}
        self.personal: set[str] = set()
        self.counts: Counter[str] = Counter(conversations_with_buy=0)
        self.intents: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()

    def page(self, day: int) -> Figures:
        return self.days.setdefault(day, blank())

    def intent_page(self, day: int) -> Figures:
        """Inquiries under the rule `intent`, as far as the intents are understood rightly."""
        empty = {"inquiries": 0, "converted": {event: [0] * WINDOWS for event in EVENTS}}
        return self.intent_days.setdefault(day, empty)

    def truth(self) -> dict[str, Any]:
        """Everything, ready for JSON; docs/simulate.md says what is exact and what it means."""
        return {
            "days": {str(day): self.days[day] for day in sorted(self.days)},
            "intent_rule": {"days": {str(day): self.intent_days[day] for day in sorted(self.intent_days)}},
            "orders": self.orders,
            "unmatched_orders": sorted(name for name, order in self.orders.items() if not order["matched"]),
            "owners": self.owners,
            "labels": {name: list(label) for name, label in self.labels.items()},
            "intents": dict(sorted(self.intents.items())),
            "claims": {"said": self.claims["said"], "without_order": self.claims["without_order"]},
            "personal": sorted(self.personal),
            "counts": dict(sorted(self.counts.items())),
        }
