"""A report as CSV: one row a day or group value, the same columns always.

Rates and money are those of the mature days alone, so that a column may be summed; what is immature stands in columns
of its own, whose names begin with `immature_`. A cell is empty where a row has no such days.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from xundan.domain.rules import EVENTS
from xundan.measure.report import Report
from xundan.measure.rows import CONVERSATIONS, Money, Rate, Row

RATES: tuple[str, ...] = (*EVENTS, CONVERSATIONS)
SCOPES: tuple[str, ...] = ("attributed", "silent", "unmatched", "total")
COUNTS: tuple[str, ...] = ("wrote", "answered", "inquiries", "conversations")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def columns() -> list[str]:
    """The names of all columns, in order."""
    names = ["shop", "by", "value", "unit", "rule", "window", "as_of", *COUNTS]
    for rate in RATES:
        names += [f"{rate}_{part}" for part in ("days", "numerator", "denominator", "rate", "low", "high")]
        names += [f"immature_{rate}_{part}" for part in ("days", "numerator", "denominator")]
    for maturity in ("", "immature_"):
        names += [f"{maturity}{scope}_{part}" for scope in SCOPES for part in ("orders", "fen")]
        names += [f"{maturity}{scope}_{part}" for scope in SCOPES for part in ("refunded_fen", "net_fen")]
    return [*names, "withheld"]


def to_csv(report: Report) -> str:
    """The report as RFC 4180 text; write it to a file as `utf-8-sig` so that Excel reads the Chinese.

    Cells that a spreadsheet would run as a formula begin with an apostrophe
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(), restval="")
    writer.writeheader()
    for row in report.groups if report.query.by != "day" else report.days:
        writer.writerow(dict(_cells(report, row)))
    return out.getvalue()


Cell = tuple[str, str | int | float]


def _cells(report: Report, row: Row) -> Iterator[Cell]:
    query = report.query
    yield from (("shop", safe(query.shop)), ("by", query.by), ("value", safe(row.key)), ("unit", query.unit))
    yield from (("rule", query.rule), ("window", query.window), ("as_of", query.as_of))
    for name in COUNTS:
        yield name, getattr(row.figures, name)
    for name, split in row.rates.items():
        yield from _rate(name, split.mature)
        yield from list(_rate(f"immature_{name}", split.immature))[:3]
    scopes = SCOPES if query.by == "day" else SCOPES[:1]
    for prefix, gross, net in (
        ("", row.gross.mature, row.net.mature),
        ("immature_", row.gross.immature, row.net.immature),
    ):
        for scope in scopes:
            yield from _gross(f"{prefix}{scope}", gross, scope)
            yield from _net(f"{prefix}{scope}", net, scope)
    yield "withheld", report.overlap.withheld or ""


def _rate(name: str, rate: Rate) -> Iterator[Cell]:
    if not rate.days:
        return
    yield from ((f"{name}_days", rate.days), (f"{name}_numerator", rate.numerator))
    yield f"{name}_denominator", rate.denominator
    if rate.rate is not None and rate.interval is not None:
        yield f"{name}_rate", round(rate.rate, 6)
        yield from ((f"{name}_low", round(rate.interval.low, 6)), (f"{name}_high", round(rate.interval.high, 6)))


def _gross(name: str, money: Money, scope: str) -> Iterator[Cell]:
    if money.days:
        amount = getattr(money, scope)
        yield from ((f"{name}_orders", amount.orders), (f"{name}_fen", amount.fen))


def _net(name: str, money: Money, scope: str) -> Iterator[Cell]:
    if money.days:
        amount = getattr(money, scope)
        yield from ((f"{name}_refunded_fen", amount.refunded_fen), (f"{name}_net_fen", amount.net_fen))


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text
