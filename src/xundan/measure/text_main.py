"""The main table of the text report: days or groups, each with its rate, interval and bar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rich.text import Text

from xundan.measure.layout import INDENT, Line, bar, clean, columns_width, grid, scale, wrap
from xundan.measure.names import Lang, dimension_name, value_name
from xundan.measure.report import Report
from xundan.measure.rows import CONVERSATIONS, Rate, Row
from xundan.measure.words import percent, say, weekday, yuan

MIN_BAR, MAX_BAR = 8, 40
GAP = 1
LATE = "yellow"
COUNTS = ("wrote", "answered")


class Entry(NamedTuple):
    """A line of the table before its bar is drawn: cells left of the bar, what the bar shows, cells right of it."""

    left: list[Text]
    rate: Rate | None
    mature: bool
    right: list[Text]


Entries = list[Entry | Text | None]


def main_rate(report: Report) -> str:
    """The rate a report leads with."""
    return "paid" if report.query.unit == "inquiry" else CONVERSATIONS


def main_table(report: Report, lang: Lang, width: int) -> list[Text]:
    """The table and its legend. A narrow terminal gets no sales, a very narrow one no bars either."""
    entries = _days(report, lang) if report.query.by == "day" else _groups(report, lang)
    for keep_right in (True, False):
        drawn, room = _fit(entries, width, keep_right=keep_right)
        if room >= MIN_BAR:
            break
    top = scale(entry.rate.interval for entry in drawn if isinstance(entry, Entry) and entry.rate and entry.mature)
    lines: list[Line] = [_with_bar(entry, top, min(room, MAX_BAR)) for entry in drawn]
    first = next(entry for entry in drawn if isinstance(entry, Entry))
    align = ["left", *["right"] * (len(first.left) - 1), *(["left"] if room >= MIN_BAR else [])]
    table = grid(lines, [*align, *["right"] * len(first.right)], width, GAP)  # type: ignore[list-item]
    return [*table, *_notes(report, lang, width, entries, top if room >= MIN_BAR else None)]


def _fit(entries: Entries, width: int, *, keep_right: bool) -> tuple[Entries, int]:
    """The entries, with or without what stands right of the bar, and the cells that remain for the bar."""
    kept: Entries = [
        entry._replace(right=entry.right if keep_right else []) if isinstance(entry, Entry) else entry
        for entry in entries
    ]
    widths = columns_width([*entry.left, *entry.right] for entry in kept if isinstance(entry, Entry))
    return kept, width - INDENT - sum(widths) - GAP * (len(widths) + 1)


def _with_bar(entry: Entry | Text | None, top: float, room: int) -> Line:
    if not isinstance(entry, Entry):
        return entry
    if room < MIN_BAR:
        return [*entry.left, *entry.right]
    rate = entry.rate
    drawn = bar(rate.rate, rate.interval, top, room, mature=entry.mature) if rate else Text(f"0–{percent(top, 0)}")
    return [*entry.left, Text(" ") + drawn, *entry.right]


def _days(report: Report, lang: Lang) -> Entries:
    name = main_rate(report)
    mature = [row for row in report.days if row.rates[name].mature.days]
    late = [row for row in report.days if row.rates[name].immature.days]
    entries: Entries = [_header(report, lang), None, *(_day(report, row, lang, mature=True) for row in mature)]
    entries += [
        None,
        _sum(report, mature, say(f"total_{report.query.unit}", lang), report.total.rates[name].mature, mature=True),
    ]
    if late:
        entries += [Text(), Text(say("late_head", lang), style=LATE)]
        entries += [_day(report, row, lang, mature=False) for row in late]
        entries.append(_sum(report, late, say("late", lang), report.total.rates[name].immature, mature=False))
    return entries


def _day(report: Report, row: Row, lang: Lang, *, mature: bool) -> Entry:
    day = date.fromisoformat(row.key)
    split = row.rates[main_rate(report)]
    gross = row.gross.mature if row.gross.mature.days else row.gross.immature
    money = yuan(gross.attributed.fen) + (" " if row.gross.mature.days else "*")
    counts = [getattr(row.figures, name) for name in _counts(report)]
    label = f"{day:%m-%d} {weekday(day.weekday(), lang)}"
    return _entry(label, counts, split.mature if mature else split.immature, mature, money)


def _sum(report: Report, rows: Sequence[Row], label: str, rate: Rate, *, mature: bool) -> Entry:
    counts = [sum(getattr(row.figures, name) for row in rows) for name in _counts(report)]
    entry = _entry(label, counts, rate, mature, "")
    return entry._replace(left=[Text.assemble((cell.plain, "bold" if mature else LATE)) for cell in entry.left])


def _groups(report: Report, lang: Lang) -> Entries:
    rows = [row for row in report.groups if _talked(row)]
    entries: Entries = [_header(report, lang), None, *(_group(report, row, _name(report, row, lang)) for row in rows)]
    whole = _group(report, report.total, say("total_conversation", lang))
    bold = whole._replace(left=[Text(cell.plain, style="bold") for cell in whole.left])
    return [*entries, None, bold]


def _name(report: Report, row: Row, lang: Lang) -> str:
    return clean(value_name(report.query.by, row.key, lang))


def _group(report: Report, row: Row, label: str) -> Entry:
    split = row.rates[main_rate(report)]
    late = f"{split.immature.numerator}/{split.immature.denominator}" if split.immature.days else ""
    money = yuan(row.gross.mature.attributed.fen) if row.gross.mature.days else "–"
    entry = _entry(label, [], split.mature, True, money)
    return entry._replace(right=[*entry.right, Text(late, style=LATE)])


def _talked(row: Row) -> bool:
    """Whether a group is more than the money that no chat brought."""
    return bool(row.figures.wrote or row.figures.conversations)


def _entry(label: str, counts: list[int], rate: Rate, mature: bool, money: str) -> Entry:
    style = "" if mature else LATE
    numbers = [f"{count:,}" for count in (*counts, rate.denominator, rate.numerator)]
    between = f"{rate.interval.low * 100:.1f}–{rate.interval.high * 100:.1f}" if rate.interval else ""
    left = [Text(text, style=style) for text in (label, *numbers, percent(rate.rate), between)]
    return Entry(left, rate, mature, [Text(money, style=style)])


def _header(report: Report, lang: Lang) -> Entry:
    by_day = report.query.by == "day"
    converted = "converted" if report.query.unit == "inquiry" else CONVERSATIONS
    whole = "inquiries" if report.query.unit == "inquiry" else "conversations"
    names = [*_counts(report), whole, converted, "rate", "interval"]
    left = [dimension_name(report.query.by, lang), *(say(f"col_{name}", lang) for name in names)]
    right = [say("col_sales", lang) + (" " if by_day else ""), *([] if by_day else [say("late", lang)])]
    bold = "bold"
    return Entry([Text(text, style=bold) for text in left], None, True, [Text(text, style=bold) for text in right])


def _counts(report: Report) -> tuple[str, ...]:
    return COUNTS if report.query.unit == "inquiry" and report.query.by == "day" else ()


def _notes(report: Report, lang: Lang, width: int, entries: Entries, top: float | None) -> list[Text]:
    by_day = report.query.by == "day"
    late = any(isinstance(entry, Entry) and not entry.mature for entry in entries)
    notes = []
    if top is not None:
        notes.append(say("legend", lang, top=percent(top, 0)) + (say("legend_late", lang) if late else ""))
    if by_day and any(row.gross.immature.days for row in report.days):
        notes.append(say("late_money", lang))
    if not by_day:
        days = report.total.rates[main_rate(report)].mature.days
        notes.append(say("group_note", lang, days=days, money=report.total.gross.mature.days))
    return [line for note in notes for line in wrap(note, width, "dim")]
