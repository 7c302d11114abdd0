"""CSV as shops, platforms and spreadsheets really write it."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.errors import Rejected
from xundan.receive.files import open_table, read_rows
from xundan.receive.files_columns import COLUMNS, KINDS, Kind
from xundan.receive.files_encoding import encoding_of
from xundan.receive.files_table import Row, check_columns, safe_cell, unsafe_cell

HEADING = "顾客编号,消息内容,时间,订单编号\n"


def write(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> list[Row]:
    return list(read_rows(write(tmp_path, content, name)))


def one(tmp_path: Path, line: str) -> Row:
    (row,) = rows(tmp_path, HEADING + line)
    return row


def refusal(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> str:
    with pytest.raises(Rejected) as caught:
        rows(tmp_path, content, name)
    return caught.value.reason


def test_a_row_has_its_line_and_its_values_by_wire_name(tmp_path: Path) -> None:
    row = one(tmp_path, 'u1,"多少钱，\n包邮吗",2025-11-11 20:00:00,1001')
    assert row == Row(2, {"user_id": "u1", "text": "多少钱，\n包邮吗", "ts": "2025-11-11 20:00:00", "order_id": "1001"})


def test_lines_are_counted_over_quoted_line_ends_and_blank_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, "\n" + HEADING + 'u1,"a\nb\nc",1,\n\n,,,\nu2,d,2,\n')
    assert [row.line for row in found] == [3, 8]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["user_id", "text", "ts"], ["u1", "a,b;c\td", "1"]])
    (row,) = rows(tmp_path, text.getvalue())
    assert row.values == {"user_id": "u1", "text": "a,b;c\td", "ts": "1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    (row,) = rows(tmp_path, (HEADING + "u1,镕喆啰·①，便宜点吗,1,\n").encode(encoding))
    assert row.values["text"] == "镕喆啰·①，便宜点吗"


def test_gb18030_has_characters_that_gbk_lacks(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, (HEADING + "u1,𠮷野家㐂😊,1,\n").encode("gb18030"))
    assert row.values["text"] == "𠮷野家㐂😊"


def test_the_euro_of_windows_gbk_is_understood(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, (HEADING + "u1,要多少").encode("gbk") + b"\x80" + "钱,1,\n".encode("gbk"))
    assert row.values["text"] == "要多少€钱"


def test_chinese_far_down_the_file_still_tells_the_encoding(tmp_path: Path) -> None:
    ascii_rows = "".join(f"user{i},hello there,{i},\n" for i in range(20_000))
    found = rows(tmp_path, ("user_id,text,ts,order_id\n" + ascii_rows + "u,多少钱,1,\n").encode("gbk"))
    assert found[-1].values["text"] == "多少钱"


def test_accents_alone_are_utf8(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "user_id,text\nu1,café ×2 30°\n")
    assert row.values["text"] == "café ×2 30°"


def test_a_truncated_character_costs_only_its_own_row(tmp_path: Path) -> None:
    found = rows(tmp_path, (HEADING + "u1,好的").encode()[:-1] + ",1,\nu2,谢谢,2,\n".encode())
    assert found[1].values["text"] == "谢谢"
    assert "\udce7" in str(found[0].values["text"]), "no field may hold it, so the parser refuses the row"


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=40))
def test_gbk_is_never_taken_for_utf8_beside_the_chinese_headings(text: str) -> None:
    with TemporaryDirectory() as folder:
        for encoding in ("gbk", "utf-8"):
            (row,) = rows(Path(folder), (HEADING + f"u1,{text},1,").encode(encoding))
            assert row.values["text"] == text


def test_line_ends_may_be_mixed(tmp_path: Path) -> None:
    found = rows(tmp_path, "user_id,text\r\nu1,a\nu2,b\r\nu3,c\ru4,d")
    assert [row.values["text"] for row in found] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="00123"', "00123"),
        ('"=""2025111120091234567"""', "2025111120091234567"),
        ("\t2025111120091234567", "2025111120091234567"),
        ("'00123", "00123"),
        ("  00123\u3000", "00123"),
        ("2025111120091234567\t", "2025111120091234567"),
    ],
)
def test_what_spreadsheets_wrap_around_an_order_number_comes_off(tmp_path: Path, cell: str, value: str) -> None:
    row = one(tmp_path, f"u1,好,1,{cell}")
    assert (row.values["order_id"], row.fault) == (value, None)


@pytest.mark.parametrize("text", ["'引号", " 空格 ", "=_=", "1.23E+18", "-1", "@客服"])
def test_a_text_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, f"u1,{text},1,").values["text"] == text


@pytest.mark.parametrize("cell", ["1.23457E+18", "2E+15", '="1.2E+18"'])
def test_a_number_that_lost_digits_is_refused_with_what_to_do(tmp_path: Path, cell: str) -> None:
    fault = one(tmp_path, f"u1,好,1,{cell}").fault
    assert fault is not None
    assert fault.field == "order_id"
    assert "lost digits" in fault.reason
    assert "as text" in fault.reason


def test_a_formula_in_an_id_is_refused(tmp_path: Path) -> None:
    fault = one(tmp_path, "u1,好,1,=A1+1").fault
    assert fault is not None
    assert "formula" in fault.reason


