"""What a file of rows looks like once it is open, whatever its format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from xundan.errors import Rejected
from xundan.receive.files_columns import CHINESE_VALUES, COLUMNS, HEADINGS, Kind, describe, plain_heading

ROW_HEADING = "行号 row"
REASON_HEADING = "原因 reason"
"""The two columns that a rejects file adds; a file that has them is a rejects file on its way back."""

RISKY = "=+-@\t\r\n'＝＋－＠"
"""A cell that begins with one of these is prefixed with an apostrophe in a rejects file: a spreadsheet must not
calculate what a customer wrote (OWASP, CSV injection). Every such cell begins with an apostrophe and no other does,
so it can be taken off again."""

LONG_TEXT_HINT = "format the column as text in the spreadsheet, export the file anew, and import that"
_LOST_DIGITS = re.compile(r"[+-]?\d(?:\.\d+)?E\+\d+")
_LOOKS_PERSONAL = re.compile(r"\d{5}|@")


class Row(NamedTuple):
    """A row: the line on which it begins (or its row in a sheet), its values by wire name, and why it cannot be used.

    A column that is not Xundan's own keeps its heading as its name. `key` is the idempotency key of the fact, if any.
    """

    line: int
    values: dict[str, object]
    fault: Rejected | None = None
    key: str = ""


PAUSE = Row(0, {})
"""Is no row: a table yields it where it reads on for long before its next row, so that progress can be told."""


@dataclass(frozen=True)
class Table:
    """An open file. `headings` as written and `names` beside them are empty where the format has none (JSON Lines).

    `rows` may raise `Rejected` where the rest of the file cannot be read; `share` says how much has been, 0 to 1.
    `foreign`: the headings are another system's, and the names are the headings. `notes` counts what the operator
    should know beside the rows; it is complete when the rows have been read.
    """

    path: Path
    headings: tuple[str, ...]
    names: tuple[str, ...]
    rows: Iterator[Row]
    share: Callable[[], float]
    foreign: bool = False
    notes: Counter[str] = field(default_factory=Counter)


def names_of(headings: Sequence[str]) -> tuple[str, ...]:
    """The wire name of each heading; other headings stay, made different from each other.

    Raises:
        Rejected: no heading is known, or one column is there twice.
    """
    names: list[str] = []
    for place, heading in enumerate(headings):
        name = HEADINGS.get(plain_heading(heading))
        if name in names:
            raise Rejected(f"the column {describe(name)} is there twice", field=name)
        names.append(name or (heading if heading and heading not in names else f"{heading}#{place + 1}"))
    if not known(headings):
        raise Rejected(f"the first row must name the columns; found: {shown(headings)}", code="missing_field")
    return tuple(names)


def known(headings: Sequence[str]) -> int:
    """How many of the headings are understood."""
    return sum(plain_heading(heading) in HEADINGS for heading in headings)


def check_columns(kind: Kind, table: Table) -> None:
    """Raises `Rejected`, naming the first required column that the file lacks and the columns it has."""
    if not table.headings or table.foreign:
        return
    for column in COLUMNS[kind]:
        if column.required and column.name not in table.names:
            raise Rejected(
                f"{table.path}: the column {describe(column.name)} is missing; found: {shown(table.headings)}",
                field=column.name,
                code="missing_field",
            )


def shown(headings: Sequence[str]) -> str:
    """Headings in an error text. Where the heading row is missing they are a customer's data: what may be is hidden."""
    listed = ["…" if len(h) > 20 or _LOOKS_PERSONAL.search(h) else h for h in headings[:30] if h]
    return ", ".join(listed + ["…"] * (len(headings) > 30)) or "nothing"


def plain_cell(name: str, cell: str) -> str:
    """An id, number or time without what spreadsheets and shop platforms wrap around it: `="00123"`, a tab, a `'`.

    Raises:
        Rejected: a formula, or a number whose last digits a spreadsheet has dropped (1.23E+18).
    """
    cell = cell.strip().removeprefix("'").strip()
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        cell = cell[2:-1].strip()
    elif cell.startswith("="):
        raise formula(name)
    if _LOST_DIGITS.fullmatch(cell):
        raise lost_digits(name)
    return CHINESE_VALUES[name].get(cell, cell) if name in CHINESE_VALUES else cell


def formula(name: str) -> Rejected:
    return Rejected(f"{name} holds a formula; paste it as a value and import that", field=name)


def lost_digits(name: str) -> Rejected:
    return Rejected(f"{name} is a number that has lost digits; {LONG_TEXT_HINT}", field=name)


def safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell[:1] and cell[0] in RISKY else cell


def unsafe_cell(cell: str) -> str:
    """Undoes `safe_cell`."""
    return cell[1:] if cell.startswith("'") else cell
