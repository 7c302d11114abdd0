"""Rows of an Excel workbook (.xlsx), read cell by cell; formulas are never calculated."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl

from xundan.errors import Rejected
from xundan.receive.files_columns import ROLES, Role
from xundan.receive.files_table import (
    LONG_TEXT_HINT,
    REASON_HEADING,
    Row,
    Table,
    formula,
    lost_digits,
    names_of,
    plain_cell,
    unsafe_cell,
)

MAX_UNPACKED = 2 << 30
MAX_STRINGS = 256 << 20
MAX_RATIO = 200
SMALL = 16 << 20
"""Bytes. A sheet of a million chats unpacks to less than MAX_UNPACKED; spreadsheets pack 5 to 50 times smaller, and
what packs beyond MAX_RATIO is a zip bomb unless it is small anyway. Excel's shared strings are held in memory."""

EXACT_DIGITS = 15
"""Significant decimal digits of a spreadsheet's number; what is longer has been rounded."""

SLACK = timedelta(milliseconds=2)
CHUNK = 200
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, ParseError, RuntimeError),
    *(KeyError, ValueError, IndexError, AttributeError, TypeError, EOFError),
)
"""What openpyxl raises for a workbook that is not as it should be; a member with a password is a `RuntimeError`."""


@contextmanager
def xlsx_table(path: Path, sheet: str | None = None) -> Iterator[Table]:
    """Opens a sheet of a workbook, the first unless named.

    Raises:
        Rejected: not a workbook, a zip bomb, no such sheet, no known column.
    """
    with xlsx_cells(path, sheet) as (rows, total):
        headings = next((_headings(cells) for _, cells in rows if any(c.value is not None for c in cells)), None)
        if headings is None:
            raise Rejected("the sheet is empty")
        yield _table(path, headings, rows, total)


@contextmanager
def xlsx_cells(path: Path, sheet: str | None = None) -> Iterator[tuple[Iterator[tuple[int, tuple[Any, ...]]], int]]:
    """A sheet's rows of cells, each with its number, and how many rows it says it has. Raises as `xlsx_table` does."""
    check_size(path)
    with path.open("rb") as file, closing(_load(file)) as workbook:
        worksheet = _choose(workbook, sheet)
        total = worksheet.max_row or 0
        worksheet.reset_dimensions()  # exporters write wrong ones
        yield _numbered(worksheet), total


def check_size(path: Path) -> None:
    """Raises `Rejected` for what is no zip file, or would unpack to more than a workbook of this size should.

    The sizes are those that the archive declares, and no more than them is ever unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        raise Rejected("the workbook is damaged; open it in a spreadsheet and save it as .xlsx again") from None
    unpacked = sum(member.file_size for member in members)
    strings = sum(member.file_size for member in members if "sharedstrings" in member.filename.lower())
    if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * path.stat().st_size):
        raise Rejected("the workbook unpacks to far more than its size allows; save the sheet as CSV (UTF-8)")
    if strings > MAX_STRINGS:
        raise Rejected("the workbook holds too much text to be read at once; save the sheet as CSV (UTF-8)")


def _load(file: BinaryIO) -> Any:
    """An open file, because openpyxl does not close one that it opened itself when it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(file, read_only=True, keep_links=False)
    except (*BROKEN, OSError):
        raise Rejected("the workbook is damaged; open it in a spreadsheet and save it as .xlsx again") from None


def _choose(workbook: Any, sheet: str | None) -> Any:
    sheets = {worksheet.title: worksheet for worksheet in workbook.worksheets}
    if not sheets:
        raise Rejected("the workbook has no sheet")
    if sheet is None:
        return workbook.worksheets[0]
    if sheet not in sheets:
        raise Rejected(f"there is no sheet {sheet!r}; the workbook has: {', '.join(sheets)}")
    return sheets[sheet]


def _numbered(worksheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Rows with their numbers. openpyxl's warnings about odd cells are for programmers; such cells are refused here."""
    source = enumerate(worksheet.iter_rows(), 1)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                chunk = list(islice(source, CHUNK))
            except BROKEN:
                raise Rejected("the workbook is damaged; open it in a spreadsheet and save it as .xlsx again") from None
        if not chunk:
            return
        yield from chunk


def _headings(cells: tuple[Any, ...]) -> tuple[str, ...]:
    headings = ["" if cell.value is None else str(cell.value).strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    return tuple(headings)


def _table(path: Path, headings: tuple[str, ...], rows: Iterator[tuple[int, tuple[Any, ...]]], total: int) -> Table:
    names = names_of(headings)
    read = 0

    def counted() -> Iterator[Row]:
        nonlocal read
        rejects = REASON_HEADING in headings
        for read, cells in rows:
            if any(cell.value is not None for cell in cells):
                yield _row(read, names, cells, rejects=rejects)

    return Table(path, headings, names, counted(), lambda: min(1.0, read / total) if total else 0.0)


def _row(line: int, names: tuple[str, ...], cells: tuple[Any, ...], *, rejects: bool) -> Row:
    values: dict[str, object] = {"text": ""} if "text" in names else {}
    fault = None
    for name, cell in zip(names, cells, strict=False):
        try:
            values[name] = _cell(name, cell)
        except Rejected as error:
            values[name] = str(cell.value)
            fault = fault or error
    if rejects and isinstance(values.get("text"), str):
        values["text"] = unsafe_cell(str(values["text"]))
    return Row(line, values, fault)


def _cell(name: str, cell: Any) -> str:
    """A cell as text; columns that are not Xundan's are not looked at closely."""
    role = ROLES.get(name)
    if role is None:
        return "" if cell.value is None else str(cell.value)
    return cell_text(name, role, cell)


def cell_text(name: str, role: Role, cell: Any) -> str:
    """A cell as the text that a CSV export would hold.

    Args:
        name: the column's, for the reason.
        cell: anything with openpyxl's `value` and `data_type`.

    Raises:
        Rejected: a formula, an error, a number that has lost digits, a date where an id belongs.
    """
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise formula(name)
    if cell.data_type == "e":
        raise Rejected(f"{name} holds a spreadsheet error such as #N/A", field=name)
    if isinstance(value, str):
        return value if role == "text" else plain_cell(name, value)
    if isinstance(value, datetime | date):
        return _time(name, role, value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(name, role, value)
    raise Rejected(f"{name} must be a {'date and time' if role == 'time' else 'text'}", field=name)


def _time(name: str, role: Role, value: date) -> str:
    if role != "time":
        raise Rejected(f"{name} was turned into a date by the spreadsheet; {LONG_TEXT_HINT}", field=name)
    if not isinstance(value, datetime):
        return value.isoformat()
    # A spreadsheet keeps the time as a fraction of a day, which misses the second by up to a millisecond.
    moment = value + SLACK
    if moment.microsecond < 2 * SLACK.microseconds:
        return moment.replace(microsecond=0).isoformat(" ")
    return value.isoformat(" ", "milliseconds")


def _number(name: str, role: Role, value: int | float) -> str:
    text = str(value) if isinstance(value, int) else f"{value:.{EXACT_DIGITS}g}"
    if len(text.lstrip("-")) > EXACT_DIGITS + ("." in text) or "e" in text:
        raise lost_digits(name)
    if role == "time" and abs(value) < 100_000:
        raise Rejected(f"{name} is a number of days; format the column as a date and time", field=name)
    return text
