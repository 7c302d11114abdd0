"""The schema `xundan.report/1`: docs/report.md, report.schema.json and the real output say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from measure_fakes import DIMS, FIRST, LAST, FakeStore, cells, conversation, helped, inquiry, query, sale, together

from xundan.domain.calendar import day_start
from xundan.domain.cells import Contributions
from xundan.domain.rules import SALE_RULES, Rules
from xundan.measure.query import BY, UNITS
from xundan.measure.render import SCHEMA, json_schema, to_json
from xundan.measure.report import build

RULES = Rules()
VALIDATOR = Draft202012Validator(json_schema())
PAGE = Path(__file__).parents[2] / "docs" / "report.md"
CELLS = together(
    [
        inquiry(FIRST, DIMS[0], ordered=0, paid=1),
        inquiry(FIRST, DIMS[1]),
        inquiry(LAST, DIMS[1], paid=0),
        sale(FIRST, lag=1, fen=19900, refunded=5000),
        sale(FIRST, lag=15, fen=100),
        sale(FIRST, lag=-1, fen=1),
        helped(FIRST, "小王", 1),
        conversation(FIRST, ordered=True),
    ]
)


def answer(given_cells: Contributions = CELLS, **changes: Any) -> dict[str, Any]:
    changes = {"as_of": day_start(LAST + 1, RULES.zone)} | changes
    made = build(query(**changes), FakeStore(given_cells), RULES, made_at=5)
    decoded: dict[str, Any] = json.loads(json.dumps(to_json(made), allow_nan=False))
    return decoded


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["properties"]["schema"] == {"const": SCHEMA}


@settings(deadline=None)
@given(
    cells(),
    st.sampled_from(BY),
    st.sampled_from(UNITS),
    st.sampled_from(SALE_RULES),
    st.integers(1, 15),
    st.integers(FIRST - 1, LAST + 60),
)
def test_every_answer_fulfils_the_schema(
    given_cells: Contributions, by: str, unit: str, rule: str, window: int, as_of: int
) -> None:
    asked = {"by": by, "unit": unit, "rule": rule, "window": window, "as_of": day_start(as_of, RULES.zone)}
    VALIDATOR.validate(answer(given_cells, **asked))


def test_a_field_more_or_less_would_be_noticed() -> None:
    changes: list[dict[str, Any]] = [{"extra": 1}, {"days": [{}]}]
    for change in changes:
        assert not VALIDATOR.is_valid(answer() | change)
    assert not VALIDATOR.is_valid({name: value for name, value in answer().items() if name != "position"})


def test_the_head_says_what_was_asked_and_what_it_rests_on() -> None:
    found = answer(window=3, rule="ordered", by="label")
    names = ("schema", "shop", "zone", "from", "to", "made_at", "rule", "window", "unit", "by", "position")
    assert [found[name] for name in names] == [
        "xundan.report/1",
        "1024",
        "Asia/Shanghai",
        "2026-11-01",
        "2026-11-10",
        5,
        "ordered",
        3,
        "inquiry",
        "label",
        7,
    ]
    assert found["rules"]["refund_days"] == 15
    assert found["measures"]["paid"] == {
        "delay_days": 2,
        "last_mature_day": "2026-11-08",
        "zh": "询单→3日付款转化率",
        "en": "inquiry → paid in 3 days",
        "window": 3,
    }


def test_a_day_is_mature_or_not_as_a_whole() -> None:
    first, last = answer()["days"]
    assert first["rates"]["paid"] == {
        "numerator": 1,
        "denominator": 2,
        "rate": 0.5,
        "low": 0.094531,
        "high": 0.905469,
        "mature": True,
        "matures_on": "2026-11-02",
    }
    assert first["rates"]["kept"]["matures_on"] == "2026-12-02"
    assert first["rates"]["kept"]["mature"] is False
    assert last["rates"]["paid"]["mature"] is False
    assert last["ended"] is True
    gross = first["sales"]["gross"]
    assert gross["attributed"] == {"orders": 1, "fen": 19900}
    assert gross["silent"] == {"orders": 1, "fen": 100}
    assert gross["unmatched"] == {"orders": 1, "fen": 1}
    assert gross["total"] == {"orders": 3, "fen": 20001}
    assert gross["assisted"] == {"小王": 1}
    assert first["sales"]["net"]["attributed"] == {
        "orders": 1,
        "fen": 19900,
        "refunded_fen": 5000,
        "net_fen": 14900,
    }


def test_a_total_keeps_mature_and_immature_days_apart() -> None:
    total = answer()["total"]
    assert total["rates"]["paid"]["mature"]["denominator"] == 2
    assert total["rates"]["paid"]["immature"] == {
        "days": 1,
        "numerator": 1,
        "denominator": 1,
        "rate": 1.0,
        "low": 0.206549,
        "high": 1.0,
    }
    assert total["sales"]["net"]["mature"]["total"]["orders"] == 0
    assert total["sales"]["net"]["immature"]["total"]["net_fen"] == 15001


def test_without_inquiries_there_is_no_rate() -> None:
    found = answer(sale())["days"][0]["rates"]["paid"]
    assert (found["rate"], found["low"], found["high"]) == (None, None, None)


def test_groups_have_no_silent_sales_of_their_own() -> None:
    groups = answer(by="agent")["groups"]
    assert [group["value"] for group in groups] == ["bot", "小李", "none", "小王"]
    assert set(groups[0]["sales"]["gross"]["mature"]) == {"days", "attributed", "assisted"}
    assert answer()["groups"] == []


@pytest.mark.parametrize("unit", UNITS)
def test_the_page_names_every_field(unit: str) -> None:
    page = PAGE.read_text(encoding="utf-8")

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {name for child in value.values() for name in names(child)}
        return {name for child in value for name in names(child)} if isinstance(value, list) else set()

    missing = {name for name in names(answer(unit=unit, by="intent")) if f"`{name}`" not in page}
    assert missing <= {"小王"}
