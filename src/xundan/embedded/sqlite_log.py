"""The event log on SQLite: one file, one writing thread, an exact check for duplicates in each transaction."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from xundan.domain.ports import Append, Appended, Logged
from xundan.domain.records import Fact
from xundan.embedded import codec
from xundan.embedded.group_commit import GroupCommitter
from xundan.embedded.log_batch import Batch, Entry, entry, fetch
from xundan.embedded.seen import RECENT, Seen, identity_hash, key_hash
from xundan.embedded.sqlite import ReadPool, failure, open_writer, queries

_SQL = queries("log.sql")
log = logging.getLogger(__name__)


class SqliteLogReader:
    """The reading half of the log: from any thread and any process, also while another writes."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._readers = ReadPool(self._path)

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
        recent: hashes of facts kept in memory before they are written, see `Seen`.

    Raises `Retryable` where the file cannot be opened for writing.
    """

    def __init__(self, path: Path, *, max_waiting: int = 20_000, recent: int = RECENT) -> None:
        super().__init__(path)
        self._connection: sqlite3.Connection | None = None
        self._seen = Seen(recent)
        self._write([])
        self._committer: GroupCommitter[Entry, Appended] = GroupCommitter(
            self._write, max_waiting=max_waiting, name="xundan-log"
        )

    async def append(self, facts: Sequence[Append]) -> list[Appended]:
        return await self._committer.submit([entry(fact) for fact in facts]) if facts else []

    def append_now(self, facts: Sequence[Append]) -> list[Appended]:
        return self._committer.submit_now([entry(fact) for fact in facts]) if facts else []

    def find(self, shop: str, key: str) -> Fact | None:
        hash = key_hash(shop, key)
        with self._readers.snapshot() as connection:
            offset = self._seen.look_up(connection, [hash]).get(hash)
            if offset is None:
                return None
            fact = fetch(connection, [offset])[offset]
            # The key may have come with a copy that was not scored yet.
            kept = self._seen.look_up(connection, [identity_hash(fact)]).get(identity_hash(fact), offset)
            return fetch(connection, [kept]).get(kept, fact)

    def close(self) -> None:
        self._committer.close()
        super().close()  # first: the last connection to go is the one that may clear the write-ahead log away
        if self._connection is not None:
            try:
                self._write([], whole=True)
            except Exception as error:  # what was not written is read again from the events at the next start
                log.warning("action=log_index_left reason=%s", error)
        self._drop_connection()

    def _write(self, calls: Sequence[Sequence[Entry]], *, whole: bool = False) -> list[list[Appended]]:
        try:
            connection = self._writer()
            connection.execute("BEGIN IMMEDIATE")
            (last,) = connection.execute(_SQL["last_offset"]).fetchall()[0]
            self._seen.catch_up(connection, last)
            batch = Batch(connection, self._seen, last, list(chain.from_iterable(calls)))
            answers = [[batch.place(entry) for entry in call] for call in calls]
            batch.write()
            self._seen.flush(connection, last, room_for=len(batch.new), whole=whole)
            connection.execute("COMMIT")
        except BaseException as error:
            self._seen.failed()
            self._drop_connection()
            if isinstance(error, sqlite3.Error):
                raise failure(error, self._path) from error
            raise
        self._seen.committed(batch.new, batch.last)
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
