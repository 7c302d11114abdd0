"""Xundan's own files to fill in: messages, orders and links as CSV, JSON Lines and Excel, with example rows."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any, Literal, get_args

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from xundan.receive.files_columns import CHINESE_VALUES, COLUMNS, Column, Kind

Form = Literal["csv", "jsonl", "xlsx"]
FORMS: tuple[Form, ...] = get_args(Form)
Lang = Literal["zh", "en"]

_WRITTEN_SEPARATELY = frozenset({"amount_fen"})
"""Understood, but not offered in a template: amount says the same in yuan."""

EXAMPLES: dict[Kind, tuple[dict[str, str], ...]] = {
    "messages": (
        {
            "user_id": "tb8830017",
            "text": "你好，这款保温杯现在多少钱？",
            "ts": "2025-11-11 20:05:00",
            "from": "user",
            "conversation_id": "c-1001",
            "message_id": "m-1",
            "channel": "taobao",
            "product_id": "00520131",
        },
        {
            "user_id": "tb8830017",
            "text": "您好，今天活动价 89 元，包邮。",
            "ts": "2025-11-11 20:05:31",
            "from": "bot",
            "conversation_id": "c-1001",
            "message_id": "m-2",
            "channel": "taobao",
            "product_id": "00520131",
        },
        {
            "user_id": "tb8830017",
            "text": "好的，已经拍了\n麻烦今天发货",
            "ts": "2025-11-11 20:09:10",
            "from": "user",
            "conversation_id": "c-1001",
            "channel": "taobao",
            "order_id": "2025111120091234567",
        },
        {
            "user_id": "tb8830017",
            "text": "收到，今晚就发出。",
            "ts": "2025-11-11 20:10:02",
            "from": "agent",
            "agent_id": "小李",
            "conversation_id": "c-1001",
            "channel": "taobao",
        },
    ),
    "orders": (
        {
            "order_id": "2025111120091234567",
            "user_id": "tb8830017",
            "status": "created",
            "ts": "2025-11-11 20:08:40",
            "amount": "89.00",
            "product_id": "00520131",
            "channel": "taobao",
        },
        {
            "order_id": "2025111120091234567",
            "user_id": "tb8830017",
            "status": "paid",
            "ts": "2025-11-11 20:09:02",
            "amount": "89.00",
            "product_id": "00520131",
            "channel": "taobao",
        },
        {
            "order_id": "2025111120091234567",
            "user_id": "tb8830017",
            "status": "refunded",
            "ts": "2025-11-14 09:30:00",
            "amount": "10.50",
            "refund_id": "r-1",
            "channel": "taobao",
        },
        {
            "order_id": "2025111121007654321",
            "user_id": "t**7",
            "status": "paid",
            "ts": "2025-11-11 21:00:00",
            "amount": "30",
            "part": "deposit",
            "coupon_id": "双11满减",
            "items": '[{"product_id": "00520131", "count": 2}]',
        },
    ),
    "links": (
        {"alias": "jd_6671", "user_id": "tb8830017", "ts": "2025-11-12 10:00:00", "link_id": "l-1"},
        {"alias": "order:2025111121007654321", "user_id": "tb8830017", "ts": "2025-11-12 10:05:00"},
    ),
}


def template(kind: Kind, form: Form, *, lang: Lang = "zh") -> bytes:
    """A template's content.

    Args:
        lang: headings and words in Chinese, or the wire's names (JSON Lines always has the wire's).
    """
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in EXAMPLES[kind]).encode()
    if form == "csv":
        return _csv(kind, lang)
    return _xlsx(kind, lang)


def _columns(kind: Kind) -> list[Column]:
    return [column for column in COLUMNS[kind] if column.name not in _WRITTEN_SEPARATELY]


def _headings(columns: list[Column], lang: Lang) -> list[str]:
    return [column.heading if lang == "zh" else column.name for column in columns]


def _word(name: str, value: str, lang: Lang) -> str:
    """A value as the template writes it: 已付款 for paid."""
    if lang == "zh":
        for chinese, wire in CHINESE_VALUES.get(name, {}).items():
            if wire == value:
                return chinese
    return value


def _csv(kind: Kind, lang: Lang) -> bytes:
    columns = _columns(kind)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_headings(columns, lang))
    for row in EXAMPLES[kind]:
        writer.writerow([_word(c.name, row.get(c.name, ""), lang) for c in columns])
    return text.getvalue().encode("utf-8-sig")  # without the mark Excel reads it as GBK


def _xlsx(kind: Kind, lang: Lang) -> bytes:
    columns = _columns(kind)
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.title = kind
    _line(sheet, _headings(columns, lang), bold=True)
    for row in EXAMPLES[kind]:
        _line(sheet, [_xlsx_value(c, row.get(c.name, ""), lang) for c in columns])
    for place, column in enumerate(columns, 1):
        dimension = sheet.column_dimensions[get_column_letter(place)]
        dimension.width = 40 if column.role == "text" else 22
        # As text, or the spreadsheet rounds long order numbers and drops leading zeros.
        dimension.number_format = "yyyy-mm-dd hh:mm:ss" if column.role == "time" else "@"
    sheet.freeze_panes = "A2"
    _explain(workbook, kind)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _xlsx_value(column: Column, value: str, lang: Lang) -> str | datetime | None:
    if column.role == "time" and value:
        return datetime.fromisoformat(value)
    return _word(column.name, value, lang) or None


def _explain(workbook: Workbook, kind: Kind) -> None:
    """The second sheet: every column, those too that the template leaves out."""
    sheet: Any = workbook.create_sheet("说明 Help")
    _line(sheet, ["列 Column", "英文列名 Wire name", "必填 Required", "说明", "Meaning"], bold=True)
    for c in COLUMNS[kind]:
        _line(sheet, [c.heading, c.name, "是 yes" if c.required else "否 no", c.chinese, c.english])
    for letter, width in zip("ABCDE", (16, 20, 16, 60, 80), strict=True):
        sheet.column_dimensions[letter].width = width


def _line(sheet: Any, values: list[Any], *, bold: bool = False) -> None:
    sheet.append(values)
    cells: tuple[Cell, ...] = sheet[sheet.max_row]
    for cell in cells:
        if bold:
            cell.font = Font(bold=True)
        cell.number_format = "yyyy-mm-dd hh:mm:ss" if isinstance(cell.value, datetime) else "@"
