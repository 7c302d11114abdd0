"""Rows of CSV: separated by comma, tab or semicolon, in UTF-8 or GBK."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from xundan.errors import Rejected
from xundan.receive.files_columns import CHINESE_VALUES, ROLES
from xundan.receive.files_encoding import lines_of, open_text, share_read
from xundan.receive.files_table import REASON_HEADING, Row, Table, known, names_of, plain_cell, unsafe_cell

DELIMITERS = ",\t;"
_SPECIAL = "=\t' \u00a0\u3000"


@contextmanager
def csv_table(path: Path) -> Iterator[Table]:
    """Opens a CSV file. Raises `Rejected` where it is empty, no text, or its first row names no known column."""
    with open_text(path) as file:
        lines = lines_of(file)
        first = _first(lines)
        delimiter = max(DELIMITERS, key=lambda d: known(_split(first[-1], d)))
        reader = csv.reader(chain(first, lines), delimiter=delimiter, strict=True)
        headings = _headings(reader)
        names = names_of(headings)
        rows = _rows(reader, names, rejects=REASON_HEADING in headings)
        yield Table(path, headings, names, rows, partial(share_read, file, path.stat().st_size))


def _first(lines: Iterator[str]) -> list[str]:
    """The lines up to the first that is not blank."""
    first = []
    for line in lines:
        first.append(line)
        if line.strip():
            return first
    raise Rejected("the file is empty")


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _headings(reader: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        return tuple(heading.strip() for heading in next(filter(any, reader)))
    except csv.Error:
        raise Rejected("the first row must name the columns; a quotation mark in it is not closed") from None


def _rows(reader: Any, names: tuple[str, ...], *, rejects: bool) -> Iterator[Row]:
    plain = [name for name in names if ROLES.get(name) in ("id", "time")]
    width = len(names)
    line = reader.line_num + 1
    while True:
        try:
            for cells in reader:
                if any(cells):
                    row = _row(line, names, plain, cells) if len(cells) <= width else _too_wide(line, names, cells)
                    yield _back(row) if rejects else row
                line = reader.line_num + 1
            return
        except csv.Error:
            yield Row(line, {}, _broken_quotes(line, reader.line_num))
            line = reader.line_num + 1


def _row(line: int, names: tuple[str, ...], plain: list[str], cells: list[str]) -> Row:
    values: dict[str, object] = dict(zip(names, cells, strict=False))
    fault = None
    for name in plain:
        cell: Any = values.get(name)
        if cell and (cell[0] in _SPECIAL or cell[-1] in _SPECIAL or name in CHINESE_VALUES or "E+" in cell):
            try:
                values[name] = plain_cell(name, cell)
            except Rejected as error:
                fault = fault or error
    return Row(line, values, fault)


def _too_wide(line: int, names: tuple[str, ...], cells: list[str]) -> Row:
    values: dict[str, object] = dict(zip(names, cells, strict=False))
    if not any(cells[len(names) :]):
        return _row(line, names, [], cells)
    return Row(line, values, Rejected(f"{len(cells)} cells under {len(names)} headings; put texts in quotation marks"))


def _back(row: Row) -> Row:
    """A row of a rejects file, without the apostrophe that kept a spreadsheet from calculating its text."""
    text = row.values.get("text")
    return row._replace(values={**row.values, "text": unsafe_cell(text)}) if isinstance(text, str) else row


def _broken_quotes(first: int, last: int) -> Rejected:
    where = f"line {first}" if first >= last else f"lines {first} to {last}"
    return Rejected(f"{where}: a quotation mark is not closed or not doubled, or a text is far too long")
