"""The messages and orders of a simulated shop, as many as are asked for."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from xundan.simulate import SimConfig, stream

SHOP = "1024"
DAYS = 365
CUSTOMERS_PER_DAY = 270
"""In `DAYS` days these make about a million messages and 100,000 orders."""

LIVE_DAYS = 3
MESSAGES_PER_CUSTOMER = 5
"""Fewer than they are, so that enough are made."""


def live_messages(count: int) -> list[dict[str, Any]]:
    """So many different messages of a busy evening: thousands of customers chat at once, each waiting for the others.

    They carry no `ts`: each happens when it is received.
    """
    customers = max(10, round(count / LIVE_DAYS / MESSAGES_PER_CUSTOMER))
    config = SimConfig(end=_now(), shop=SHOP, days=LIVE_DAYS, customers_per_day=customers)
    turns: Counter[str] = Counter()
    rows: list[tuple[int, dict[str, Any]]] = []
    for row in _distinct(config):
        del row["ts"]
        rows.append((turns[row["user_id"]], row))
        turns[row["user_id"]] += 1
    rows.sort(key=lambda one: one[0])
    return [row for _, row in rows[:count]]


def _distinct(config: SimConfig) -> Iterator[dict[str, Any]]:
    seen: set[tuple[str, str]] = set()
    for kind, row in stream(config):
        if kind == "message" and (row["user_id"], row["message_id"]) not in seen:
            seen.add((row["user_id"], row["message_id"]))
            yield row


def write_history(folder: Path, scale: float) -> dict[str, int]:
    """Write a year as messages.jsonl and orders.jsonl; returns how many messages, order events and orders there are."""
    config = SimConfig(end=_now(), shop=SHOP, days=DAYS, customers_per_day=max(1, round(CUSTOMERS_PER_DAY * scale)))
    counts = {"messages": 0, "order_events": 0}
    orders: set[str] = set()
    with ExitStack() as stack:
        names = {"message": "messages", "order": "orders"}
        files = {
            kind: stack.enter_context((folder / f"{name}.jsonl").open("w", encoding="utf-8"))
            for kind, name in names.items()
        }
        for kind, row in stream(config):
            if kind not in files:
                continue
            files[kind].write(json.dumps(row, ensure_ascii=False) + "\n")
            counts["messages" if kind == "message" else "order_events"] += 1
            if kind == "order":
                orders.add(row["order_id"])
    return {**counts, "orders": len(orders)}


def _now() -> int:
    return time.time_ns() // 1_000_000
