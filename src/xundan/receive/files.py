"""Rows of a file, whatever its format: CSV, JSON Lines or an Excel workbook, told apart by what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from xundan.errors import Rejected
from xundan.receive.files_csv import csv_table
from xundan.receive.files_jsonl import jsonl_table
from xundan.receive.files_table import Row, Table
from xundan.receive.files_xlsx import xlsx_table

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read_rows(path: Path, *, sheet: str | None = None) -> Iterator[Row]:
    """The rows of a file, lazily; memory does not grow with the file (but for the shared strings of a workbook).

    Args:
        path: CSV (comma, tab or semicolon; UTF-8 or GBK), JSON Lines, or .xlsx.
        sheet: the name of a workbook's sheet; its first unless given.

    Raises:
        Rejected: the file cannot be read; one sentence that begins with its path. A row that cannot be used is no
            error: it carries its `fault`.
    """
    with open_table(path, sheet=sheet) as table:
        yield from table.rows


@contextmanager
def open_table(path: Path, *, sheet: str | None = None) -> Iterator[Table]:
    """A file, open: its headings, its rows, and how much of it has been read. Raises as `read_rows` does."""
    with ExitStack() as stack:
        try:
            table = stack.enter_context(_format(path, sheet))
        except (Rejected, OSError, UnicodeError) as error:
            raise unreadable(path, error) from None
        yield replace(table, rows=named(path, table.rows))


def _format(path: Path, sheet: str | None) -> AbstractContextManager[Table]:
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_ZIP):
        return xlsx_table(path, sheet)
    if head.startswith(_OLE):
        raise Rejected("an old .xls workbook, or one with a password; save it as .xlsx or CSV (UTF-8)")
    first = head.lstrip(_BLANK)[:1]
    if first == b"{" or path.suffix.lower() in (".jsonl", ".ndjson"):
        return jsonl_table(path)
    if first == b"<":
        raise Rejected("the file is a web page or XML; open it in a spreadsheet and save it as .xlsx")
    if first == b"[":
        raise Rejected("the file is a JSON list; write one JSON object a line (JSON Lines)")
    return csv_table(path)


def named(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; an error of reading becomes one sentence that begins with the path."""
    try:
        yield from rows
    except (Rejected, OSError, UnicodeError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Rejected | OSError | UnicodeError) -> Rejected:
    """One sentence about a file that cannot be read (further)."""
    if isinstance(error, Rejected):
        return Rejected(f"{path}: {error.reason}", field=error.field, code=error.code)
    if isinstance(error, FileNotFoundError):
        return Rejected(f"{path}: there is no such file")
    if isinstance(error, IsADirectoryError):
        return Rejected(f"{path}: this is a folder, not a file")
    if isinstance(error, OSError):
        return Rejected(f"{path}: cannot be read: {error.strerror or 'input/output error'}")
    return Rejected(f"{path}: the text is damaged: it does not keep to its encoding")
