"""Orders for the command that imports them: what was assumed of exports, and which customers were found."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from xundan.domain.ports import Append, Found, Store
from xundan.domain.records import OrderEvent, usable
from xundan.receive.imports import Counts
from xundan.settings import Settings
from xundan.wiring import open_reader
from xundan.words import say

ASKED = 500
PATIENCE_S = 120
"""How long a running server may take to carry what was imported before nothing is said about customers."""


class Seen:
    """The orders that an import names, in a temporary file that SQLite removes by itself."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (order_id TEXT PRIMARY KEY, buyer TEXT NOT NULL) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def note(self, items: Sequence[Append]) -> None:
        """Take a batch that was imported."""
        named = [
            (item.fact.order_id, item.fact.owner if usable(item.fact.owner) else "")
            for item in items
            if isinstance(item.fact, OrderEvent)
        ]
        self._db.executemany(
            "INSERT INTO seen VALUES (?, ?) ON CONFLICT (order_id) DO UPDATE SET buyer = excluded.buyer "
            "WHERE excluded.buyer <> ''",
            named,
        )

    def orders(self) -> Iterator[tuple[str, str]]:
        """(buyer, order id) of each order."""
        yield from self._db.execute("SELECT buyer, order_id FROM seen")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()


@dataclass(frozen=True)
class Overlap:
    """How many of an import's orders found a customer who has chatted, and by what."""

    ways: Counter[Found]

    @property
    def orders(self) -> int:
        return self.ways.total()

    @property
    def found(self) -> int:
        return self.orders - self.ways[""]

    def told(self, least: float) -> list[str]:
        """Sentences for the operator; with advice where less than `least` of the orders found somebody."""
        ways = {"id": self.ways["id"], "number": self.ways["number"], "link": self.ways["link"]}
        lines = [say("orders.found", orders=self.orders, found=self.found, missing=self.ways[""], **ways)]
        if self.found < least * self.orders:
            lines.append(say("orders.few", least=f"{least:.0%}"))
        return lines


def overlap(settings: Settings, seen: Seen, sleep: Callable[[float], object] = time.sleep) -> Overlap | None:
    """Ask the store once everything imported is in it; None where that takes a server too long."""
    with open_reader(settings) as reader:
        end = reader.log.last_offset()
        until = time.monotonic() + PATIENCE_S
        while reader.store.position() < end:
            if time.monotonic() > until:
                print(say("orders.waiting"))
                return None
            sleep(0.2)
        return Overlap(_ways(reader.store, settings.shop_id, seen))


def _ways(store: Store, shop: str, seen: Seen) -> Counter[Found]:
    ways: Counter[Found] = Counter()
    rest = seen.orders()
    while orders := list(islice(rest, ASKED)):
        ways.update(store.customers(shop, orders))
    return ways


def notes(counts: Counts) -> list[str]:
    """What the operator should know of exports beside their rows."""
    total: Counter[str] = Counter()
    for file in counts.files:
        total.update(file.notes)
    lines = {
        "orders": say("orders.orders", n=total["orders"]),
        "assumed": say("orders.assumed", n=total["assumed"]),
        "unpaid": say("orders.unpaid", n=total["unpaid"]),
        "timeless": say("orders.timeless", n=total["timeless"]),
        "open": say("orders.open", n=total["open"]),
    }
    return [line for key, line in lines.items() if total[key]]
