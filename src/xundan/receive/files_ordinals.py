"""How often a row has been seen in a file, for any number of rows in little memory."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self

from xundan.errors import Retryable

_CACHE_KIB = 16 * 1024


class Ordinals:
    """Counts equal keys. What does not fit the cache lies in a temporary file that SQLite removes by itself."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def next(self, key: str) -> int:
        """How often `key` was asked for before: 0 for the first time. Raises `Retryable` without room for the file."""
        try:
            found = self._db.execute(
                "INSERT INTO seen VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET times = times + 1 RETURNING times",
                (key,),
            ).fetchone()
        except sqlite3.Error as error:
            raise Retryable(f"no temporary file can be written for the import: {error}") from None
        return int(found[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
