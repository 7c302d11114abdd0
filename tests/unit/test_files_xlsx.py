"""Excel workbooks, and what people and programs put into them."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.files import open_table, read_rows
from xundan.receive.files_table import Row
from xundan.receive.instants import instant

HEADING = ["顾客编号", "消息内容", "时间", "订单编号", "备注"]


def workbook(tmp_path: Path, *lines: list[Any], heading: list[Any] | None = None) -> Path:
    book = Workbook()
    sheet: Any = book.active
    for line in [heading or HEADING, *lines]:
        sheet.append(line)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def one(tmp_path: Path, *cells: Any) -> Row:
    (row,) = read_rows(workbook(tmp_path, list(cells)))
    return row


def fault(tmp_path: Path, *cells: Any) -> str:
    row = one(tmp_path, *cells)
    assert row.fault is not None
    return row.fault.reason


def test_a_row_has_its_number_and_its_values_as_text(tmp_path: Path) -> None:
    row = one(tmp_path, "u1", "多少钱\n包邮吗", datetime(2025, 11, 11, 20, 5, 31), "2025111120091234567", None)
    assert row == Row(
        2,
        {
            "user_id": "u1",
            "text": "多少钱\n包邮吗",
            "ts": "2025-11-11 20:05:31",
            "order_id": "2025111120091234567",
        },
    )


def test_whole_numbers_are_ids_and_seconds(tmp_path: Path) -> None:
    row = one(tmp_path, 10480447, 1024, 1762862731, 123456789012345.0)
    assert [row.values[n] for n in ("user_id", "text", "ts", "order_id")] == [
        "10480447",
        "1024",
        "1762862731",
        "123456789012345",
    ]


@pytest.mark.parametrize("value", [199, 199.9, 0.1 + 0.2, 19.900000000000002, 0])
def test_an_amount_is_the_decimal_that_the_sheet_shows(tmp_path: Path, value: float) -> None:
    (row,) = read_rows(workbook(tmp_path, [value], heading=["金额（元）"]))
    assert row.values["amount"] == f"{value:.10g}"


@pytest.mark.parametrize("value", [1.23456789012346e18, 1234567890123456789, 1234567890123456, 1e300])
def test_a_number_that_lost_digits_is_refused_with_what_to_do(tmp_path: Path, value: float) -> None:
    reason = fault(tmp_path, "u1", "好", "2025-11-11", value)
    assert "order_id is a number that has lost digits" in reason
    assert "as text" in reason


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_a_formula_is_refused_and_shown(tmp_path: Path, column: int) -> None:
    cells = ["u1", "好", "2025-11-11", "1001"]
    cells[column] = '=CONCAT("a","b")'
    row = one(tmp_path, *cells)
    assert row.fault is not None
    assert "formula" in row.fault.reason
    assert '=CONCAT("a","b")' in row.values.values()


def test_a_formula_in_a_column_that_is_not_ours_does_not_matter(tmp_path: Path) -> None:
    assert one(tmp_path, "u1", "好", "2025-11-11", "1", "=A2").fault is None


def test_a_text_that_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(HEADING)
    sheet.append(["u1", "", "2025-11-11", "1"])
    sheet["B2"].value = "=_="
    sheet["B2"].data_type = "s"
    book.save(tmp_path / "b.xlsx")
    (row,) = read_rows(tmp_path / "b.xlsx")
    assert (row.fault, row.values["text"]) == (None, "=_=")


def test_an_error_cell_is_refused(tmp_path: Path) -> None:
    assert "spreadsheet error" in fault(tmp_path, "#N/A", "好", "2025-11-11")


def test_an_id_that_became_a_date_is_refused(tmp_path: Path) -> None:
    reason = fault(tmp_path, "u1", "好", "2025-11-11", date(2025, 3, 2))
    assert "order_id was turned into a date" in reason


def test_a_time_without_a_day_and_a_number_of_days_are_refused(tmp_path: Path) -> None:
    assert "ts must be a date and time" in fault(tmp_path, "u1", "好", time(10, 30))
    assert "ts must be a date and time" in fault(tmp_path, "u1", "好", timedelta(hours=30))
    assert "format the column as a date" in fault(tmp_path, "u1", "好", 45972.5)


@pytest.mark.parametrize("second", range(0, 86_400, 7_919))
def test_the_time_of_day_comes_back_to_the_second(tmp_path: Path, second: int) -> None:
    moment = datetime(2025, 11, 11) + timedelta(seconds=second)
    value = one(tmp_path, "u1", "好", moment).values["ts"]
    wanted = int((moment - timedelta(hours=8)).replace(tzinfo=UTC).timestamp() * 1000)
    assert instant(value, received=wanted, source="import", rules=Rules()) == wanted


def test_empty_rows_are_passed_over_and_counted(tmp_path: Path) -> None:
    found = list(read_rows(workbook(tmp_path, [], ["u1", "a", "1"], [], [], ["u2", "b", "2"])))
    assert [row.line for row in found] == [3, 6]


def test_a_row_without_its_last_cells_has_an_empty_text(tmp_path: Path) -> None:
    (row,) = read_rows(workbook(tmp_path, ["u1"], heading=["user_id", "text"]))
    assert row.values == {"user_id": "u1", "text": ""}


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    book = Workbook()
    sheet: Any = book.create_sheet("二月")
    sheet.append(["user_id"])
    sheet.append(["u2"])
    path = tmp_path / "b.xlsx"
    book.save(path)
    assert [row.values for row in read_rows(path, sheet="二月")] == [{"user_id": "u2"}]
    with pytest.raises(Rejected, match="there is no sheet '三月'; the workbook has: Sheet, 二月"):
        list(read_rows(path, sheet="三月"))
    with pytest.raises(Rejected, match="the sheet is empty"):
        list(read_rows(path))


def test_progress_goes_to_one(tmp_path: Path) -> None:
    with open_table(workbook(tmp_path, ["u1", "a", "1"], ["u2", "b", "2"])) as table:
        shares = [table.share() for _ in table.rows]
    assert shares == [2 / 3, 1.0]


def rewrite(path: Path, member: str, old: bytes, new: bytes, *, whole: bytes = b"") -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = whole or parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def shared_strings(tmp_path: Path) -> Path:
    """As Excel itself writes it: texts in a table of their own."""
    path = workbook(tmp_path, [])
    rewrite(path, "[Content_Types].xml", b"</Types>", STRINGS_TYPE + b"</Types>")
    rewrite(path, "xl/_rels/workbook.xml.rels", b"</Relationships>", STRINGS_RELATION + b"</Relationships>")
    texts = ["user_id", "text", "ts", "=1+1 多少钱", "00123"]
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" count="5" uniqueCount="5">{items}</sst>')
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData>'
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'
        '<row r="5"><c r="A5" t="s"><v>4</v></c><c r="B5" t="s"><v>3</v></c><c r="C5"><v>1.795E12</v></c></row>'
        "</sheetData></worksheet>"
    )
    rewrite(path, "xl/worksheets/sheet1.xml", b"", b"", whole=sheet.encode())
    return path


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
STRINGS_RELATION = (
    b'<Relationship Id="rId99" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/relationships/sharedStrings"/>'
)


def test_a_workbook_as_excel_writes_it_is_read(tmp_path: Path) -> None:
    (row,) = read_rows(shared_strings(tmp_path))
    assert row == Row(5, {"user_id": "00123", "text": "=1+1 多少钱", "ts": "1795000000000"})


def test_a_wrong_dimension_hides_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["u1", "a", "1"])
    rewrite(path, "xl/worksheets/sheet1.xml", b'ref="A1:E2"', b'ref="A1"')
    assert [row.values["text"] for row in read_rows(path)] == ["a"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["u1", "a", "1"])
    rewrite(path, "xl/worksheets/sheet1.xml", b"</sheetData>", b"</sheetData>" + b" " * (48 << 20))
    with pytest.raises(Rejected, match="unpacks to far more than its size"):
        list(read_rows(path))


def test_too_much_text_at_once_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xundan.receive.files_xlsx.MAX_STRINGS", 10)
    with pytest.raises(Rejected, match="too much text"):
        list(read_rows(shared_strings(tmp_path)))


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%b">' % (letter + 1, b"&%c;" % letter * 10) for letter in range(ord("a"), ord("j"))
)


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", b"</row>", b"</wor>"),
        ("xl/workbook.xml", b"<sheets>", b"<sheets"),
        ("[Content_Types].xml", b"spreadsheetml.sheet.main", b"x"),
        ("xl/worksheets/sheet1.xml", b"<worksheet", ENTITIES + b"]><worksheet a='&j;'"),
    ],
)
def test_a_damaged_workbook_is_one_sentence(tmp_path: Path, member: str, old: bytes, new: bytes) -> None:
    path = workbook(tmp_path, ["u1", "a", "1"])
    rewrite(path, member, old, new)
    with pytest.raises(Rejected, match="the workbook is damaged") as caught:
        list(read_rows(path))
    assert caught.value.reason.startswith(f"{path}: ")


def test_a_cut_off_or_foreign_zip_is_one_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["u1", "a", "1"])
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(Rejected, match="damaged"):
        list(read_rows(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(Rejected, match="damaged"):
        list(read_rows(path))
