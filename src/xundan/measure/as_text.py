"""A report for the terminal, Chinese or English, as well in a pipe as on a screen."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from xundan.domain.calendar import day_name
from xundan.measure.layout import INDENT, clean, to_string, wrap
from xundan.measure.names import (
    Lang,
    dimension_name,
    rate_name,
    rule_name,
    short_name,
    window_name,
    window_within,
)
from xundan.measure.report import Report
from xundan.measure.text_main import main_rate, main_table
from xundan.measure.text_tables import asides, money_table, rates_table
from xundan.measure.words import percent, say

MIN_WIDTH = 40


def to_text(report: Report, lang: Lang = "zh", width: int = 80, *, color: bool = False) -> str:
    """The report as lines of at most `width` cells (40 or more, names and big sums permitting), ending in a newline.

    Args:
        lang: zh or en.
        width: cells of the terminal; a Chinese character takes two.
        color: with ANSI colours; without, the text says the same.
    """
    width = max(width, MIN_WIDTH)
    lines = _head(report, lang, width)
    if report.days:
        lines += [*_headline(report, lang, width), Text()]
        lines += [*main_table(report, lang, width), Text()]
        lines += [*rates_table(report, lang, width), Text()]
        lines += [*money_table(report, lang, width), Text()]
        lines += asides(report, lang, width)
        lines += _immature(report, lang, width)
    else:
        lines += wrap(say("nothing", lang), width)
    made_at = _moment(report.made_at, report.rules.zone)
    lines += wrap(say("footer", lang, made_at=made_at, position=f"{report.position:,}"), width, "dim")
    return to_string(lines, width, color=color)


def _head(report: Report, lang: Lang, width: int) -> list[Text]:
    query, zone = report.query, report.rules.zone
    title = Text(" " * INDENT + say("title", lang, shop=clean(query.shop)), style="bold")
    period = say("period", lang, first=day_name(query.first_day), last=day_name(query.last_day))
    room = width - title.cell_len - Text(period).cell_len
    scope = say(
        "scope",
        lang,
        rule=rule_name(query.rule, lang),
        window=window_name(query.window, lang),
        by=dimension_name(query.by, lang),
        as_of=_moment(query.as_of, zone),
        zone=zone,
    )
    first = [title + Text(" " * room + period)] if room > 0 else [title, Text(" " * INDENT + period)]
    rule = Text(" " * INDENT + "━" * (width - INDENT), style="green")
    return [*first, *wrap(scope, width, "dim"), rule]


def _headline(report: Report, lang: Lang, width: int) -> list[Text]:
    """The main number, and one sentence that says what it means."""
    name = main_rate(report)
    rate = report.total.rates[name].mature
    interval = rate.interval
    line = Text.assemble(
        " " * INDENT,
        (rate_name(name, report.query, report.rules, lang), "bold"),
        "  ",
        (percent(rate.rate), "bold green"),
    )
    known = report.overlap
    if known.withheld:
        values = {"orders": f"{known.orders:,}", "matched": f"{known.matched:,}", "share": percent(known.share)}
        why = say(f"withheld_{known.withheld}", lang, **values, least=percent(known.least))
        return [line, *wrap(why, width, "yellow"), *wrap(say("withheld_do", lang), width)]
    if rate.rate is None or interval is None:
        return [line, *wrap(say("meaning_none", lang), width)]
    low, high = percent(interval.low), percent(interval.high)
    line.append("  " + say("headline_interval", lang, low=low, high=high))
    meaning = say(
        f"meaning_{report.query.unit}",
        lang,
        days=rate.days,
        of=f"{rate.denominator:,}",
        n=f"{rate.numerator:,}",
        window=window_within(report.query.window, lang),
        per=f"{rate.rate * 100:.{0 if rate.rate >= 0.1 else 1}f}",
        low=low,
        high=high,
    )
    return [line, *wrap(meaning, width)]


def _immature(report: Report, lang: Lang, width: int) -> list[Text]:
    """One sentence that says what is immature, and until when."""
    total = report.total
    open_days = {name: split.immature.days for name, split in total.rates.items()}
    open_days |= {"gross": total.gross.immature.days, "net": total.net.immature.days}
    named = [
        say("immature_one", lang, name=short_name(name, report.query.window, lang), n=n)
        for name, n in open_days.items()
        if n
    ]
    if not named:
        return wrap(say("immature_none", lang), width)
    last = report.query.last_day + max(report.measures.delays.values())
    what = say("separator", lang).join(named)
    return wrap(say("immature", lang, what=what, when=day_name(last)), width, "yellow")


def _moment(ts: int, zone: str) -> str:
    return datetime.fromtimestamp(ts / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
