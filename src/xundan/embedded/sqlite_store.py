"""The store on SQLite: journeys, documents, aliases and cubes in one file, written by one runner thread."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from xundan.domain.cells import Contributions
from xundan.domain.effects import Conversation, Effects, Order
from xundan.domain.links import smallest
from xundan.domain.ports import CubeRow, Found
from xundan.domain.records import ORDER_KEY, Message, usable
from xundan.embedded import codec
from xundan.embedded.pending import Pending
from xundan.embedded.sqlite import ReadPool, failure, open_writer, queries, run_rows

_SQL = queries("store.sql")
_END_OF_TIME = (2**63 - 1, "")


class SqliteStoreReader:
    """The reading half, the port `Store`: from any thread and any process, also while a runner writes."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._readers = ReadPool(self._path)

    def cube(
        self,
        shop: str,
        grouping: str,
        first_day: int,
        last_day: int,
        *,
        families: Collection[str] = (),
        summed: bool = False,
    ) -> list[CubeRow]:
        sql = _SQL["cube_summed" if summed else "cube"]
        wanted = codec.encode_texts(sorted(families))
        return codec.decode_cube(self._readers.value(sql, shop, grouping, first_day, last_day, wanted))

    def cube_dump(self, shop: str) -> list[codec.DumpRow]:
        """Every cube row of a shop, in order: two stores with equal figures have equal dumps."""
        return codec.decode_dump(self._readers.value(_SQL["cube_dump"], shop))

    def final_owner(self, shop: str, user_id: str) -> str:
        with self._readers.snapshot() as connection:
            return _final(connection, shop, user_id)

    def customers(self, shop: str, orders: Sequence[tuple[str, str]]) -> list[Found]:
        with self._readers.snapshot() as connection:
            return [_found(connection, shop, buyer, order_id) for buyer, order_id in orders]

    def conversations(
        self, shop: str, user_id: str, before: tuple[int, str] | None = None, limit: int = 20
    ) -> list[tuple[Conversation, list[Message]]]:
        with self._readers.snapshot() as connection:
            values = (shop, user_id, *(before or _END_OF_TIME), limit)
            found = codec.conversations.decode_list(connection.execute(_SQL["conversations"], values).fetchone()[0])
            ids = codec.encode_texts([conversation.id for conversation in found])
            groups = connection.execute(_SQL["messages"], (shop, user_id, ids)).fetchone()[0]
        messages = codec.messages.decode_groups(groups)
        return [(conversation, messages.get(conversation.id, [])) for conversation in found]

    def recent_conversations(self, shop: str, limit: int = 20) -> list[Conversation]:
        return codec.conversations.decode_list(self._readers.value(_SQL["recent_conversations"], shop, limit))

    def orders(self, shop: str, user_id: str, limit: int = 100) -> list[Order]:
        return codec.orders.decode_list(self._readers.value(_SQL["orders"], shop, user_id, limit))

    def position(self) -> int:
        return int(self._readers.value(_SQL["position"]))

    def busiest_users(self, shop: str, limit: int = 1) -> list[tuple[str, int]]:
        with self._readers.snapshot() as connection:
            return list(connection.execute(_SQL["busiest_users"], (shop, limit)))

    def count_messages(self, shop: str) -> int:
        return int(self._readers.value(_SQL["count_messages"], shop))

    def arithmetic(self) -> str | None:
        """The settings noted for this store, None for a new one."""
        with self._readers.snapshot() as connection:
            row = connection.execute(_SQL["arithmetic"]).fetchone()
        return None if row is None else row[0]

    def check(self) -> list[str]:
        """What is wrong with the file, in SQLite's words; [] for a sound one."""
        return self._readers.check()

    def close(self) -> None:
        """Release the files. Idempotent."""
        self._readers.close()


