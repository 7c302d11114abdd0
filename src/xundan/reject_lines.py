"""The rejects of JSON Lines: each refused object as it was, `rejected` says why; put right, it can go in again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from xundan.errors import XundanError

SUFFIX = ".rejects.jsonl"
FIELD = "rejected"


class RejectLines:
    """Written from the first refused object on; without one nothing is written.

    Args:
        path: where to write; None only counts.
        translate: makes an English reason the operator's.
    """

    def __init__(self, path: Path | None, translate: Callable[[str], str]) -> None:
        self._path = path
        self._translate = translate
        self._file: TextIO | None = None
        self.count = 0

    @property
    def written(self) -> Path | None:
        """The file's path, or None where nothing was written."""
        return self._path if self._file else None

    def add(self, number: int, what: Mapping[str, Any] | bytes, reason: str) -> None:
        """Refuse object number `number` of a file: as an object, or as the bytes that are none.

        Raises `XundanError` where the file cannot be written.
        """
        self.count += 1
        if self._path is None:
            return
        row = dict(what) if isinstance(what, Mapping) else _object(what)
        row[FIELD] = {"line": number, "reason": self._translate(reason)}
        try:
            if self._file is None:
                # A lone surrogate has no bytes of its own: replaced by a backslash it is the escape that JSON knows.
                self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._file:
                self._file.close()
        except OSError as failed:
            raise self._unwritable(failed) from None

    def _unwritable(self, error: OSError) -> XundanError:
        return XundanError(f"{self._path}: the rejects file cannot be written: {error.strerror}")


def _object(content: bytes) -> dict[str, Any]:
    """The object on a line; one that holds the line where there is none."""
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else {"raw": content.decode("utf-8", "replace").rstrip("\r\n")}
