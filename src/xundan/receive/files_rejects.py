"""The rejects file: each refused row with its columns, its row number and the reason, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from xundan.errors import XundanError
from xundan.receive.files_columns import COLUMNS, ROLES, Kind
from xundan.receive.files_table import REASON_HEADING, ROW_HEADING, Row, Table, safe_cell

SUFFIX = ".rejects.csv"
_LONG_NUMBER = re.compile(r"0\d+|\d{12,}")


class RejectsFile:
    """Written beside the file it belongs to, from the first refused row on; without one nothing is written.

    Args:
        path: where to write.
        kind: names the columns where the table has none of its own.
        table: the file that is being read.
        translate: makes an English reason the operator's.
    """

    def __init__(self, path: Path, kind: Kind, table: Table, translate: Callable[[str], str]) -> None:
        self._path = path
        self._translate = translate
        self._names = table.names or tuple(column.name for column in COLUMNS[kind])
        self._headings = table.headings or self._names
        self._ids = frozenset(name for name in self._names if table.foreign or ROLES.get(name) == "id")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._file:
                self._file.close()
        except OSError as failed:
            raise self._unwritable(failed) from None

    @property
    def written(self) -> Path | None:
        """The file's path, or None where no row was refused."""
        return self._path if self._file else None

    def write(self, row: Row, reason: str) -> None:
        """Raises `XundanError` where the file cannot be written."""
        try:
            self._write(row, reason)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> XundanError:
        return XundanError(f"{self._path}: the rejects file cannot be written: {error.strerror}")

    def _write(self, row: Row, reason: str) -> None:
        if self._file is None:
            # UTF-8 with a mark, or Excel reads it as GBK; bytes that were broken in the file are so here.
            self._file = self._path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="")
            self._line([ROW_HEADING, REASON_HEADING, *self._own(self._headings)])
        cells = [_cell(row.values.get(name), plain=name in self._ids) for name in self._names]
        self._line([str(row.line), safe_cell(self._translate(reason)), *self._own(cells)])

    def _own(self, cells: Sequence[str]) -> list[str]:
        """Without the two columns of an earlier rejects file."""
        added = (ROW_HEADING, REASON_HEADING)
        return [cell for cell, heading in zip(cells, self._headings, strict=True) if heading not in added]

    def _line(self, cells: Sequence[str]) -> None:
        assert self._file is not None
        csv.writer(self._file).writerow(cells)


def _cell(value: object, *, plain: bool) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # The tab keeps a spreadsheet from rounding a long number or dropping its zeros; reading takes it off again.
    return f"\t{text}" if plain and _LONG_NUMBER.fullmatch(text) else safe_cell(text)
