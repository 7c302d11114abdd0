"""Importing files: counts, ids, rejects, and what a second import changes (nothing)."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from xundan.domain.ports import Append
from xundan.domain.records import Fact, Identity, Message, OrderEvent
from xundan.domain.rules import Rules
from xundan.errors import Overloaded, Rejected, Retryable, XundanError
from xundan.receive import imports
from xundan.receive.files_columns import Kind
from xundan.receive.files_ordinals import Ordinals
from xundan.receive.imports import Counts, FileCount, import_files
from xundan.receive.intake import Outcome
from xundan.receive.letters import Refused

NOW = 1_795_500_000_000
HEADING = "user_id,text,ts\n"


class Log:
    """Takes facts as the intake does, and remembers them."""

    def __init__(self) -> None:
        self.facts: dict[Identity, Fact] = {}
        self.batches: list[int] = []

    def __call__(self, items: Sequence[Append]) -> list[Outcome]:
        self.batches.append(len(items))
        return [self._take(item.fact) for item in items]

    def _take(self, fact: Fact) -> Outcome:
        if fact.identity in self.facts:
            return Outcome("duplicate", self.facts[fact.identity])
        self.facts[fact.identity] = fact
        return Outcome("accepted", fact)


@pytest.fixture
def log() -> Log:
    return Log()


def put(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def run(log: Any, *paths: Path, kind: Kind = "messages", **options: Any) -> Counts:
    return import_files(kind, paths, shop="1024", rules=Rules(), sink=log, clock=lambda: NOW, **options)


def totals(counts: Counts) -> tuple[int, int, int]:
    return counts.accepted, counts.duplicate, counts.rejected


def test_rows_become_facts_of_history(tmp_path: Path, log: Log) -> None:
    run(log, put(tmp_path, "a.csv", HEADING + "u1,多少钱,2019-11-11 20:00:00\n"))
    (fact,) = log.facts.values()
    assert isinstance(fact, Message)
    assert (fact.shop, fact.owner, fact.text, fact.source) == ("1024", "u1", "多少钱", "import")
    assert (fact.ts, fact.received) == (1_573_473_600_000, NOW)


def test_importing_a_file_again_changes_nothing_and_equal_rows_stay_two(tmp_path: Path, log: Log) -> None:
    path = put(tmp_path, "a.csv", HEADING + "u1,在吗,1762862731\nu1,在吗,1762862731\nu1,在吗,1762862732\n")
    assert totals(run(log, path)) == (3, 0, 0)
    assert totals(run(log, path)) == (0, 3, 0)


def test_a_row_is_the_same_in_every_format_and_way_of_writing(tmp_path: Path, log: Log) -> None:
    first = put(tmp_path, "a.csv", "user_id,order_id,status,ts,amount\nu1,7,paid,2025-11-11 20:00:00,9.90\n")
    again = put(
        tmp_path, "b.csv", "状态;订单编号;时间;金额（分）;顾客编号\n已付款;7;2025/11/11 20:00;990;u1\n".encode("gbk")
    )
    lines = put(
        tmp_path,
        "c.jsonl",
        json.dumps({"user_id": "u1", "order_id": 7, "status": "paid", "ts": 1762862400, "amount": "9.9"}),
    )
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["order_id", "user_id", "status", "ts", "amount"])
    sheet.append([7, "u1", "paid", "2025-11-11T20:00:00+08:00", 9.9])
    book.save(tmp_path / "d.xlsx")
    counts = run(log, first, again, lines, tmp_path / "d.xlsx", kind="orders")
    assert [(c.accepted, c.duplicate) for c in counts.files] == [(1, 0), (0, 1), (0, 1), (0, 1)]


def test_rows_with_an_id_keep_it(tmp_path: Path, log: Log) -> None:
    path = put(tmp_path, "a.csv", "user_id,text,ts,message_id\nu1,a,1762862731,m-1\nu1,b,1762862731, \n")
    run(log, path)
    ids = [fact.id for fact in log.facts.values()]
    assert ids[0] == "m-1"
    assert len(ids[1]) == 26


def test_batches_are_of_a_thousand_and_progress_is_told(tmp_path: Path, log: Log) -> None:
    path = put(tmp_path, "a.csv", HEADING + "".join(f"u{i},a,1762862731\n" for i in range(2500)))
    told: list[tuple[int, float]] = []
    run(log, path, progress=lambda count: told.append((count.accepted, count.share)))
    assert log.batches == [1000, 1000, 500]
    assert [accepted for accepted, _ in told] == [0, 1000, 2000, 2500, 2500]
    assert told[-1][1] == 1.0


def test_a_bad_row_never_costs_the_good_ones(tmp_path: Path, log: Log) -> None:
    path = put(tmp_path, "a.csv", HEADING + "u1,a,yesterday\nu2,b,1762862731\n*,c,1762862731\nu4,d,\n")
    letters: list[Refused] = []
    counts = run(log, path, rejects=letters.extend)
    assert totals(counts) == (1, 0, 3)
    assert [letter.rejected.code for letter in letters] == ["invalid_field", "unusable_id", "missing_field"]
    assert letters[1].raw == {"user_id": "*", "text": "c", "ts": "1762862731"}


def rejects_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_rejects_file_has_the_columns_the_row_and_the_reason(tmp_path: Path, log: Log) -> None:
    path = put(
        tmp_path,
        "a.csv",
        "备注,消息内容,时间,顾客编号\nx,好,1762862731,u1\n=1+1,=cmd|'/c calc'!A0,bad,00123456789012\n",
    )
    counts = run(log, path, translate=lambda reason: "时间不对")
    assert counts.files[0].rejects_file == tmp_path / "a.csv.rejects.csv"
    assert rejects_of(tmp_path / "a.csv.rejects.csv") == [
        ["行号 row", "原因 reason", "备注", "消息内容", "时间", "顾客编号"],
        ["3", "时间不对", "'=1+1", "'=cmd|'/c calc'!A0", "bad", "\t00123456789012"],
    ]


def test_a_rejects_file_once_corrected_is_imported_with_its_texts_as_they_were(tmp_path: Path, log: Log) -> None:
    texts = ["=_=", "'引号", "-1", "@客服", "好"]
    lines = "".join(f"'007,{text},bad\n" for text in texts)
    run(log, put(tmp_path, "a.csv", HEADING + lines))
    rejects = tmp_path / "a.csv.rejects.csv"
    rejects.write_bytes(rejects.read_bytes().replace(b"bad", b"1762862731"))
    counts = run(log, rejects)
    assert totals(counts) == (5, 0, 0)
    assert [fact.text for fact in log.facts.values() if isinstance(fact, Message)] == texts
    assert {fact.owner for fact in log.facts.values()} == {"007"}


def test_rejects_of_a_rejects_file_do_not_gather_columns(tmp_path: Path, log: Log) -> None:
    run(log, put(tmp_path, "a.csv", HEADING + "u1,a,bad\n"))
    run(log, tmp_path / "a.csv.rejects.csv")
    assert rejects_of(tmp_path / "a.csv.rejects.csv.rejects.csv") == [
        ["行号 row", "原因 reason", "user_id", "text", "ts"],
        ["2", rejects_of(tmp_path / "a.csv.rejects.csv")[1][1], "u1", "a", "bad"],
    ]


def test_without_a_refused_row_there_is_no_rejects_file(tmp_path: Path, log: Log) -> None:
    counts = run(log, put(tmp_path, "a.csv", HEADING + "u1,a,1762862731\n"))
    assert counts.files[0].rejects_file is None
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_rejected_json_lines_come_under_the_templates_columns(tmp_path: Path, log: Log) -> None:
    lines = ['{"order_id": 1, "status": "paid", "ts": 1762862731, "amount": 9.9, "items": [{"n": 1}]}', "oops", "[1]"]
    letters: list[Refused] = []
    counts = run(log, put(tmp_path, "o.jsonl", "\n".join(lines)), kind="orders", rejects=letters.extend)
    assert counts.rejected == 3
    heading, first, second, _ = rejects_of(tmp_path / "o.jsonl.rejects.csv")
    row = dict(zip(heading, first, strict=True))
    assert (row["order_id"], row["amount"], row["items"]) == ("1", "9.9", '[{"n": 1}]')
    assert "bare number" in row["原因 reason"]
    assert second[:2] == ["2", "the line is not a JSON object"]
    assert letters[1].raw == "o.jsonl, line 2"


def test_rejects_can_go_to_another_folder(tmp_path: Path, log: Log) -> None:
    (tmp_path / "out").mkdir()
    counts = run(log, put(tmp_path, "a.csv", HEADING + "u1,a,bad\n"), rejects_dir=tmp_path / "out")
    assert counts.files[0].rejects_file == tmp_path / "out" / "a.csv.rejects.csv"
    with pytest.raises(XundanError, match="the rejects file cannot be written"):
        run(log, tmp_path / "a.csv", rejects_dir=tmp_path / "nowhere")


def test_broken_bytes_and_broken_quotes_are_rejected_rows(tmp_path: Path, log: Log) -> None:
    content = (
        HEADING.encode() + "u1,好的".encode()[:-1] + ',1762862731\nu2,"open,1762862731\nu3,谢谢,1762862731\n'.encode()
    )
    counts = run(log, put(tmp_path, "a.csv", content))
    assert (counts.accepted, counts.rejected) == (0, 2)
    assert "好".encode() + b"\xe7\x9a" in (tmp_path / "a.csv.rejects.csv").read_bytes(), "as it was"


def test_an_unreadable_file_costs_the_others_nothing(tmp_path: Path, log: Log) -> None:
    good = put(tmp_path, "good.csv", HEADING + "u1,a,1762862731\n")
    lacks = put(tmp_path, "lacks.csv", "user_id,ts\nu,1762862731\n")
    counts = run(log, tmp_path / "none.csv", lacks, good)
    assert counts.accepted == 1
    assert counts.faults == [
        f"{tmp_path}/none.csv: there is no such file",
        f"{tmp_path}/lacks.csv: the column text (消息内容) is missing; found: user_id, ts",
    ]
    assert [count.fault == "" for count in counts.files] == [False, False, True]


def test_the_rows_before_a_fault_are_taken(tmp_path: Path, log: Log) -> None:
    path = put(tmp_path, "a.csv", HEADING + "u1,a,1762862731\nu2," + "x" * (1 << 20))
    counts = run(log, path)
    assert counts.accepted == 1
    assert "a.csv: a line is longer" in counts.files[0].fault


def test_a_busy_log_is_waited_for(tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)

    def busy(items: Sequence[Append]) -> list[Outcome]:
        if len(waited) < 2:
            raise Overloaded("too much is waiting", retry_after=0.25)
        return log(items)

    assert totals(run(busy, put(tmp_path, "a.csv", HEADING + "u1,a,1762862731\n"))) == (1, 0, 0)
    assert waited == [0.25, 0.25]


def test_a_log_that_cannot_be_written_stops_the_import(tmp_path: Path) -> None:
    def full(items: Sequence[Append]) -> list[Outcome]:
        raise Retryable("the disk is full")

    with pytest.raises(Retryable, match="disk is full"):
        run(full, put(tmp_path, "a.csv", HEADING + "u1,a,1762862731\n"))


def test_a_wrong_file_does_not_flood_the_dead_letters(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MAX_LETTERS", 1500)
    letters: list[Refused] = []
    counts = run(log, put(tmp_path, "a.csv", HEADING + "u,a,bad\n" * 3000), rejects=letters.extend)
    assert (counts.rejected, len(letters)) == (3000, 1500)
    assert len(rejects_of(tmp_path / "a.csv.rejects.csv")) == 3001


def test_links_and_orders_are_imported(tmp_path: Path, log: Log) -> None:
    links = put(tmp_path, "l.csv", "alias,user_id,ts\njd1,u1,1762862731\norder:7,u1,1762862731\n*,u1,1762862731\n")
    assert totals(run(log, links, kind="links")) == (2, 0, 1)
    orders = put(tmp_path, "o.csv", 'order_id,status,ts,items\n7,created,1762862731,"[{""n"": 1}]"\n')
    assert totals(run(log, orders, kind="orders")) == (1, 0, 0)
    event = list(log.facts.values())[-1]
    assert isinstance(event, OrderEvent)
    assert (event.owner, event.items) == ("", [{"n": 1}])


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=6), max_size=6))
def test_ordinals_count_across_calls(batches: list[list[str]]) -> None:
    seen: list[str] = []
    with Ordinals() as ordinals:
        for batch in batches:
            wanted = [(seen + batch[:place]).count(key) for place, key in enumerate(batch)]
            assert ordinals.next(batch) == wanted
            seen += batch


def test_counts_start_empty() -> None:
    assert totals(Counts()) == (0, 0, 0)
    assert FileCount(Path("a")).fault == ""


def test_another_reader_can_be_given(tmp_path: Path, log: Log) -> None:
    def opener(path: Path, wanted: str) -> Any:
        raise Rejected(f"{path}: {wanted}")

    counts = run(log, tmp_path / "a", opener=partial(opener, wanted="no"))
    assert counts.faults == [f"{tmp_path}/a: no"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_under_the_rejects_is_one_sentence(tmp_path: Path, log: Log) -> None:
    (tmp_path / "a.csv.rejects.csv").symlink_to("/dev/full")
    with pytest.raises(XundanError, match=r"a\.csv\.rejects\.csv: the rejects file cannot be written: No space"):
        run(log, put(tmp_path, "a.csv", HEADING + "u1,a,bad\n"))
