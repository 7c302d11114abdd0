"""A report as JSON: schema `xundan.report/1`, see docs/report.md and report.schema.json beside this file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from typing import Any, TypeVar

from xundan.domain.calendar import day_name, day_number
from xundan.measure.figures import Sum
from xundan.measure.intervals import LEVEL
from xundan.measure.names import rate_name, rate_window
from xundan.measure.report import Report
from xundan.measure.rows import Money, Rate, Row, Split

SCHEMA = "xundan.report/1"
_DIGITS = 6
T = TypeVar("T")
Scopes = dict[str, Sum]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every answer of `to_json` fulfils."""
    text = files("xundan.measure").joinpath("report.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def to_json(report: Report) -> dict[str, Any]:
    """The report as plain JSON values."""
    query = report.query
    return {
        "schema": SCHEMA,
        "shop": query.shop,
        "zone": report.rules.zone,
        "from": day_name(query.first_day),
        "to": day_name(query.last_day),
        "as_of": query.as_of,
        "made_at": report.made_at,
        "position": report.position,
        "rule": query.rule,
        "window": query.window,
        "unit": query.unit,
        "by": query.by,
        "rules": asdict(report.rules),
        "interval": {"method": "wilson", "level": LEVEL},
        **_withheld(report),
        "measures": _measures(report),
        "days": [_day(report, row) for row in report.days],
        "groups": [
            {"value": row.key, "figures": row.figures.to_dict(), **_sums(row, _credited)} for row in report.groups
        ],
        "total": {"figures": report.total.figures.to_dict(), **_sums(report.total, _identity)},
    }


def _withheld(report: Report) -> dict[str, Any]:
    """Why no rate is stated, there only then."""
    known = report.overlap
    if known.withheld is None:
        return {}
    counts = {"orders": known.orders, "matched": known.matched, "met": known.met}
    return {"withheld": {"reason": known.withheld, **counts, "min_overlap": known.least}}


def _measures(report: Report) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for name, delay in report.measures.delays.items():
        described[name] = {"delay_days": delay, "last_mature_day": day_name(report.measures.last_mature_day(name))}
        if name in report.measures.rates:
            described[name] |= {
                "zh": rate_name(name, report.query, report.rules, "zh"),
                "en": rate_name(name, report.query, report.rules, "en"),
                "window": rate_window(name, report.query, report.rules),
            }
    return described


def _day(report: Report, row: Row) -> dict[str, Any]:
    """A day is mature or not as a whole, so each measure of it is one object that says so."""
    day = day_number(row.key)

    def marked(name: str, split: Split[T], form: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        mature = day <= report.measures.last_mature_day(name)
        chosen = form(split.mature if mature else split.immature)
        del chosen["days"]
        return chosen | {"mature": mature, "matures_on": day_name(day + report.measures.delays[name])}

    return {
        "day": row.key,
        "ended": day <= report.measures.ended,
        "figures": row.figures.to_dict(),
        "rates": {name: marked(name, split, _rate) for name, split in row.rates.items()},
        "sales": {
            "gross": marked("gross", row.gross, lambda money: _gross(money, _identity(money))),
            "net": marked("net", row.net, lambda money: _net(money, _identity(money))),
        },
    }


def _sums(row: Row, scopes: Callable[[Money], Scopes]) -> dict[str, Any]:
    """Several days: every measure over the mature ones, and over the immature ones apart."""

    def both(split: Split[T], form: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        return {"mature": form(split.mature), "immature": form(split.immature)}

    return {
        "rates": {name: both(split, _rate) for name, split in row.rates.items()},
        "sales": {
            "gross": both(row.gross, lambda money: _gross(money, scopes(money))),
            "net": both(row.net, lambda money: _net(money, scopes(money))),
        },
    }


def _rate(rate: Rate) -> dict[str, Any]:
    interval = rate.interval
    return {
        "days": rate.days,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "rate": _rounded(rate.rate),
        "low": _rounded(interval.low if interval else None),
        "high": _rounded(interval.high if interval else None),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _identity(money: Money) -> Scopes:
    return {
        "attributed": money.attributed,
        "silent": money.silent,
        "unmatched": money.unmatched,
        "total": money.total,
    }


def _credited(money: Money) -> Scopes:
    return {"attributed": money.attributed}


def _gross(money: Money, scopes: Scopes) -> dict[str, Any]:
    sums: dict[str, Any] = {name: {"orders": scope.orders, "fen": scope.fen} for name, scope in scopes.items()}
    return {"days": money.days, **sums, "assisted": money.assisted}


def _net(money: Money, scopes: Scopes) -> dict[str, Any]:
    sums = {name: scope.to_dict() | {"net_fen": scope.net_fen} for name, scope in scopes.items()}
    return {"days": money.days, **sums}
