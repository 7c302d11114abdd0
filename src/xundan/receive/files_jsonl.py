"""Rows of JSON Lines: one object a line, by wire names or the Chinese headings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

import msgspec

from xundan.errors import Rejected
from xundan.receive.files_columns import CHINESE_VALUES, HEADINGS, WIRE_NAMES, plain_heading
from xundan.receive.files_encoding import lines_of, open_text, share_read
from xundan.receive.files_table import Row, Table, lost_digits

LOST_FROM = 1e15
"""A JSON number with a point or an exponent is exact below this; from here on digits are missing."""

_decode = msgspec.json.Decoder().decode


@contextmanager
def jsonl_table(path: Path) -> Iterator[Table]:
    """Opens a JSON Lines file. Raises `Rejected` where it is empty or no text."""
    size = path.stat().st_size
    with open_text(path) as file:
        if not size:
            raise Rejected("the file is empty")
        yield Table(path, (), (), _rows(file), partial(share_read, file, size))


def _rows(file: TextIO) -> Iterator[Row]:
    for number, line in enumerate(lines_of(file), 1):
        if not line.isspace():
            yield _row(number, line)


def _row(number: int, line: str) -> Row:
    try:
        values = _decode(line)
    except UnicodeError:
        return Row(number, {}, Rejected("the line holds bytes that are no text in the file's encoding"))
    except (msgspec.DecodeError, RecursionError):
        return Row(number, {}, Rejected("the line is not a JSON object"))
    if not isinstance(values, dict):
        return Row(number, {}, Rejected("the line is not a JSON object"))
    if not values.keys() <= WIRE_NAMES:
        values = {HEADINGS.get(plain_heading(name), name): value for name, value in values.items()}
    for name, words in CHINESE_VALUES.items():
        value = values.get(name)
        if isinstance(value, str) and value in words:
            values[name] = words[value]
    for name, value in values.items():
        if isinstance(value, float) and abs(value) >= LOST_FROM:
            return Row(number, values, lost_digits(name))
    return Row(number, values)
