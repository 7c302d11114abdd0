"""Dead letters on SQLite."""

from __future__ import annotations

import builtins
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from xundan.domain.ports import DeadLetter
from xundan.embedded.sqlite import ReadPool, failure, open_writer, queries

_SQL = queries("dead.sql")


class SqliteDeadLetters:
    """The port `DeadLetters`. All methods may be called from any thread; they raise `Retryable` when the disk fails."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._readers = ReadPool(self._path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def put(self, shop: str, source: str, code: str, reason: str, payload: str) -> int:
        at = time.time_ns() // 1_000_000
        return int(self._write(_SQL["put"], (shop, at, source, code, reason, payload)).lastrowid or 0)

    def list(self, shop: str | None, limit: int = 100) -> builtins.list[DeadLetter]:
        """The newest letters first."""
        if shop is None:
            return self._read(_SQL["list"], (limit,))
        return self._read(_SQL["list_of_shop"], (shop, limit))

    def get(self, id: int) -> DeadLetter | None:
        return next(iter(self._read(_SQL["get"], (id,))), None)

    def remove(self, id: int) -> None:
        self._write(_SQL["remove"], (id,))

    def close(self) -> None:
        """Release the file. Idempotent."""
        self._readers.close()
        with self._lock:
            self._drop_connection()

    def _read(self, sql: str, values: tuple[Any, ...]) -> builtins.list[DeadLetter]:
        if not self._path.exists():
            return []
        with self._readers.snapshot() as connection:
            return [DeadLetter(*row) for row in connection.execute(sql, values)]

    def _write(self, sql: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = open_writer(self._path, _SQL["schema"])
                return self._connection.execute(sql, values)
            except sqlite3.Error as error:
                self._drop_connection()
                raise failure(error, self._path) from error

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
