"""`xundan report --against FILE`: the shop's own figures beside ours, and what lies between them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from xundan.domain.calendar import day_name
from xundan.errors import ConfigError
from xundan.measure.against import MONEY, Basis, Best, Comparison, best_fit, compare, figures_by_day
from xundan.measure.layout import clean, grid, to_string
from xundan.measure.names import rule_name, short_name, window_name
from xundan.measure.words import percent, yuan
from xundan.words import lang, say

if TYPE_CHECKING:
    from xundan.commands.common import Given
    from xundan.measure.query import ReportQuery
    from xundan.receive.performance import Performance

MOST_UNKNOWN = 12
NAME_CELLS = 28
FAR = 0.05
"""Of their figure: what the closest way of counting may miss before the data are to blame too."""


def print_against(
    given: Given, shop: str | None, asked: dict[str, str | None], form: str, file: Path, maps: Sequence[str]
) -> None:
    """Read the export, compare, and print. Raises `ConfigError`, `Rejected` for a wrong question or file."""
    from xundan.measure.report import parse_query
    from xundan.receive.performance import read_performance
    from xundan.wiring import open_reader, refuse_other_arithmetic

    if form not in ("text", "json"):
        raise ConfigError(say("against.no_json"))
    settings = given.settings()
    refuse_other_arithmetic(settings)
    names = _names(maps)
    now = time.time_ns() // 1_000_000
    usual = parse_query(shop or settings.shop_id, asked, settings.rules, now)
    theirs = read_performance(file, rule=usual.rule, window=usual.window, names=names)
    if theirs.days and not asked["from"] and not asked["to"]:
        asked = asked | {"from": day_name(theirs.days[0]), "to": day_name(theirs.days[1])}
    query = parse_query(shop or settings.shop_id, asked, settings.rules, now)
    with open_reader(settings) as reader:
        by_day = figures_by_day(query.shop, reader.store, query.first_day, query.last_day)
    found, best = compare(theirs.claims, by_day), best_fit(theirs.claims, by_day)
    if form == "json":
        print(json.dumps(to_json(query, theirs, found, best), ensure_ascii=False, indent=2))
        return
    width = shutil.get_terminal_size((100, 40)).columns
    lines = list(told(query, file, theirs, found, best if by_day else None, width))
    print("\n".join(lines if by_day else [*lines, say("against.none_of_ours")]))


def _names(maps: Sequence[str]) -> dict[str, str]:
    from xundan.receive.performance import OURS

    names = {}
    for pair in maps:
        ours, equals, theirs = pair.partition("=")
        if ours not in OURS or not equals or not theirs.strip():
            raise ConfigError(say("against.wrong_map", names=", ".join(OURS), given=pair))
        names[ours] = theirs.strip()
    return names


def told(
    query: ReportQuery, file: Path, theirs: Performance, found: Sequence[Comparison], best: Best | None, width: int
) -> Iterator[str]:
    """The lines to print."""
    days = {"first": day_name(query.first_day), "last": day_name(query.last_day)}
    yield say("against.title", file=file.name, rows=theirs.rows, skipped=theirs.skipped, bad=theirs.bad, **days)
    heads = (say("against.column"), say("against.theirs"), say("against.ours"), say("against.gap"), say("against.how"))
    rows = [[Text(head) for head in heads], *(_row(comparison) for comparison in found)]
    lines = grid(rows, ["left", "right", "right", "right", "left"], width)
    yield to_string(lines, width, color=False).rstrip("\n")
    for comparison in found:
        yield "· " + cause(comparison)
        if comparison.claim.missing:
            yield "· " + say("against.missing", name=clean(comparison.claim.heading), missing=comparison.claim.missing)
    if best:
        window = window_name(best.window, lang())
        yield say("against.best", rule=rule_name(best.rule, lang()), window=window, error=percent(best.error))
    for line, heading in theirs.wrong:
        yield say("against.wrong", line=line, heading=clean(heading))
    if theirs.by_agent and any(c.claim.basis.kind in ("people", "converted", "rate") for c in found):
        yield say("against.by_agent")
    if theirs.unknown:
        yield say("against.unknown", names=", ".join(clean(name) for name in theirs.unknown[:MOST_UNKNOWN]))


def _row(comparison: Comparison) -> list[Text]:
    basis = comparison.ours.basis
    cells = (
        clean(comparison.claim.heading, NAME_CELLS),
        shown(basis, comparison.theirs),
        shown(basis, comparison.ours.value),
        ("+" if comparison.gap > 0 else "") + shown(basis, comparison.gap),
        how(basis),
    )
    return [Text(cell) for cell in cells]


def cause(comparison: Comparison) -> str:
    """What most likely lies between theirs and ours, in one sentence."""
    name, mine, other = clean(comparison.claim.heading), comparison.ours, comparison.closest
    if shown(mine.basis, comparison.gap) == shown(mine.basis, 0.0):
        return say("against.same", name=name)
    if not comparison.explained:
        return say("against.data", name=name)
    gap = comparison.theirs - other.value
    told = {"how": how(other.basis), "value": shown(other.basis, other.value), "gap": shown(other.basis, gap)}
    what = say("against.and").join(_differences(mine.basis, other.basis))
    far = say("against.far") if abs(gap) > FAR * abs(comparison.theirs) else ""
    return say("against.closest", name=name, what=what, **told) + far


def _differences(ours: Basis, theirs: Basis) -> Iterator[str]:
    if ours.what != theirs.what:
        if ours.kind == "people":
            yield say("against.people", ours=_people(ours.what), theirs=_people(theirs.what))
        else:
            yield say("against.event", ours=_event(ours), theirs=_event(theirs))
    if ours.of != theirs.of:
        yield say("against.of", ours=_people(ours.of), theirs=_people(theirs.of))
    if ours.rule != theirs.rule:
        yield say("against.rule", ours=_rule(ours.rule), theirs=_rule(theirs.rule))
    if ours.window != theirs.window:
        windows = window_name(ours.window, lang()), window_name(theirs.window, lang())
        yield say("against.window", ours=windows[0], theirs=windows[1])
    if ours.net != theirs.net:
        yield say("against.net")


def how(basis: Basis) -> str:
    """A way of counting in words."""
    values = {"rule": _rule(basis.rule), "window": window_name(basis.window, lang()) if basis.window else ""}
    if basis.kind == "people":
        return _people(basis.what)
    if basis.kind == "converted":
        return _event(basis)
    if basis.kind == "rate":
        return f"{_event(basis)} ÷ {_people(basis.of)}"
    if basis.kind == "sales":
        return say("against.net_sales", **values) if basis.net else say("against.gross_sales", **values)
    if basis.kind == "sales_orders":
        return say("against.sales_orders", **values)
    if basis.kind == "silent":
        return say("against.silent_net", **values) if basis.net else say("against.silent", **values)
    if basis.kind == "total":
        return say("against.total_net", **values) if basis.net else say("against.total", **values)
    return say("against.refunded", **values) if basis.rule else say("against.refunds")


def _people(what: str) -> str:
    if what == "wrote":
        return say("against.people_wrote")
    return say("against.people_answered") if what == "answered" else say("against.people_inquiries")


def _event(basis: Basis) -> str:
    window = window_name(basis.window, lang())
    if basis.what == "finally_paid":
        return say("against.finally_paid", window=window)
    return say("against.kept", window=window) if basis.what == "kept" else short_name(basis.what, basis.window, lang())


def _rule(rule: str) -> str:
    return rule_name(rule, lang()) if rule else ""


def shown(basis: Basis, value: float) -> str:
    """A figure as it is printed: people, yuan or percent."""
    if basis.kind == "rate":
        return percent(value)
    return yuan(round(value)) if basis.kind in MONEY else f"{value:g}"


def to_json(query: ReportQuery, theirs: Performance, found: Sequence[Comparison], best: Best | None) -> dict[str, Any]:
    """The comparison for programs: money in fen, rates from 0 to 1."""

    def guess(basis: Basis, value: float) -> dict[str, Any]:
        return basis._asdict() | {"value": value}

    return {
        "from": day_name(query.first_day),
        "to": day_name(query.last_day),
        "rows": theirs.rows,
        "skipped": theirs.skipped,
        "bad": theirs.bad,
        "wrong": [{"line": line, "column": heading} for line, heading in theirs.wrong],
        "figures": [
            {
                "column": one.claim.heading,
                "theirs": one.theirs,
                "ours": guess(*one.ours),
                "closest": guess(*one.closest),
                "missing": one.claim.missing,
            }
            for one in found
        ],
        "best": None if best is None else {"rule": best.rule, "window": best.window, "error": best.error},
        "not_compared": theirs.unknown,
    }