class SqliteStore(SqliteStoreReader):
    """The reader and, for the one thread of the runner, the writer.

    Between `begin` and `commit` everything is collected in memory, so that a transaction is short; `load` and `parts`
    see what was saved before. A `commit` that raises `Retryable` has written nothing: it may be called again, or
    `rollback` forgets what was collected.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection: sqlite3.Connection | None = None
        self._pending = Pending()
        self._writer()

    def begin(self) -> None:
        """Start collecting."""
        self._pending = Pending()

    def load(self, shop: str, owner: str, part: str) -> bytes | None:
        """A part of a journey as it was saved last, None if there is none."""
        key = (shop, owner, part)
        if key in self._pending.parts:
            return self._pending.parts[key]
        if key in self._pending.loaded:
            return self._pending.loaded[key]
        try:
            row = self._writer().execute(_SQL["load"], key).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return None if row is None else row[0]

    def preload(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Fetch many (shop, owner, part) in a few calls; until the next `begin`, `load` answers them from memory."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._pending.loaded]
        found: dict[tuple[str, str, str], bytes | None] = dict.fromkeys(wanted)
        try:
            for cursor in run_rows(self._writer(), _SQL["load_many"], [(n, *key) for n, key in enumerate(wanted)]):
                for piece in filter(None, cursor.fetchone()[0].split(",")):
                    number, _, data = piece.partition(":")
                    found[wanted[int(number)]] = bytes.fromhex(data)
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._pending.loaded.update(found)

    def parts(self, shop: str, owner: str, prefix: str) -> list[str]:
        """The names of a journey's parts that begin with `prefix`, sorted."""
        values = (shop, owner, prefix, prefix + chr(sys.maxunicode))
        try:
            stored = codec.decode_texts(self._writer().execute(_SQL["parts"], values).fetchone()[0])
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return self._pending.overlay(shop, owner, prefix, stored)

    def save(self, shop: str, owner: str, part: str, data: bytes | None) -> None:
        """Put a part of a journey; None deletes it."""
        self._pending.save(shop, owner, part, data)

    def apply(self, shop: str, owner: str, epoch: int, seq: int, effects: Effects) -> None:
        """Put and delete the documents and the alias of one step of a journey.

        All documents of a journey are written by its own steps, in one transaction each: so the guard compares the
        step with the journey's last one, and a step older than that changes nothing, not even by bringing back what
        was deleted.
        """
        self._pending.apply(shop, owner, (epoch, seq), effects)

    def add_cubes(self, shop: str, contributions: Contributions) -> None:
        """Add differences to the cubes, under every grouping."""
        self._pending.add_cubes(shop, contributions)

    def commit(self, position: int) -> None:
        """Write what was collected and the log offset it reaches, all or nothing. Raises `Retryable`."""
        try:
            connection = self._writer()
            connection.execute("BEGIN IMMEDIATE")
            self._pending.write(connection)
            connection.execute(_SQL["put_position"], (position,))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self._drop_connection()
            raise
        self._pending = Pending()

    def rollback(self) -> None:
        """Forget what was collected since `begin`."""
        self._pending = Pending()

    def next_epoch(self) -> int:
        """A number higher than all before it, durable at once. Raises `Retryable`."""
        try:
            return int(self._writer().execute(_SQL["next_epoch"]).fetchall()[0][0])
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def note_arithmetic(self, settings: str) -> None:
        """Note the settings by which everything here is computed, durable at once. Raises `Retryable`."""
        try:
            self._writer().execute(_SQL["note_arithmetic"], (settings,))
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def owners(self, shop: str | None = None) -> Iterator[tuple[str, str]]:
        """(shop, owner) of every journey, of one shop or of all, in order; journeys may be saved while it runs."""
        sql = _SQL["next_owner"] if shop is None else _SQL["next_owner_of_shop"]
        last = ("" if shop is None else shop, "")
        while True:
            with self._readers.snapshot() as connection:
                row = connection.execute(sql, last).fetchone()
            if row is None:
                return
            last = row
            yield last

    def close(self) -> None:
        super().close()  # first: the last connection to go is the one that may clear the write-ahead log away
        self._drop_connection()

    def _writer(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = open_writer(self._path, _SQL["schema"])
            except sqlite3.Error as error:
                raise failure(error, self._path) from error
        return self._connection

    def _failed(self, error: sqlite3.Error) -> Exception:
        self._drop_connection()
        return failure(error, self._path)

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _final(connection: sqlite3.Connection, shop: str, user_id: str) -> str:
    path = [user_id]
    while True:
        row = connection.execute(_SQL["alias"], (shop, path[-1])).fetchone()
        if row is None or row[0] is None or row[0] == path[-1]:
            return path[-1]
        if row[0] in path:
            return smallest(path[path.index(row[0]) :])
        path.append(row[0])


def _found(connection: sqlite3.Connection, shop: str, buyer: str, order_id: str) -> Found:
    named = usable(buyer)
    owner = _final(connection, shop, buyer if named else ORDER_KEY + order_id)

    def true(name: str, *values: str) -> bool:
        return bool(connection.execute(_SQL[name], (shop, owner, *values)).fetchone()[0])

    if not true("talked"):
        return ""
    if named and true("wrote", buyer):
        return "id"
    return "number" if true("named_order", order_id) else "link"