def test_chinese_words_become_those_of_the_wire(tmp_path: Path) -> None:
    found = rows(tmp_path, "订单编号,状态,付款阶段,发送方\n1,已付款,定金,顾客\n2,paid,balance,agent\n3,不详,,\n")
    assert [row.values["status"] for row in found] == ["paid", "paid", "不详"]
    assert [row.values["part"] for row in found] == ["deposit", "balance", ""]
    assert [row.values["from"] for row in found] == ["user", "agent", ""]


def test_headings_forgive_case_spaces_and_width(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, " User_ID ,订单 编号,金额(元),备注,备注\nu1,1,2.00,a,b\n")
    assert row.values == {"user_id": "u1", "order_id": "1", "amount": "2.00", "备注": "a", "备注#5": "b"}


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    reason = refusal(tmp_path, "user_id,text,顾客编号\nu,a,b\n")
    assert reason == f"{tmp_path}/file.csv: the column user_id (顾客编号) is there twice"


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path, "顾客编号,时间,备注\nu,1,x\n")
    with open_table(path) as table, pytest.raises(Rejected) as caught:
        check_columns("messages", table)
    assert caught.value.reason == f"{path}: the column text (消息内容) is missing; found: 顾客编号, 时间, 备注"


def test_without_a_heading_row_no_personal_data_is_shown(tmp_path: Path) -> None:
    reason = refusal(tmp_path, "张三,13812345678,a@b.cn,你好\n")
    assert "must name the columns" in reason
    assert "138" not in reason
    assert "@" not in reason


def test_a_heading_row_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    assert rows(tmp_path, HEADING) == []


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "f.csv", "is empty"),
        (b"\n\n", "f.csv", "is empty"),
        (b"\xef\xbb\xbf", "f.csv", "is empty"),
        (b"", "f.jsonl", "is empty"),
        (b"\0\1\2binary", "f.csv", "not a text table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "f.xls", "old .xls"),
        (b"<html><table>", "f.xls", "web page"),
        (b'[{"user_id": 1}]', "f.json", "one JSON object a line"),
        ("這是繁體".encode("big5") * 50, "f.csv", ""),
        (b"\xff\xff\xff\xff\xff\xff\xff", "f.csv", "neither in UTF-8 nor in GBK"),
        (b'"user_id,text\nu,a\n', "f.csv", "quotation mark"),
    ],
)
def test_an_unreadable_file_is_one_sentence_that_begins_with_its_path(
    tmp_path: Path, content: bytes, name: str, words: str
) -> None:
    reason = refusal(tmp_path, content, name)
    assert reason.startswith(f"{tmp_path}/{name}: ")
    assert words in reason
    assert "\n" not in reason


def test_a_file_that_is_not_there_or_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(Rejected, match=words):
            list(read_rows(path))


def test_a_row_with_more_cells_than_headings_is_refused(tmp_path: Path) -> None:
    wide, fine = rows(tmp_path, "user_id,text,ts\nu1,多少钱,包邮吗,1\nu2,好,2,,\n")
    assert wide.fault is not None
    assert "4 cells under 3 headings" in wide.fault.reason
    assert (fine.fault, fine.values["text"]) == (None, "好")


def test_an_open_quotation_mark_costs_its_lines_and_no_others(tmp_path: Path) -> None:
    found = rows(tmp_path, 'user_id,text\nu1,a\nu2,"b\nu3,c\nu4,"d"\nu5,e\nu6,"f\n')
    good = [row.values["user_id"] for row in found if row.fault is None]
    bad = [row.fault.reason for row in found if row.fault]
    assert good == ["u1", "u5"]
    assert "lines 3 to 5" in bad[0]
    assert "line 7" in bad[1]


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path, b"user_id,text\nu1," + b"x" * (1 << 24))
    with flat_memory(8 << 20), pytest.raises(Rejected, match="longer than a million"):
        list(read_rows(path))


def test_a_hundred_thousand_rows_stay_flat_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w", encoding="gb18030") as file:
        file.write(HEADING)
        file.writelines(f"u{i},这款多少钱呀{i},2025-11-11 20:00:00,{i}\n" for i in range(100_000))
    with flat_memory(4 << 20):
        assert sum(1 for _ in read_rows(path)) == 100_000


class flat_memory:  # reads as a phrase
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __enter__(self) -> None:
        tracemalloc.start()

    def __exit__(self, *_: object) -> None:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < self.limit


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
IDS = st.text("0123456789abcXYZ_-小李", min_size=1, max_size=20)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_written_under_a_templates_headings_is_read(kind: Kind, data: st.DataObject) -> None:
    columns = [c for c in COLUMNS[kind] if c.name not in ("from", "status", "part")]
    wanted = [
        {c.name: data.draw(TEXTS if c.role == "text" else IDS, label=c.name) for c in columns}
        for _ in range(data.draw(st.integers(0, 4)))
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([c.heading for c in columns])
    writer.writerows([row[c.name] for c in columns] for row in wanted)
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        assert [row.values for row in _read(text.getvalue().encode(encoding))] == wanted


def _read(content: bytes) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        yield from read_rows(write(Path(folder), content))


@given(TEXTS)
def test_a_safe_cell_never_begins_like_a_formula_and_can_be_undone(text: str) -> None:
    assert safe_cell(text)[:1] not in tuple("=+-@\t\r＝＋－＠")
    assert unsafe_cell(safe_cell(text)) == text


def test_plain_ascii_is_utf8(tmp_path: Path) -> None:
    assert encoding_of(write(tmp_path, b"user_id,text\n")) == "utf-8"
