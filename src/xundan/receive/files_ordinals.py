"""How often a row has been seen in a file, for any number of rows in little memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from xundan.errors import Retryable

_CACHE_KIB = 16 * 1024
_FIND = "SELECT key, times FROM seen WHERE key IN (SELECT value FROM json_each(?))"
_KEEP = "INSERT INTO seen VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET times = excluded.times"


class Ordinals:
    """Counts equal keys. What does not fit the cache lies in a temporary file that SQLite removes by itself."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def next(self, keys: Sequence[str]) -> list[int]:
        """For each key, how often it was asked for before, earlier in this call included.

        Raises:
            Retryable: there is no room for the temporary file.
        """
        try:
            times: dict[str, int] = dict(self._db.execute(_FIND, (json.dumps(keys),)).fetchall())
            ordinals = []
            for key in keys:
                ordinals.append(times.get(key, 0))
                times[key] = ordinals[-1] + 1
            self._db.executemany(_KEEP, sorted(times.items()))
        except sqlite3.Error as error:
            raise Retryable(f"no temporary file can be written for the import: {error}") from None
        return ordinals

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
