"""A report states no rate where chats and orders do not know each other, and says why in every form."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from measure_fakes import FIRST, FakeStore, inquiry, query, sale, together

from xundan.domain.cells import SILENT, UNMATCHED, Contributions
from xundan.domain.rules import Rules
from xundan.measure.render import json_schema, to_csv, to_json, to_text
from xundan.measure.report import Report, build

TALK = together([inquiry(FIRST) for _ in range(20)])


def made(*parts: Contributions, least: float = 0.2, **changes: Any) -> Report:
    return build(query(**changes), FakeStore(together([TALK, *parts])), Rules(), made_at=1, min_overlap=least)


def sold(lag: int, times: int) -> list[Contributions]:
    return [sale(FIRST, lag=lag, fen=100) for _ in range(times)]


@pytest.mark.parametrize(
    ("attributed", "silent", "unmatched", "reason"),
    [
        (1, 1, 9, "unmatched"),
        (1, 1, 8, None),
        (0, 0, 1, "unmatched"),
        (0, 20, 0, "apart"),
        (0, 19, 0, None),
        (1, 40, 0, None),
        (0, 0, 0, None),
    ],
)
def test_why_no_rate_is_stated(attributed: int, silent: int, unmatched: int, reason: str | None) -> None:
    report = made(*sold(0, attributed), *sold(SILENT, silent), *sold(UNMATCHED, unmatched))
    assert report.overlap.withheld == reason
    assert (report.total.rates["paid"].mature.rate is None) == (reason is not None)
    assert (report.total.rates["paid"].mature.interval is None) == (reason is not None)


def test_the_setting_at_zero_states_every_rate() -> None:
    assert made(*sold(UNMATCHED, 50), least=0.0).total.rates["paid"].mature.rate == 0.0


def test_orders_without_any_chat_have_no_rate_to_withhold() -> None:
    report = build(query(), FakeStore(together(sold(UNMATCHED, 50))), Rules(), min_overlap=0.2)
    assert report.overlap.withheld is None


@pytest.mark.parametrize("by", ["day", "agent"])
def test_json_says_why_and_still_fulfils_its_schema(by: str) -> None:
    found = to_json(made(*sold(0, 1), *sold(UNMATCHED, 9), by=by))
    Draft202012Validator(json_schema()).validate(found)
    assert found["withheld"] == {"reason": "unmatched", "orders": 10, "matched": 1, "met": 1, "min_overlap": 0.2}
    rate = found["total"]["rates"]["paid"]["mature"]
    assert (rate["denominator"], rate["rate"], rate["low"], rate["high"]) == (20, None, None, None)
    assert "withheld" not in to_json(made(*sold(0, 1), by=by))


def test_csv_says_why_and_leaves_the_rates_empty() -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv(made(*sold(0, 1), *sold(UNMATCHED, 9)))))
    assert (row["withheld"], row["paid_denominator"], row["paid_rate"]) == ("unmatched", "20", "")
    (row,) = csv.DictReader(io.StringIO(to_csv(made(*sold(0, 1)))))
    assert (row["withheld"], row["paid_rate"]) == ("", "0.0")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("by", ["day", "agent"])
def test_the_text_says_why_and_what_to_do(width: int, by: str) -> None:
    report = made(*sold(0, 1), *sold(UNMATCHED, 9), by=by)
    chinese = "".join(to_text(report, "zh", width).split())
    assert "不给出转化率：本期10笔付款订单里只有1笔（10.0%，不到20.0%）" in chinese
    assert "xundanimportlinks" in chinese
    english = " ".join(to_text(report, "en", width).split())
    assert "No rate is stated: of 10 orders paid in this period only 1 (10.0%, less than 20.0%)" in english
    apart = " ".join(to_text(made(*sold(SILENT, 20)), "en", width).split())
    assert "not one of 20 orders paid in this period meets a chat" in apart
