"""The tables under the main one: every rate, and the money with its identity."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from xundan.measure.figures import Sum
from xundan.measure.layout import INDENT, Align, Line, clean, grid, wrap
from xundan.measure.names import Lang, rate_name, rule_name, value_name, window_name
from xundan.measure.report import Report
from xundan.measure.rows import Money, Rate
from xundan.measure.words import percent, say, yuan

LATE = "yellow"
HELPERS = 5


def rates_table(report: Report, lang: Lang, width: int) -> list[Text]:
    """Every rate of the period under its trade name, over its mature days, and over its immature ones apart."""
    head = ["rates", "col_days", f"col_fraction_{report.query.unit}", "col_rate", "col_interval"]
    lines: list[Line] = [[Text(say(key, lang), style="bold") for key in head], None]
    for name, split in report.total.rates.items():
        lines.append(_rate(rate_name(name, report.query, report.rules, lang), split.mature, "", lang))
        if split.immature.days:
            lines.append(_rate("  " + say("late", lang), split.immature, LATE, lang))
    return grid(lines, ["left", "right", "right", "right", "right"], width)


def _rate(name: str, rate: Rate, style: str, lang: Lang) -> list[Text]:
    interval = rate.interval
    between = f"{percent(interval.low)}–{percent(interval.high)}" if interval else ""
    fraction = f"{rate.numerator:,}/{rate.denominator:,}" if rate.days else ""
    cells = (name, say("days", lang, n=rate.days), fraction, percent(rate.rate), between)
    return [Text(cell, style=style) for cell in cells]


def money_table(report: Report, lang: Lang, width: int) -> list[Text]:
    """attributed + silent + unmatched = the shop's total, in orders, gross and net; immature days apart."""
    query, total = report.query, report.total
    title = say("money", lang, rule=rule_name(query.rule, lang), window=window_name(query.window, lang))
    scopes = ("col_attributed", "col_silent", "col_unmatched", "col_total")
    head = ["", say("col_days", lang), *(say(scope, lang) for scope in scopes)]
    lines: list[Line] = [[Text(text, style="bold") for text in head], None]
    lines += [*_gross(total.gross.mature, "", lang), *_net(total.net.mature, "", lang)]
    late = [*_gross(total.gross.immature, LATE, lang), *_net(total.net.immature, LATE, lang)]
    if late:
        lines += [Text(say("late_head_money", lang), style=LATE), *late]
    align: list[Align] = ["left", *["right"] * 5]  # type: ignore[list-item]
    return [Text(" " * INDENT + title, style="bold"), *grid(lines, align, width)]


def _gross(money: Money, style: str, lang: Lang) -> list[Line]:
    if not money.days:
        return []
    return [
        _money("row_orders", money, lambda part: f"{part.orders:,}", style, lang),
        _money("row_fen", money, lambda part: yuan(part.fen), style, lang),
    ]


def _net(money: Money, style: str, lang: Lang) -> list[Line]:
    if not money.days:
        return []
    return [
        _money("row_refunded", money, lambda part: yuan(-part.refunded_fen), style, lang),
        _money("row_net", money, lambda part: yuan(part.net_fen), style, lang),
    ]


def _money(row: str, money: Money, form: Callable[[Sum], str], style: str, lang: Lang) -> list[Text]:
    scopes = (money.attributed, money.silent, money.unmatched, money.total)
    cells = [say(row, lang), say("days", lang, n=money.days), *(form(scope) for scope in scopes)]
    return [Text(cell, style=style) for cell in cells]


def asides(report: Report, lang: Lang, width: int) -> list[Text]:
    """What is part of no sum: the agents who assisted, and refunds by their own day."""
    lines = []
    helpers = sorted(report.total.gross.mature.assisted.items(), key=lambda item: (-item[1], item[0]))
    if helpers:
        names = [
            say("assisted_one", lang, agent=clean(value_name("agent", agent, lang)), n=n)
            for agent, n in helpers[:HELPERS]
        ]
        if len(helpers) > HELPERS:
            names.append(say("assisted_more", lang, n=len(helpers) - HELPERS))
        lines += wrap(say("assisted", lang, who=say("separator", lang).join(names)), width)
    figures = report.total.figures
    if figures.refunds:
        lines += wrap(say("refunds", lang, n=figures.refunds, fen=yuan(figures.refunds_fen)), width)
    return lines
