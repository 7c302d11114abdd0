"""Lines for a terminal where a Chinese character takes two cells: columns that stay aligned, sentences that break well,
and bars that show an interval."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from xundan.measure.intervals import Interval

Align = Literal["left", "right"]
Line = Text | Sequence[Text] | None
"""A line across, a line of cells, or None for a rule."""

INDENT = 1
MIN_NAME = 8
_WORD = re.compile(r"（?(?:[!-\u2fff]+|.)[，。；：、）！？]*")


def clean(text: str, cells: int = 24) -> str:
    """A name from outside, fit for a terminal: no control or direction characters, at most `cells` wide."""
    shown = Text("".join(char if char.isprintable() else "�" for char in text))
    shown.truncate(cells, overflow="ellipsis")
    return shown.plain


def columns_width(rows: Iterable[Sequence[Text]]) -> list[int]:
    """How many cells each column needs."""
    return [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]


def grid(lines: Sequence[Line], align: Sequence[Align], width: int, gap: int = 2) -> list[Text]:
    """Set lines of cells into columns, `gap` cells apart; `align` has one entry a column.

    The first column gives way, with an ellipsis, where the line would not fit.
    """
    widths = columns_width([line for line in lines if line is not None and not isinstance(line, Text)])
    excess = INDENT + sum(widths) + gap * (len(widths) - 1) - width
    if excess > 0:
        widths[0] = max(min(widths[0], MIN_NAME), widths[0] - excess)
    return [_set(line, widths, align, width, gap) for line in lines]


def _set(line: Line, widths: Sequence[int], align: Sequence[Align], width: int, gap: int) -> Text:
    if line is None:
        across = sum(widths) + gap * (len(widths) - 1)
        return Text(" " * INDENT + "─" * min(across, width - INDENT), style="dim")
    if isinstance(line, Text):
        return Text(" " * INDENT) + line
    cells = []
    for text, cells_wide, side in zip(line, widths, align, strict=True):
        cell = text.copy()
        cell.truncate(cells_wide, overflow="ellipsis")
        cell.align(side, cells_wide)
        cells.append(cell)
    return Text(" " * INDENT) + Text(" " * gap).join(cells)


def wrap(text: str, width: int, style: str = "") -> list[Text]:
    """Break a sentence into lines: between Chinese characters anywhere, else between words; never before 。 or ，."""
    lines = [""]
    for word in _WORD.findall(text):
        if cell_len(lines[-1] + word) > width - INDENT and lines[-1]:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return [Text(" " * INDENT + line.rstrip(), style=style) for line in lines]


def bar(rate: float | None, interval: Interval | None, top: float, width: int, *, mature: bool = True) -> Text:
    """A bar from 0 to `top`: full up to the interval's low end, dark up to the rate, light up to the high end.

    An immature bar is light up to the rate and has no more to say.
    """
    if rate is None or interval is None:
        return Text("")

    def place(value: float) -> int:
        return min(width, round(value / top * width))

    if not mature:
        return Text("░" * place(rate), style="yellow")
    low, middle, high = place(interval.low), place(rate), place(interval.high)
    drawn = Text("█" * low, style="green")
    drawn.append("▓" * (middle - low), style="green")
    return drawn.append("░" * (high - middle), style="dim green")


def scale(intervals: Iterable[Interval | None]) -> float:
    """The axis' end: the highest upper bound, rounded up to whole tenths."""
    high = max((interval.high for interval in intervals if interval is not None), default=1.0)
    return min(1.0, -(-high * 10 // 1) / 10) or 1.0


def to_string(lines: Iterable[Text], width: int, *, color: bool) -> str:
    """The lines as one text; with ANSI colours when asked, else plain, and never with blanks at a line's end."""
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        legacy_windows=False,
        no_color=not color,
    )
    for line in lines:
        line.rstrip()
        console.print(line, overflow="ignore", no_wrap=True, crop=False)
    return out.getvalue()
