"""A shop's report, built from daily cubes: what it costs depends on days and groups, not on conversations."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace

from xundan.domain.calendar import day_name
from xundan.domain.ports import CubeRow, Store
from xundan.domain.rules import Rules
from xundan.measure.figures import ASSISTED, NO_FIGURES, figures, total_figures
from xundan.measure.overlap import Overlap, overlap
from xundan.measure.query import ReportQuery, parse_query
from xundan.measure.rows import Measures, Part, Row, measures

__all__ = ["Report", "ReportQuery", "build", "parse_query"]


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report. `position` is the log offset up to which everything is contained; `made_at` is UTC ms.

    `days` are the shop's days on which anything happened, in order. `groups` is empty when the query is by day, else
    one row a value, the most inquiries (or conversations) first. `total` is the shop's, over every day of the period.
    `overlap` says whether its rates are stated.
    """

    query: ReportQuery
    rules: Rules
    measures: Measures
    made_at: int
    position: int
    days: tuple[Row, ...]
    groups: tuple[Row, ...]
    total: Row
    overlap: Overlap


def build(
    query: ReportQuery, store: Store, rules: Rules, made_at: int | None = None, min_overlap: float = 0.0
) -> Report:
    """Read the cubes and make the report.

    Args:
        made_at: UTC ms; now unless given.
        min_overlap: the share of sales with a customer below which no rate is stated; 0 states every rate.
    """
    position = store.position()
    by_day = _by_day(query, store)
    parts = [
        Part(day, 1, figures(by_day[day]) if day in by_day else NO_FIGURES)
        for day in range(query.first_day, query.last_day + 1)
    ]
    known = overlap(total_figures([part.figures for part in parts]), min_overlap)
    wanted = replace(measures(query, rules), withheld=known.withheld is not None)
    return Report(
        query=query,
        rules=rules,
        measures=wanted,
        made_at=time.time_ns() // 1_000_000 if made_at is None else made_at,
        position=position,
        days=tuple(wanted.row(day_name(part.last_day), [part]) for part in parts if part.last_day in by_day),
        groups=_groups(query, store, wanted),
        total=wanted.row("total", parts),
        overlap=known,
    )


def _by_day(query: ReportQuery, store: Store) -> dict[int, list[CubeRow]]:
    """The shop's rows by day; assisted orders from the grouping by agent, the only one that knows who assisted."""
    rows: dict[int, list[CubeRow]] = defaultdict(list)
    for row in store.cube(query.shop, "total", query.first_day, query.last_day):
        rows[row.day].append(row)
    for row in store.cube(query.shop, "agent", query.first_day, query.last_day, families=ASSISTED):
        rows[row.day].append(row)
    return dict(rows)


def _groups(query: ReportQuery, store: Store, wanted: Measures) -> tuple[Row, ...]:
    if query.by == "day":
        return ()
    stretches = _stretches(query, wanted)
    by_value: dict[str, dict[int, list[CubeRow]]] = defaultdict(lambda: defaultdict(list))
    for first, last in stretches:
        for row in store.cube(query.shop, query.by, first, last, summed=True):
            by_value[row.value][last].append(row)
    groups = [
        wanted.row(value, [Part(last, last - first + 1, figures(by_last.get(last, ()))) for first, last in stretches])
        for value, by_last in by_value.items()
    ]
    found = (group for group in groups if group.figures != NO_FIGURES)
    return tuple(sorted(found, key=lambda group: (-_size(query, group), group.key)))


def _stretches(query: ReportQuery, wanted: Measures) -> list[tuple[int, int]]:
    """Cut the period where a measure stops being mature: (first, last) day of each stretch."""
    cuts = {wanted.last_mature_day(name) for name in wanted.delays} | {query.last_day}
    lasts = sorted(day for day in cuts if query.first_day <= day <= query.last_day)
    firsts = [query.first_day, *(day + 1 for day in lasts[:-1])]
    return list(zip(firsts, lasts, strict=True))


def _size(query: ReportQuery, group: Row) -> int:
    return group.figures.inquiries if query.unit == "inquiry" else group.figures.conversations
