"""The event log on SQLite: one file, one writing thread, an exact check for duplicates in each transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from xundan.domain.ports import Append, Appended, Logged
from xundan.domain.records import Fact
from xundan.embedded import codec
from xundan.embedded.group_commit import GroupCommitter
from xundan.embedded.log_batch import Batch, Entry, entry, fetch, identity_hash, key_hash, look_up
from xundan.embedded.sqlite import ReadPool, failure, open_writer, queries

_SQL = queries("log.sql")


class SqliteLogReader:
    """The reading half of the log: from any thread and any process, also while another writes."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._readers = ReadPool(self._path)

    def find(self, shop: str, key: str) -> Fact | None:
        with self._readers.snapshot() as connection:
            for offset in look_up(connection, [key_hash(shop, key)]).values():
                fact = fetch(connection, [offset])[offset]
                # The key may have been remembered with a copy that has been scored since.
                for current in look_up(connection, [identity_hash(fact)]).values():
                    return fetch(connection, [current])[current]
        return None

    def read(self, after: int, limit: int) -> list[Logged]:
        return codec.decode_logged(self._readers.value(_SQL["read"], after, limit))

    def last_offset(self) -> int:
        return int(self._readers.value(_SQL["last_offset"]))

    def check(self) -> list[str]:
        """What is wrong with the file, in SQLite's words; [] for a sound one."""
        return self._readers.check()

    def close(self) -> None:
        self._readers.close()


class SqliteLog(SqliteLogReader):
    """The reader and the writer, the port `EventLog`.

    Args:
        path: the file; it is created where it is absent.
        max_waiting: facts that may wait for the disk before `Overloaded` is raised.

    Raises `Retryable` where the file cannot be opened for writing.
    """

    def __init__(self, path: Path, *, max_waiting: int = 20_000) -> None:
        super().__init__(path)
        self._connection: sqlite3.Connection | None = None
        try:
            self._writer()
        except sqlite3.Error as error:
            raise failure(error, self._path) from error
        self._committer: GroupCommitter[Entry, Appended] = GroupCommitter(
            self._write, max_waiting=max_waiting, name="xundan-log"
        )

    async def append(self, facts: Sequence[Append]) -> list[Appended]:
        return await self._committer.submit([entry(fact) for fact in facts]) if facts else []

    def append_now(self, facts: Sequence[Append]) -> list[Appended]:
        return self._committer.submit_now([entry(fact) for fact in facts]) if facts else []

    def close(self) -> None:
        self._committer.close()
        self._drop_connection()
        super().close()

    def _write(self, calls: Sequence[Sequence[Entry]]) -> list[list[Appended]]:
        try:
            connection = self._writer()
            connection.execute("BEGIN IMMEDIATE")
            batch = Batch(connection, list(chain.from_iterable(calls)))
            answers = [[batch.place(entry) for entry in call] for call in calls]
            batch.write()
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._drop_connection()
            raise failure(error, self._path) from error
        except BaseException:
            self._drop_connection()
            raise
        return answers

    def _writer(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_writer(self._path, _SQL["schema"])
        return self._connection

    def _drop_connection(self) -> None:
        """Whatever failed, the next batch starts from what is on disk, with a fresh connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
