"""What the SQLite adapters share: named SQL, opening a database, many rows in one call, a pool of readers.

A Python thread gives up the interpreter lock at every step of a statement and waits to get it back, up to 5 ms beside a
busy thread. So everything here is written in few steps: many rows in one INSERT, many results in one JSON value.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xundan.errors import ConfigError, Retryable, XundanError

SCHEMA_VERSION = 1
BUSY_S = 2.0
"""How long a statement waits for another process's lock, in seconds."""

_SIZES = (256, 32, 4, 1)
_WRITER = """
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 67108864;
"""

_WHY = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_BUSY": "another process is writing it",
    "SQLITE_LOCKED": "another process is writing it",
    "SQLITE_CORRUPT": "it is damaged; restore it from a backup",
    "SQLITE_NOTADB": "it is no SQLite database",
    "SQLITE_CANTOPEN": "it cannot be opened",
    "SQLITE_IOERR": "the disk reports an error",
}


@lru_cache
def queries(name: str) -> dict[str, str]:
    """The statements of a .sql file of this package by the name in their `-- name:` line."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    pieces = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))


def failure(error: sqlite3.Error, path: Path) -> Retryable:
    """A SQLite error as one sentence: which file and why."""
    code = getattr(error, "sqlite_errorname", None) or type(error).__name__
    why = next((text for prefix, text in _WHY.items() if code.startswith(prefix)), code)
    return Retryable(f"{path.name} cannot be used: {why}")


def open_writer(path: Path, schema: str) -> sqlite3.Connection:
    """Open a database for writing, created (mode 0600) where it is absent. Raises `sqlite3.Error`, `XundanError`."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise Retryable(f"{path.name} cannot be opened: {error.strerror}") from None
    connection = _connect(path, "rw")
    try:
        connection.executescript(_WRITER)
        if _version(connection, path) < SCHEMA_VERSION:
            connection.executescript(f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def _reading_mode(path: Path) -> str:
    """On a read-only disk SQLite cannot lay the files beside a database that it reads by; then nobody writes either."""
    alone = not path.with_name(path.name + "-wal").exists()
    return "ro&immutable=1" if alone and not os.access(path.parent, os.W_OK) else "ro"


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchall()[0][0]
    if version > SCHEMA_VERSION:
        raise ConfigError(
            f"{path.name} was written by a newer Xundan (schema {version}, this one knows {SCHEMA_VERSION}): upgrade"
        )
    return version


@lru_cache(maxsize=1024)
def _expand(sql: str, rows: int, columns: int) -> str:
    row = "(" + ", ".join("?" * columns) + ")"
    return sql.replace(":rows", ", ".join([row] * rows))


def run_rows(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> list[sqlite3.Cursor]:
    """Run a statement that has `:rows` in it for many rows, up to 256 of them in one call.

    Only a few sizes are used, so that each is prepared once.
    """
    cursors = []
    start = 0
    while start < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - start)
        values = list(chain.from_iterable(rows[start : start + size]))
        cursors.append(connection.execute(_expand(sql, size, len(rows[start])), values))
        start += size
    return cursors


class ReadPool:
    """Read-only connections to one database: each is used by one thread at a time, and kept for the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction: everything asked of it is of one instant. Raises `Retryable`."""
        connection = self._take()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            raise failure(error, self._path) from error
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self.close()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, None where there is no row."""
        with self.snapshot() as connection:
            row = connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def check(self) -> list[str]:
        """What `PRAGMA quick_check` finds wrong with the file; [] for a sound one."""
        with self.snapshot() as connection:
            return [text for (text,) in connection.execute("PRAGMA quick_check(20)") if text != "ok"]

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise Retryable(f"{self._path.name} is closed")
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            raise XundanError(f"{self._path} does not exist yet: nothing has been received in this data directory")
        try:
            connection = _connect(self._path, _reading_mode(self._path))
            _version(connection, self._path)
        except sqlite3.Error as error:
            raise failure(error, self._path) from error
        return connection
