"""Rows of an old Excel workbook (.xls, BIFF). The reader is an optional part: `pip install 'xundan[xls]'`."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from xundan.errors import MissingExtra, Rejected

MAX_BYTES = 256 << 20
"""A sheet of the old format has at most 65,536 rows, and is held in memory."""

DATE, BOOLEAN, ERROR = 3, 4, 5
EMPTY = (0, 6)
BROKEN = (struct.error, ValueError, IndexError, KeyError, AssertionError, AttributeError, TypeError, EOFError)
"""What the reader raises for a workbook that is not as it should be, beside its own errors."""


class XlsCell(NamedTuple):
    """A cell as openpyxl has it: `data_type` is `e` for an error, else empty."""

    value: Any
    data_type: str = ""


@contextmanager
def xls_cells(path: Path) -> Iterator[tuple[Iterator[tuple[int, list[XlsCell]]], int]]:
    """The first sheet's rows of cells, each with its number, and how many there are.

    The old format's reader knows of a formula only what it came to, so a formula counts as its value.

    Raises:
        Rejected: no workbook, one with a password, or the optional reader is not installed.
    """
    try:
        import xlrd
    except ImportError:
        raise Rejected(str(MissingExtra("reading an old .xls workbook", "xls"))) from None
    if path.stat().st_size > MAX_BYTES:
        raise Rejected("the old .xls workbook is too large; save it as CSV (UTF-8)")
    try:
        book = xlrd.open_workbook(path, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
        sheet = book.sheet_by_index(0)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *BROKEN):
        raise Rejected("the .xls workbook is damaged or has a password; save it as .xlsx or CSV (UTF-8)") from None
    try:
        yield _rows(xlrd, book.datemode, sheet), sheet.nrows
    finally:
        book.release_resources()


def _rows(xlrd: Any, datemode: int, sheet: Any) -> Iterator[tuple[int, list[XlsCell]]]:
    for number in range(sheet.nrows):
        yield number + 1, [_cell(xlrd, datemode, cell) for cell in sheet.row(number)]


def _cell(xlrd: Any, datemode: int, cell: Any) -> XlsCell:
    if cell.ctype in EMPTY or cell.value == "":
        return XlsCell(None)
    if cell.ctype == ERROR:
        return XlsCell("#N/A", "e")
    if cell.ctype == BOOLEAN:
        return XlsCell(bool(cell.value))
    if cell.ctype == DATE:
        try:
            return XlsCell(xlrd.xldate_as_datetime(cell.value, datemode))
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return XlsCell("#VALUE!", "e")
    return XlsCell(cell.value)
