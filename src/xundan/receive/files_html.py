"""Rows of a web page's table: what some platforms export under the name .xls."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TextIO

from xundan.errors import Rejected

CHUNK = 1 << 16
CELL_CHARS = 1 << 16
ROW_CELLS = 2_000


class _Rows(HTMLParser):
    """Collects the rows that are complete; tables inside a cell count as its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[list[str]] = []
        self._cells: list[str] = []
        self._text: list[str] | None = None
        self._size = 0
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.end_row()
        elif tag in ("td", "th"):
            self._end_cell()
            self._text, self._size = [], 0
            if len(self._cells) >= ROW_CELLS:
                raise Rejected("a row of the web page has thousands of cells; this is no table of rows")
        elif tag in ("script", "style"):
            self._hidden = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self.end_row()
        elif tag in ("script", "style"):
            self._hidden = False

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._hidden:
            self._size += len(data)
            if self._size > CELL_CHARS:
                raise Rejected("a cell of the web page is far too long; this is no table of rows")
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._text is not None:
            self._cells.append("".join(self._text).strip())
            self._text = None

    def end_row(self) -> None:
        self._end_cell()
        if self._cells:
            self.done.append(self._cells)
            self._cells = []


def html_rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The rows of every table of a page, numbered from 1. Raises `Rejected` for a page without any."""
    number = 0
    for number, cells in enumerate(_cells(file), 1):
        yield number, cells
    if not number:
        raise Rejected("the file is a web page or XML without a table; save it as .xlsx")


def _cells(file: TextIO) -> Iterator[list[str]]:
    parser = _Rows()
    while chunk := file.read(CHUNK):
        parser.feed(chunk)
        yield from parser.done
        parser.done.clear()
    parser.close()
    parser.end_row()
    yield from parser.done
