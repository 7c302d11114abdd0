"""客服绩效 as the tools export it: banners, sums, late cells, percent, yuan, arrows."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from xundan.domain.calendar import day_number
from xundan.errors import Rejected
from xundan.measure.against import Basis
from xundan.receive.performance import OURS, Performance, read_performance

FIXTURE = Path(__file__).parents[1] / "fixtures" / "performance" / "chitu.csv"
FIRST, SECOND = day_number("2025-11-01"), day_number("2025-11-02")


def read(path: Path, **names: str) -> Performance:
    return read_performance(path, rule="paid", window=2, names=names)


def put(tmp_path: Path, text: str, name: str = "kpi.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_export_of_agents_by_day() -> None:
    made = read(FIXTURE)
    assert (made.days, made.rows, made.skipped, made.bad, made.by_agent) == ((FIRST, SECOND), 4, 2, 1, True)
    values = {claim.heading: dict(claim.values) for claim in made.claims}
    assert values["接待人数"] == {FIRST: 5, SECOND: 2}
    assert values["询单->次日付款人数"] == {FIRST: 2, SECOND: 1}
    assert values["询单->最终付款人数"] == {FIRST: 3}
    assert values["客服销售额"] == {FIRST: 118_900, SECOND: 8_950}
    assert values["询单->最终付款成功率"][FIRST] == pytest.approx((3 * 0.3333 + 2 * 1.0) / 5)
    assert {claim.heading: claim.missing for claim in made.claims}["询单->最终付款人数"] == 2
    assert made.unknown == ["平均响应(秒)"]
    assert made.wrong == [(6, "接待人数")]


@pytest.mark.parametrize(
    ("heading", "basis"),
    [
        ("询单→次日付款人数", Basis("converted", "paid", window=2)),
        ("询单-当日下单人数", Basis("converted", "ordered", window=1)),
        ("询单->3日付款人数", Basis("converted", "paid", window=3)),
        ("当日付款人数", Basis("converted", "paid", window=1)),
        ("询单->最终付款转化率", Basis("rate", "finally_paid", "inquiries", window=2)),
        ("询单转化率", Basis("rate", "finally_paid", "inquiries", window=2)),
        ("客服成交金额", Basis("sales", rule="paid", window=2)),
        ("退款金额（元）", Basis("refunds")),
        ("当日询单人数", Basis("people", "inquiries")),
    ],
)
def test_headings(tmp_path: Path, heading: str, basis: Basis) -> None:
    [claim] = read(put(tmp_path, f"日期,{heading}\n2025-11-01,5\n")).claims
    assert claim.basis == basis


def test_a_workbook_without_days_takes_them_from_its_name(tmp_path: Path) -> None:
    workbook = Workbook()
    assert workbook.active
    for row in (["客服昵称", "询单人数"], ["小美", 3], ["汇总", 3]):
        workbook.active.append(row)
    path = tmp_path / "报表_下单优先判定_2025-11-01至2025-11-02.xlsx"
    workbook.save(path)
    made = read(path)
    assert made.days == (FIRST, SECOND)
    assert dict(made.claims[0].values) == {None: 3}


def test_other_names_are_told(tmp_path: Path) -> None:
    path = put(tmp_path, "日期,成交人头,流水\n2025-11-01,5,1.5万\n")
    with pytest.raises(Rejected, match="no column is known"):
        read(path)
    made = read(path, paid="成交人头", sales="流水")
    assert [dict(claim.values) for claim in made.claims] == [{FIRST: 5}, {FIRST: 1_500_000}]
    with pytest.raises(Rejected, match="there is no column 别的"):
        read(path, paid="别的")


def test_a_day_that_is_none_is_counted(tmp_path: Path) -> None:
    made = read(put(tmp_path, "日期,询单人数\n昨天,5\n2025-13-01,5\n20251101,4\n"))
    assert (made.rows, made.bad) == (1, 2)


def test_what_can_be_mapped_is_what_can_be_counted() -> None:
    assert {"wrote", "paid", "paid_rate", "sales", "silent", "total", "refunds"} <= OURS.keys()
