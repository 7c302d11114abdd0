"""The cells of a table as they stand in a file of any format, before anybody knows what its columns mean."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from xundan.errors import Rejected
from xundan.receive.files_columns import Role
from xundan.receive.files_csv import DELIMITERS
from xundan.receive.files_encoding import lines_of, open_text, share_read
from xundan.receive.files_html import html_rows
from xundan.receive.files_table import plain_cell
from xundan.receive.files_xls import xls_cells
from xundan.receive.files_xlsx import cell_text, xlsx_cells

HEAD = 30
"""Lines that are looked at for the separator; exports put a few lines of banner above their headings."""

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
BLANK = b"\xef\xbb\xbf \t\r\n"


class Line(NamedTuple):
    """A row of cells, its number in the file, and why it cannot be read, if it cannot."""

    number: int
    cells: Sequence[Any]
    fault: Rejected | None = None


@dataclass(frozen=True)
class Grid:
    """An open table. `read(name, role, cell)` makes a cell's text or raises `Rejected`; `show(cell)` never does."""

    lines: Iterator[Line]
    share: Callable[[], float]
    read: Callable[[str, Role, Any], str]
    show: Callable[[Any], str]


def open_grid(path: Path) -> AbstractContextManager[Grid]:
    """Opens CSV, .xlsx, .xls, or an .xls that is a web page or CSV inside; told apart by what is in the file.

    Raises:
        Rejected: the file is none of them, damaged, a zip bomb, or its reader is not installed.
        OSError, UnicodeError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(ZIP):
        return _workbook(path, xlsx_cells)
    if head.startswith(OLE):
        return _workbook(path, xls_cells)
    if _text_of(head).lstrip()[:1] == "<":
        return _page(path)
    return _csv(path)


def _text_of(head: bytes) -> str:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return head.decode("utf-16" if wide else "utf-8-sig", "replace")


@contextmanager
def _workbook(path: Path, opened: Callable[[Path], AbstractContextManager[Any]]) -> Iterator[Grid]:
    with opened(path) as (rows, total):
        read = 0

        def lines() -> Iterator[Line]:
            nonlocal read
            for read, cells in rows:
                yield Line(read, cells)

        yield Grid(lines(), lambda: min(1.0, read / total) if total else 0.0, cell_text, _shown)


def _shown(cell: Any) -> str:
    return "" if cell.value is None else str(cell.value)


@contextmanager
def _page(path: Path) -> Iterator[Grid]:
    with open_text(path) as file:
        lines = (Line(number, cells) for number, cells in html_rows(file))
        yield Grid(lines, partial(share_read, file, path.stat().st_size), _read_text, str)


@contextmanager
def _csv(path: Path) -> Iterator[Grid]:
    with open_text(path) as file:
        lines = lines_of(file)
        first = list(islice(lines, HEAD))
        if not any(line.strip() for line in first):
            raise Rejected("the file is empty")
        delimiter = max(DELIMITERS, key=lambda d: max(line.count(d) for line in first))
        reader = csv.reader(chain(first, lines), delimiter=delimiter, strict=True)
        yield Grid(_csv_lines(reader), partial(share_read, file, path.stat().st_size), _read_text, str)


def _csv_lines(reader: Any) -> Iterator[Line]:
    number = 1
    while True:
        try:
            for cells in reader:
                yield Line(number, cells)
                number = reader.line_num + 1
            return
        except csv.Error:
            broken = "a quotation mark is not closed or not doubled, or a text is far too long"
            yield Line(number, (), Rejected(f"line {number}: {broken}"))
            number = reader.line_num + 1


def _read_text(name: str, role: Role, cell: str) -> str:
    return cell if role == "text" else plain_cell(name, cell)
