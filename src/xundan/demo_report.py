"""The demonstration's report, and whether it says what the simulated shop truly did."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

from xundan.domain.calendar import day_number
from xundan.domain.rules import Rules
from xundan.errors import XundanError
from xundan.measure.render import to_json, to_text
from xundan.measure.report import Report, build, parse_query
from xundan.settings import Settings
from xundan.wiring import open_reader
from xundan.words import lang, say

if TYPE_CHECKING:
    from xundan.feed import Fed
    from xundan.simulate import Simulation


def make(settings: Settings, simulation: Simulation) -> Report:
    """The report of the simulated days, from the data that the server has written."""
    days = {"from": simulation.truth["first_day"], "to": simulation.truth["last_day"]}
    query = parse_query(settings.shop_id, days, settings.rules, time.time_ns() // 1_000_000)
    with open_reader(settings) as reader:
        return build(query, reader.store, settings.rules, min_overlap=settings.min_overlap)


def text(report: Report) -> str:
    """The report for this terminal."""
    return to_text(report, lang(), shutil.get_terminal_size((100, 40)).columns).rstrip()


def check(report: Report, simulation: Simulation, fed: Fed) -> list[str]:
    """What was sent, and that the report agrees with the truth, in sentences.

    Raises `XundanError` when it does not.
    """
    rate = round(fed.live / fed.live_seconds) if fed.live_seconds else 0
    counts = {"messages": fed.messages, "live": fed.live, "orders": fed.orders, "links": fed.links}
    said = [say("demo.sent", rate=rate, seconds=f"{fed.seconds:.1f}", **counts)]
    if fed.refused:
        return [*said, say("demo.refused", count=len(fed.refused), why=fed.refused[0])]
    if report.rules != Rules(zone=report.rules.zone):
        return said  # the truth is known for the usual rules only
    mine = {str(day_number(day["day"])): day["figures"] for day in to_json(report)["days"]}
    wrong = differing(simulation.truth["days"], mine)
    if wrong:
        raise XundanError(say("demo.untrue", what=wrong))
    return [*said, say("demo.true", checked=f"{numbers(mine):,}")]


def differing(truth: Any, mine: Any, where: str = "") -> str:
    """The first place where two trees of figures differ, "" where they are equal."""
    if isinstance(truth, dict) and isinstance(mine, dict) and truth.keys() == mine.keys():
        pairs = [(f"{where}.{key}", truth[key], mine[key]) for key in truth]
    elif isinstance(truth, list) and isinstance(mine, list) and len(truth) == len(mine):
        pairs = [(f"{where}[{n}]", *pair) for n, pair in enumerate(zip(truth, mine, strict=True))]
    else:
        return "" if truth == mine else f"{where.strip('.')}: {mine}, {truth}"
    return next(filter(None, (differing(t, m, name) for name, t, m in pairs)), "")


def numbers(tree: Any) -> int:
    """How many numbers a tree of figures holds."""
    if isinstance(tree, dict):
        return sum(map(numbers, tree.values()))
    return sum(map(numbers, tree)) if isinstance(tree, list) else 1
