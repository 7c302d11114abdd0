"""The formats in which platforms' exports come, and files that are none of them."""

from __future__ import annotations

import builtins
import contextlib
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_platforms_exports import FIXTURES, Log, at, bring

from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.platforms.line import money
from xundan.receive.platforms.moment import exported_at

HEAD = "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,订单付款时间\n"
ROW = "6917000000000000{n:03d},tb{n},{yuan},买家已付款,2026-11-01 10:00:00,2026-11-01 10:01:00\n"
NOW = 1_796_000_000_000


def export(path: Path, *rows: tuple[int, str], encoding: str = "gb18030", head: str = HEAD, sep: str = ",") -> Path:
    text = head + "".join(ROW.format(n=n, yuan=yuan) for n, yuan in rows)
    path.write_bytes(text.replace(",", sep).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "sep"), [("gb18030", ","), ("utf-8", ","), ("utf-8-sig", "\t"), ("utf-16", "\t"), ("gb18030", ";")]
)
def test_text_in_any_encoding_also_under_the_name_xls(tmp_path: Path, encoding: str, sep: str) -> None:
    log = Log()
    counts = bring(log, export(tmp_path / "订单.xls", (1, "9.90"), encoding=encoding, sep=sep))
    assert (counts.faults, counts.accepted, counts.rejected) == ([], 2, 0)


def test_an_old_workbook_needs_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "xlrd":
            raise ImportError(name)
        return imported(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    (fault,) = bring(Log(), FIXTURES / "jd.xls", rejects_dir=tmp_path).faults
    assert fault.endswith("pip install 'xundan[xls]'")


def test_a_damaged_old_workbook_and_one_that_is_no_export_are_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.xls"
    damaged.write_bytes((FIXTURES / "jd.xls").read_bytes()[:3000])
    assert "damaged or has a password" in bring(Log(), damaged).faults[0]
    noise = tmp_path / "noise.xls"
    noise.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert "damaged or has a password" in bring(Log(), noise).faults[0]


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    assert "unpacks to far more than its size" in bring(Log(), path, platform="pdd").faults[0]


def test_a_web_page_without_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.xls"
    path.write_text("<html><body>请登录</body></html>")
    assert bring(Log(), path).faults
    assert "without a table" in bring(Log(), path, platform="jd").faults[0]


def test_a_broken_quotation_mark_costs_its_row_alone(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv", (1, "9.90"), (2, '"9".90"'), (3, "9.90"))
    counts = bring(Log(), path, rejects_dir=tmp_path)
    assert counts.rejected == 1
    assert counts.accepted >= 2


def test_rows_of_one_order_far_apart_are_one_order(tmp_path: Path) -> None:
    head = HEAD.replace("订单编号", "主订单编号,子订单编号")
    rows = [
        f"69170000000000{n % 500:05d},{n},tb,1.00,买家已付款,2026-11-01 10:00:00,2026-11-01 10:01:00"
        for n in range(2500)
    ]
    path = tmp_path / "items.csv"
    path.write_text(head + "\n".join(rows), "utf-8")
    log = Log()
    counts = bring(log, path)
    assert counts.files[0].notes["orders"] == 500
    assert {fact.amount_fen for fact in log.facts.values() if fact.status == "paid"} == {500}


def test_an_order_of_thousands_of_rows_is_none(tmp_path: Path) -> None:
    counts = bring(Log(), export(tmp_path / "a.csv", *[(1, "1.00")] * 1500, (2, "1.00")), rejects_dir=tmp_path)
    assert (counts.accepted, counts.rejected) == (2, 1500)


def test_one_order_of_two_buyers_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv", (1, "1.00"))
    path.write_bytes(path.read_bytes() + ROW.format(n=1, yuan="1.00").replace("tb1", "tb2").encode())
    assert bring(Log(), path, rejects_dir=tmp_path).rejected == 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["qianniu.csv", "jd.xls", "pdd.xlsx", "qianniu_refunds.xls"])
def test_a_damaged_export_costs_no_more_than_itself(tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray((FIXTURES / name).read_bytes())
    for _ in range(12):
        place = chance.randrange(len(content))
        if seed % 2:
            content[place] = chance.randrange(256)
        else:
            del content[place : place + 20]
    path = tmp_path / name
    path.write_bytes(bytes(content))
    counts = bring(Log(), path)
    assert counts.faults or counts.accepted or counts.rejected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ExportOrderList202611151030.csv", "2026-11-15 10:30:00"),
        ("orders_export2026-11-15-10-30-45.csv", "2026-11-15 10:30:45"),
        ("订单2026-11-01至2026-11-15.csv", "2026-11-15 23:59:59"),
        ("订单_6917000000000000001_20261115.csv", "2026-11-15 23:59:59"),
    ],
)
def test_the_time_of_an_export_is_in_its_name(tmp_path: Path, name: str, expected: str) -> None:
    assert exported_at(tmp_path / name, (), Rules(), NOW) == (at(expected), True)


def test_a_banner_tells_better_than_a_name_and_a_file_was_not_written_in_the_future(tmp_path: Path) -> None:
    path = tmp_path / "a20261115.csv"
    assert exported_at(path, ("导出时间：2026-11-16 08:00:00",), Rules(), NOW) == (at("2026-11-16 08:00:00"), True)
    later = tmp_path / "b.csv"
    later.write_text("")
    assert exported_at(later, (), Rules(), 1000) == (1000, False)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,234.50", 123_450),
        ("¥12.3", 1230),
        ("１２．５０元", 1250),
        ("12.3400", 1234),
        ("10.00;2.50", 1250),
        ("0", 0),
        ("-", None),
        ("", None),
    ],
)
def test_money(text: str, fen: int | None) -> None:
    assert money("金额", text) == fen


@pytest.mark.parametrize("text", ["12.345", "abc", "-1", "1e5", "1.2.3", ";", "99999999999999"])
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(Rejected, match="金额 is no sum of yuan"):
        money("金额", text)


def test_a_refund_may_be_negative_or_in_words() -> None:
    assert money("退款金额", "-5.00", signed=True) == 500
    assert money("退款金额", "无退款申请", signed=True) == 0


@given(st.text(max_size=30))
def test_any_text_is_money_or_refused(text: str) -> None:
    with contextlib.suppress(Rejected):
        assert (money("金额", text) or 0) >= 0
