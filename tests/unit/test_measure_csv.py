from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from measure_fakes import DIMS, FIRST, LAST, FakeStore, inquiry, query, sale, together

from xundan.domain.calendar import day_start
from xundan.domain.cells import Contributions
from xundan.domain.rules import Rules
from xundan.measure.as_csv import columns, safe
from xundan.measure.render import to_csv
from xundan.measure.report import build

RULES = Rules()
CELLS = together(
    [
        inquiry(FIRST, DIMS[0], paid=0),
        inquiry(FIRST, DIMS[1]),
        inquiry(LAST, DIMS[1], paid=0),
        sale(FIRST, lag=1, fen=19900, refunded=5000),
        sale(LAST, lag=15, fen=100),
    ]
)


def table(given: Contributions = CELLS, **changes: Any) -> list[dict[str, str]]:
    changes = {"as_of": day_start(LAST + 1, RULES.zone)} | changes
    return list(csv.DictReader(io.StringIO(to_csv(build(query(**changes), FakeStore(given), RULES)))))


@pytest.mark.parametrize("changes", [{}, {"by": "agent"}, {"unit": "conversation"}, {"by": "label", "rule": "ordered"}])
def test_the_columns_are_always_the_same(changes: dict[str, Any]) -> None:
    assert {tuple(row) for row in table(**changes)} == {tuple(columns())}
    assert len(set(columns())) == len(columns())


def test_a_row_a_day_and_what_is_immature_in_columns_of_its_own() -> None:
    first, last = table()
    assert (first["value"], last["value"]) == ("2026-11-01", "2026-11-10")
    assert (first["paid_numerator"], first["paid_denominator"], first["paid_rate"]) == ("1", "2", "0.5")
    assert (first["immature_paid_numerator"], last["immature_paid_numerator"]) == ("", "1")
    assert (last["paid_numerator"], last["paid_rate"]) == ("", "")
    assert sum(int(row["paid_denominator"] or 0) for row in (first, last)) == 2
    assert (first["attributed_fen"], first["attributed_net_fen"]) == ("19900", "")
    assert (first["immature_attributed_refunded_fen"], first["immature_attributed_net_fen"]) == ("5000", "14900")
    assert (last["silent_orders"], last["total_fen"]) == ("1", "100")


def test_a_row_a_group_with_both_its_mature_and_its_immature_days() -> None:
    stock, bargain, nobody = table(by="intent")
    assert (stock["by"], stock["value"], bargain["value"], nobody["value"]) == (
        "intent",
        "stock_query",
        "bargain",
        "none",
    )
    assert (stock["paid_days"], stock["paid_denominator"], stock["immature_paid_denominator"]) == ("9", "1", "1")
    assert (bargain["attributed_fen"], bargain["silent_fen"]) == ("19900", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", "＝", "  ="])
def test_no_cell_can_run_as_a_formula(start: str) -> None:
    evil = start + "cmd|' /C calc'!A0"
    row = table(inquiry(dims=DIMS[0]._replace(agent=evil)), by="agent")[0]
    assert row["value"] == "'" + evil
    assert safe("小李-1") == "小李-1"
