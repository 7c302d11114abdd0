"""Rows of an export by their order, wherever they stand in it: any number of rows in little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Self

from xundan.errors import Retryable
from xundan.receive.platforms.line import Parsed, decode, encode

_CACHE_KIB = 16 * 1024
_BATCH = 1000


class Groups:
    """Keeps rows in a temporary file that SQLite removes by itself, and gives them back order by order."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE lines (number TEXT NOT NULL, line INTEGER NOT NULL, data BLOB NOT NULL)")
        self._db.execute("BEGIN")
        self._waiting: list[tuple[str, int, bytes]] = []
        self.rows = 0

    def add(self, number: str, row: Parsed) -> None:
        """Keep a row of an order. Raises `Retryable` where there is no room for the temporary file."""
        self._waiting.append((number, row.line, encode(row)))
        self.rows += 1
        if len(self._waiting) >= _BATCH:
            self._write()

    def orders(self) -> Iterator[tuple[str, Iterator[Parsed]]]:
        """Every order's number and rows, the rows as they stand in the file. Raises as `add`."""
        self._write()
        for number, rows in groupby(self._sorted(), itemgetter(0)):
            yield number, (decode(data) for _, data in rows)

    def _sorted(self) -> Iterator[tuple[str, bytes]]:
        try:
            yield from self._db.execute("SELECT number, data FROM lines ORDER BY number, line")
        except sqlite3.Error as error:
            raise _no_room(error) from None

    def _write(self) -> None:
        try:
            self._db.executemany("INSERT INTO lines VALUES (?, ?, ?)", self._waiting)
        except sqlite3.Error as error:
            raise _no_room(error) from None
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()


def _no_room(error: sqlite3.Error) -> Retryable:
    return Retryable(f"no temporary file can be written for the import: {error}")
