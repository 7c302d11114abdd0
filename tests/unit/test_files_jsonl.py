"""JSON Lines files."""

from __future__ import annotations

from pathlib import Path

import pytest

from xundan.receive.files import read_rows
from xundan.receive.files_table import Row


def rows(tmp_path: Path, content: str | bytes) -> list[Row]:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path))


def test_values_keep_their_types_and_lines_their_numbers(tmp_path: Path) -> None:
    found = rows(tmp_path, '{"user_id": 7, "items": [{"n": 1}]}\r\n\n{"text": "好", "x": null}\n')
    assert found == [Row(1, {"user_id": 7, "items": [{"n": 1}]}), Row(3, {"text": "好", "x": None})]


def test_chinese_names_and_words_are_understood(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, '{"顾客编号": "u", "状态": "已付款", "note": 1}')
    assert row.values == {"user_id": "u", "status": "paid", "note": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    (row,) = rows(tmp_path, '{"text": "便宜点吗𠮷"}'.encode(encoding))
    assert row.values["text"] == "便宜点吗𠮷"


@pytest.mark.parametrize("line", ["oops", "[1]", '"text"', "{", '{"a": 1}}', "NaN", '{"a": "\\ud800"}', "[" * 5000])
def test_a_line_that_is_no_object_costs_only_itself(tmp_path: Path, line: str) -> None:
    bad, good = rows(tmp_path, line + '\n{"text": "好"}\n')
    assert bad.fault is not None
    assert bad.fault.reason == "the line is not a JSON object"
    assert good == Row(2, {"text": "好"})


def test_broken_bytes_cost_only_their_line(tmp_path: Path) -> None:
    bad, good = rows(tmp_path, '{"text": "好的'.encode()[:-1] + '"}\n{"text": "谢谢"}\n'.encode())
    assert bad.fault is not None
    assert "no text in the file's encoding" in bad.fault.reason
    assert good.values == {"text": "谢谢"}


def test_a_number_that_lost_digits_is_refused_and_a_long_whole_one_kept(tmp_path: Path) -> None:
    lost, kept = rows(tmp_path, '{"order_id": 1.23E+18}\n{"order_id": 1234567890123456789}\n')
    assert lost.fault is not None
    assert "order_id is a number that has lost digits" in lost.fault.reason
    assert kept == Row(2, {"order_id": 1234567890123456789})
