"""What a transaction of the store has collected and not yet written."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from xundan.domain.cells import Contributions, add
from xundan.domain.effects import Conversation, Effects, Order
from xundan.domain.records import Message
from xundan.embedded import codec
from xundan.embedded.sqlite import queries, run_rows

_SQL = queries("store.sql")
SEPARATOR = "\x1f"

Step = tuple[int, int]
"""(epoch, seq) of a step of a journey."""


class Documents:
    """What the steps of one journey put and delete; the last word on each document."""

    def __init__(self) -> None:
        self.step: Step = (-1, -1)
        self.conversations: dict[str, Conversation | None] = {}
        self.wiped: set[str] = set()
        self.messages: dict[tuple[str, int], list[Message]] = {}
        self.orders: dict[str, Order | None] = {}
        self.aliases: list[str | None] = []

    def apply(self, step: Step, effects: Effects) -> None:
        if step < self.step:
            return
        self.step = step
        for id in effects.delete_conversations:
            self.conversations[id] = None
            self.wiped.add(id)
        if effects.delete_conversations:
            self.messages = {
                key: value for key, value in self.messages.items() if key[0] not in effects.delete_conversations
            }
        self.conversations.update(effects.put_conversations)
        self.messages.update(effects.put_messages)
        self.orders.update(dict.fromkeys(effects.delete_orders))
        self.orders.update(effects.put_orders)
        if effects.alias_changed:
            self.aliases = [effects.alias_of]


class Pending:
    """Everything since `begin`. `parts` are saved parts of journeys, `loaded` those fetched ahead."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, str, str], bytes | None] = {}
        self.loaded: dict[tuple[str, str, str], bytes | None] = {}
        self._saved: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._documents: defaultdict[tuple[str, str], Documents] = defaultdict(Documents)
        self._cubes: defaultdict[str, Contributions] = defaultdict(dict)

    def save(self, shop: str, owner: str, part: str, data: bytes | None) -> None:
        self.parts[shop, owner, part] = data
        self._saved[shop, owner].add(part)

    def overlay(self, shop: str, owner: str, prefix: str, stored: list[str]) -> list[str]:
        """The stored names of parts with what was saved and deleted since."""
        names = set(stored)
        for part in self._saved.get((shop, owner), ()):
            if part.startswith(prefix):
                (names.discard if self.parts[shop, owner, part] is None else names.add)(part)
        return sorted(names)

    def apply(self, shop: str, owner: str, step: Step, effects: Effects) -> None:
        self._documents[shop, owner].apply(step, effects)

    def add_cubes(self, shop: str, contributions: Contributions) -> None:
        add(self._cubes[shop], contributions)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write everything within the caller's transaction."""
        parts = sorted(self.parts.items())
        connection.executemany(_SQL["drop_parts"], [key for key, data in parts if data is None])
        run_rows(connection, _SQL["save"], [(*key, data) for key, data in parts if data is not None])
        self._write_documents(connection)
        self._write_cubes(connection)

    def _write_documents(self, connection: sqlite3.Connection) -> None:
        steps = [
            (*key, *documents.step) for key, documents in sorted(self._documents.items(), key=lambda item: item[0])
        ]
        newer = {
            pair
            for cursor in run_rows(connection, _SQL["newer_steps"], steps)
            for pair in codec.decode_pairs(cursor.fetchone()[0])
        }
        run_rows(connection, _SQL["put_steps"], [row for row in steps if row[:2] not in newer])
        rows = _Rows()
        for shop, owner, _, _ in steps:
            if (shop, owner) not in newer:
                rows.take(shop, owner, self._documents[shop, owner])
        rows.write(connection)

    def _write_cubes(self, connection: sqlite3.Connection) -> None:
        rows = [row for shop, contributions in self._cubes.items() for row in grouped(shop, contributions)]
        run_rows(connection, _SQL["add_cubes"], rows)
        connection.execute(_SQL["drop_empty_cubes"])


class _Rows:
    """Documents as rows, by the statement that writes them. Deletions and aliases, which are few, go one by one."""

    def __init__(self) -> None:
        self._deletions: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._aliases: list[tuple[str | None, str, str]] = []
        self._puts: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def take(self, shop: str, owner: str, documents: Documents) -> None:
        gone, puts = self._deletions, self._puts
        gone["drop_messages_of"] += [(shop, owner, id) for id in sorted(documents.wiped)]
        for id, day in sorted(documents.messages):
            messages = documents.messages[id, day]
            if messages:
                puts["put_messages"].append((shop, owner, id, day, codec.messages.encode_list(messages)))
            else:
                gone["drop_messages"].append((shop, owner, id, day))
        for id in sorted(documents.conversations):
            conversation = documents.conversations[id]
            if conversation is None:
                gone["drop_conversations"].append((shop, owner, id))
            else:
                puts["put_conversations"].append((shop, owner, id, *_columns(conversation)))
        for order_id in sorted(documents.orders):
            order = documents.orders[order_id]
            if order is None:
                gone["drop_orders"].append((shop, owner, order_id))
            else:
                puts["put_orders"].append((shop, owner, order_id, order.updated, codec.orders.encode(order)))
        self._aliases += [(alias_of, shop, owner) for alias_of in documents.aliases]

    def write(self, connection: sqlite3.Connection) -> None:
        for name, rows in self._deletions.items():
            connection.executemany(_SQL[name], rows)
        for name, rows in self._puts.items():
            run_rows(connection, _SQL[name], rows)
        connection.executemany(_SQL["put_alias"], self._aliases)


def _columns(conversation: Conversation) -> tuple[int, int, int, str]:
    return (
        conversation.create_time,
        conversation.update_time,
        conversation.messages,
        codec.conversations.encode(conversation),
    )


def grouped(shop: str, contributions: Contributions) -> Sequence[tuple[Any, ...]]:
    """The rows that base cells add to: the base itself, the total, and one per dimension; what cancels is left out."""
    sums: dict[tuple[Any, ...], tuple[int, int, int]] = {}
    for (family, day, dims, lag, lag2), (n, fen, refunded) in contributions.items():
        by_dimension = zip(dims._fields, dims, strict=True)
        for grouping, value in (("base", SEPARATOR.join(dims)), ("total", ""), *by_dimension):
            key = (shop, grouping, day, family, value, lag, lag2)
            old = sums.get(key, (0, 0, 0))
            sums[key] = (old[0] + n, old[1] + fen, old[2] + refunded)
    return sorted(key + total for key, total in sums.items() if any(total))
