from __future__ import annotations

from typing import Any

import pytest
from measure_fakes import FIRST, query

from xundan.domain.calendar import day_number, day_start
from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.measure.query import parse_query

RULES = Rules(attribution_rule="order_first", attribution_window=3)
TODAY = day_number("2026-11-24")
NOW = day_start(TODAY, RULES.zone) + 15 * 3_600_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_day": FIRST + 20}, "from"),
        ({"first_day": FIRST - 391}, "from"),
        ({"first_day": -1}, "from"),
        ({"last_day": 10**6}, "to"),
        ({"as_of": -1}, "as_of"),
        ({"as_of": 10**18}, "as_of"),
        ({"rule": "first_click"}, "rule"),
        ({"window": 0}, "window"),
        ({"window": 16}, "window"),
        ({"unit": "person"}, "unit"),
        ({"by": "product"}, "by"),
        ({"by": "total"}, "by"),
    ],
)
def test_a_wrong_question_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Rejected) as error:
        query(**changes)
    assert error.value.field == field
    assert error.value.reason.isascii()


def test_400_days_are_the_most() -> None:
    assert query(first_day=FIRST - 390).days == 400


def test_by_default_the_fortnight_up_to_now_by_the_shops_own_rule() -> None:
    found = parse_query("1024", {"from": None, "to": ""}, RULES, NOW)
    assert (found.first_day, found.last_day, found.as_of) == (TODAY - 13, TODAY, NOW)
    assert (found.rule, found.window, found.unit, found.by) == ("order_first", 3, "inquiry", "day")


def test_every_field_can_be_given_as_text() -> None:
    given = {"from": "2026-11-02", "to": "2026-11-03", "rule": "ordered", "window": "15", "unit": "conversation"}
    found = parse_query("1024", {**given, "by": "agent", "as_of": str(NOW - 5)}, RULES, NOW)
    assert (found.first_day, found.last_day) == (day_number("2026-11-02"), day_number("2026-11-03"))
    assert (found.rule, found.window, found.unit, found.by) == ("ordered", 15, "conversation", "agent")
    assert found.as_of == NOW - 5


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("2026-11-24", NOW),
        ("2026-11-23", day_start(TODAY, RULES.zone)),
        ("2026-11-24T06:00:00+00:00", day_start(TODAY, RULES.zone) + 14 * 3_600_000),
        ("2026-11-24 14:00:00", day_start(TODAY, RULES.zone) + 14 * 3_600_000),
    ],
)
def test_as_of_is_an_instant_or_the_end_of_a_day(text: str, as_of: int) -> None:
    found = parse_query("1024", {"as_of": text}, RULES, NOW)
    assert found.as_of == as_of


def test_the_period_ends_with_the_day_that_as_of_ends() -> None:
    assert parse_query("1024", {"as_of": "2026-11-20"}, RULES, NOW).last_day == day_number("2026-11-20")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("from", "24.11.2026"),
        ("to", "2026-02-30"),
        ("window", "two"),
        ("as_of", "yesterday"),
        ("as_of", "2026-11-25"),
        ("as_of", "9999-12-31"),
        ("as_of", "1" * 5000),
        ("as_of", str(NOW + 1)),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_by_the_name_of_its_field(field: str, text: str) -> None:
    with pytest.raises(Rejected) as error:
        parse_query("1024", {field: text}, RULES, NOW)
    assert error.value.field == field
