"""What a trial notes about the facts that pass: who spoke, who ordered, and how both meet."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from xundan.domain.ports import Append
from xundan.domain.records import Message, OrderEvent, usable
from xundan.receive.intake import Outcome

DAY_S = 86_400
_CACHE_KIB = 16 * 1024
_TABLES = """
CREATE TABLE talkers (owner TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (id TEXT PRIMARY KEY, buyer TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE named (id TEXT PRIMARY KEY) WITHOUT ROWID;
BEGIN
"""
_TALK = "INSERT INTO talkers VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET times = times + excluded.times"
_ORDER = (
    "INSERT INTO orders VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET buyer = iif(buyer = '', excluded.buyer, buyer)"
)
_NAME = "INSERT OR IGNORE INTO named VALUES (?)"
_OVERLAP = """
SELECT count(*), coalesce(sum(buyer <> ''), 0), coalesce(sum(met), 0), coalesce(sum(NOT met AND said), 0) FROM (
  SELECT buyer, buyer IN (SELECT owner FROM talkers) AS met, id IN (SELECT id FROM named) AS said FROM orders
)
"""


class Overlap(NamedTuple):
    """Orders: all, those that name a buyer, those whose buyer chats, and others whose number a chat names."""

    orders: int
    named: int
    by_id: int
    by_number: int

    @property
    def found(self) -> int:
        return self.by_id + self.by_number

    @property
    def share(self) -> float:
        return self.found / self.orders if self.orders else 0.0


@dataclass
class Span:
    """When facts of one kind happened, UTC ms, and how many at a full day: such a time is a date in disguise."""

    first: int = 0
    last: int = 0
    count: int = 0
    dates: int = 0

    def add(self, ts: int, offset_s: int) -> None:
        self.first = min(self.first, ts) if self.count else ts
        self.last = max(self.last, ts)
        self.count += 1
        self.dates += (ts // 1000 + offset_s) % DAY_S == 0


@dataclass
class Ledger:
    """Memory does not grow with the files: what does not fit the cache lies in a temporary file of SQLite's.

    Args:
        offset_s: of the shop's time zone from UTC.
    """

    offset_s: int
    chats: Span = field(default_factory=Span)
    orders: Span = field(default_factory=Span)
    senders: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        for statement in _TABLES.split(";"):
            self._db.execute(statement)

    def noting(self, sink: Callable[[Sequence[Append]], Sequence[Outcome]]) -> Callable[..., Sequence[Outcome]]:
        """The sink; what is new in it is noted here."""

        def take(items: Sequence[Append]) -> Sequence[Outcome]:
            outcomes = sink(items)
            new = [outcome.fact for outcome in outcomes if outcome.status == "accepted"]
            self._messages([fact for fact in new if isinstance(fact, Message)])
            self._orders([fact for fact in new if isinstance(fact, OrderEvent)])
            return outcomes

        return take

    def _messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.chats.add(message.ts, self.offset_s)
        self.senders.update(message.sender for message in messages)
        self._db.executemany(_TALK, Counter(message.owner for message in messages).items())
        self._db.executemany(_NAME, [(message.order_id,) for message in messages if message.order_id])

    def _orders(self, events: Sequence[OrderEvent]) -> None:
        for event in events:
            self.orders.add(event.ts, self.offset_s)
        self.statuses.update(event.status for event in events)
        self._db.executemany(_ORDER, [(e.order_id, e.owner if usable(e.owner) else "") for e in events])

    def overlap(self) -> Overlap:
        """How many orders met a chat."""
        return Overlap(*self._db.execute(_OVERLAP).fetchone())

    def customers(self) -> int:
        """How many customers chat."""
        return int(self._db.execute("SELECT count(*) FROM talkers").fetchone()[0])

    def busiest(self) -> float:
        """The share of all messages that belong to the customer with the most."""
        most = self._db.execute("SELECT max(times) FROM talkers").fetchone()[0] or 0
        return most / self.chats.count if self.chats.count else 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
