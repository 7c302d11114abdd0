"""Exports of the four platforms, from files made up for this: what becomes of each awkward row."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from xundan.domain.ports import Append
from xundan.domain.records import Identity, OrderEvent
from xundan.domain.rules import Rules
from xundan.receive.imports import Counts, import_files
from xundan.receive.instants import instant
from xundan.receive.intake import Outcome
from xundan.receive.platforms.find import SHEETS
from xundan.receive.platforms.table import open_orders

FIXTURES = Path(__file__).parents[1] / "fixtures" / "platforms"
NOW = 1_796_000_000_000
RULES = Rules()


def at(text: str) -> int:
    return instant(text, received=NOW, source="import", rules=RULES)


class Log:
    """Takes facts as the log does, and remembers them."""

    def __init__(self) -> None:
        self.facts: dict[Identity, OrderEvent] = {}
        self.keys: set[str] = set()

    def __call__(self, items: Sequence[Append]) -> list[Outcome]:
        return [self._take(item) for item in items]

    def _take(self, item: Append) -> Outcome:
        assert isinstance(item.fact, OrderEvent)
        known = item.fact.identity in self.facts or (item.key and item.key in self.keys)
        self.keys.add(item.key)
        if not known:
            self.facts[item.fact.identity] = item.fact
        return Outcome("duplicate" if known else "accepted", item.fact)

    def of(self, order: str) -> list[tuple[str, int, int | None]]:
        found = [fact for fact in self.facts.values() if fact.order_id == order]
        return [(fact.status, fact.ts, fact.amount_fen) for fact in sorted(found, key=lambda fact: fact.key)]


def bring(log: Log, *paths: Path, platform: str | None = None, **how: Any) -> Counts:
    opener = partial(open_orders, rules=RULES, clock=lambda: NOW, platform=platform)
    how = {"clock": lambda: NOW, **how}
    return import_files("orders", paths, shop="1024", rules=RULES, sink=log, opener=opener, **how)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.mark.parametrize(
    ("name", "orders", "refused", "sales"),
    [
        ("qianniu.csv", 27, 9, 19),
        ("jd.xls", 31, 3, 27),
        ("doudian.csv", 32, 5, 28),
        ("pdd.xlsx", 33, 7, 27),
        ("qianniu_refunds.xls", 33, 0, 0),
        ("doudian_refunds.csv", 32, 0, 0),
        ("pdd_refunds.csv", 31, 0, 0),
    ],
)
def test_every_export_is_found_by_its_headings_and_a_second_import_is_all_duplicates(
    tmp_path: Path, log: Log, name: str, orders: int, refused: int, sales: int
) -> None:
    counts = bring(log, FIXTURES / name, rejects_dir=tmp_path)
    assert (counts.files[0].notes["orders"], counts.rejected, counts.faults) == (orders, refused, [])
    assert sum(fact.status == "paid" for fact in log.facts.values()) == sales
    assert counts.accepted == len(log.facts)
    again = bring(log, FIXTURES / name, rejects_dir=tmp_path)
    assert (again.accepted, again.duplicate) == (0, counts.accepted)


def test_a_copied_export_is_the_same_although_its_file_is_new(tmp_path: Path, log: Log) -> None:
    counts = bring(log, FIXTURES / "doudian.csv", rejects_dir=tmp_path)
    copy = tmp_path / "订单.csv"
    copy.write_bytes((FIXTURES / "doudian.csv").read_bytes())
    again = bring(log, copy)
    assert (again.accepted, again.duplicate) == (0, counts.accepted)


def test_nothing_of_an_encrypted_or_named_recipient_is_kept(tmp_path: Path, log: Log) -> None:
    for path in sorted(FIXTURES.iterdir()):
        bring(log, path, rejects_dir=tmp_path)
    kept = "".join(map(str, log.facts.values())) + "".join(p.read_text("utf-8-sig") for p in tmp_path.iterdir())
    assert "##" not in kept
    assert "138****0000" not in kept
    assert "浙江" not in kept


def test_qianniu_order_numbers_lose_what_keeps_them_texts_and_money_its_ornaments(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "qianniu.csv", rejects_dir=tmp_path)
    first, second, third = (str(6917000000000000000 + i * 1000003) for i in (1, 2, 3))
    assert log.of(first) == [
        ("created", at("2026-11-01 10:00:00"), None),
        ("paid", at("2026-11-01 10:01:00"), 8900),
        ("shipped", at("2026-11-01 18:00:00"), None),
        ("received", at("2026-11-04 09:00:00"), None),
    ]
    assert ("paid", at("2026-11-02 10:02:00"), 129_900) in log.of(second)
    assert ("paid", at("2026-11-03 11:00:30"), 4550) in log.of(third)


def test_a_refund_without_a_time_takes_the_exports_and_is_flagged(tmp_path: Path, log: Log) -> None:
    counts = bring(log, FIXTURES / "qianniu.csv", rejects_dir=tmp_path)
    assert counts.files[0].notes["assumed"] == 4
    order = str(6917000000000000000 + 7 * 1000003)
    (refund,) = [f for f in log.facts.values() if f.order_id == order and f.status == "refunded"]
    # The newest time in the file is later than the banner would be, were it older.
    assert (refund.ts, refund.amount_fen) == (at("2026-11-20 18:00:00"), 500)
    assert refund.items == [{"flag": "time_of_export"}]


def test_an_export_that_names_what_is_left_after_a_full_refund_still_tells_the_sale(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "qianniu.csv", rejects_dir=tmp_path)
    told = log.of(str(6917000000000000000 + 8 * 1000003))
    assert [(status, fen) for status, _, fen in told] == [("created", None), ("paid", 3700), ("refunded", 3700)]


def test_doudian_sub_orders_are_summed_wherever_they_stand_and_repeated_ones_count_once(
    tmp_path: Path, log: Log
) -> None:
    bring(log, FIXTURES / "doudian.csv", rejects_dir=tmp_path)
    split = log.of("4950000000000000002")
    assert [(status, fen) for status, _, fen in split] == [("created", None), ("paid", 5000), ("refunded", 3000)]
    assert [fen for status, _, fen in log.of("4950000000000000013") if status == "paid"] == [2250]
    assert [fen for status, _, fen in log.of("4950000000000000021") if status == "paid"] == [700]
    assert log.of("4950000000000000018") == []


def test_jd_rows_of_one_order_repeat_its_money(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "jd.xls", rejects_dir=tmp_path)
    assert [fen for status, _, fen in log.of("301000000002") if status == "paid"] == [109_900]
    assert [fen for status, _, fen in log.of("301000000007") if status == "paid"] == [30]
    assert {fact.owner for fact in log.facts.values() if fact.order_id == "301000000001"} == {"jd_anna"}
    assert [status for status, _, _ in log.of("301000000005")] == ["created", "cancelled"]


def test_refunds_of_a_file_of_their_own_grow_into_one(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "qianniu_refunds.xls", rejects_dir=tmp_path)
    order = str(6917000000000000000 + 7 * 1000003)
    assert log.of(order) == [
        ("refunded", at("2026-11-08 10:00:00"), 200),
        ("refunded", at("2026-11-10 10:00:00"), 500),
    ]
    bring(log, FIXTURES / "doudian_refunds.csv", rejects_dir=tmp_path)
    assert log.of("4950000000000000002") == [("refunded", at("2026-11-07 10:00:00"), 3000)]


def test_exports_without_a_buyer_name_nobody(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "pdd.xlsx", FIXTURES / "doudian.csv", rejects_dir=tmp_path)
    assert {fact.owner for fact in log.facts.values()} == {""}
    assert {fact.channel for fact in log.facts.values()} == {"pdd", "douyin"}


def test_refused_rows_say_why_and_come_back_corrected(tmp_path: Path, log: Log) -> None:
    bring(log, FIXTURES / "pdd.xlsx", rejects_dir=tmp_path)
    rejects = tmp_path / "pdd.xlsx.rejects.csv"
    rows = list(csv.DictReader(rejects.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 7
    assert "without opening or saving it in Excel" in rows[0]["原因 reason"]
    assert "收货人" not in rows[0]
    corrected = rejects.read_text("utf-8-sig").replace("9.999", "9.99")
    rejects.write_text(corrected, "utf-8-sig")
    counts = bring(log, rejects, rejects_dir=tmp_path / "..")
    assert counts.accepted == 1
    assert [fen for status, _, fen in log.of("261106-100000000000009") if status == "paid"] == [999]


def test_a_platform_can_be_forced_and_says_what_is_missing(tmp_path: Path, log: Log) -> None:
    counts = bring(log, FIXTURES / "pdd.xlsx", platform="jd", rejects_dir=tmp_path)
    assert "this is no export of jd: the columns " in counts.faults[0]
    assert "下单时间" in counts.faults[0]
    assert bring(log, FIXTURES / "pdd.xlsx", platform="pdd", rejects_dir=tmp_path).faults == []


def test_xundans_own_files_are_still_read(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "own.csv"
    path.write_text("order_id,user_id,status,ts,amount\no1,u1,paid,2026-11-02 10:06:00,199.00\n")
    assert bring(log, path).accepted == 1
    lines = tmp_path / "own.jsonl"
    lines.write_text('{"order_id": "o2", "status": "paid", "ts": 1795600000000}\n')
    assert bring(log, lines).accepted == 1
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    assert "the first row must name the columns" in bring(log, tmp_path / "none.csv").faults[0]
    assert "there is no such file" in bring(log, tmp_path / "gone.csv").faults[0]


def test_the_page_lists_the_headings_that_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "platforms.md").read_text("utf-8")
    for name, sheets in SHEETS.items():
        for sheet in sheets:
            section = page.split(f"### `{name}`: {sheet.title}\n")[1].split("###")[0]
            listed = [row.split("|")[2].strip() for row in section.splitlines() if row.startswith("| ")][1:]
            assert listed == [", ".join(headings) for headings in sheet.columns.values()]
