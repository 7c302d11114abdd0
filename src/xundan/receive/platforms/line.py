"""A row of an export: its cells made into times, fen and plain texts, or the reason why they cannot be."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

import msgspec

from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.fields import MAX_FEN
from xundan.receive.files_grid import Grid, Line
from xundan.receive.files_table import LONG_TEXT_HINT
from xundan.receive.instants import instant
from xundan.receive.platforms.find import Found
from xundan.receive.platforms.sheets import MONEY, TIMES, Field, role_of

EXPORT_HINT = (
    "export the file from the platform again and import it as it was downloaded, without opening or saving it in "
    "Excel or WPS"
)
ORDER_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{3,63}", re.ASCII)
NOTHING = frozenset({"", "-", "--", "---", "/", "\\", "无", "null", "none", "nan", "n/a"})
_NO_TIME = ("0000-", "1970-01-01", "1900-01-0")
_SEALED = re.compile(r"[#~$|]{1,2}.{8,}", re.DOTALL)
"""A recipient or buyer that the platform has encrypted: `##…`, `~…~`, `$…$`. It names nobody, and is not kept."""

_BROKEN = re.compile("[\x00\ud800-\udfff]")
_YUAN = re.compile(r"(-?)(\d{1,11})(?:\.(\d{1,2})0*)?", re.ASCII)
_NO_REFUND = re.compile(r"[^0-9]*(?:无|没有|未)[^0-9]*")
_SUMS = ("汇总", "合计", "总计", "小计", "共计")


class Parsed(NamedTuple):
    """What a row says; times in UTC ms, money in fen, None where it says nothing. `fault` is "" or why it cannot."""

    line: int
    cells: list[str]
    sub: str = ""
    buyer: str = ""
    status: str = ""
    after: str = ""
    created: int | None = None
    paid: int | None = None
    shipped: int | None = None
    received: int | None = None
    closed: int | None = None
    refunded: int | None = None
    amount: int | None = None
    refund: int | None = None
    postage: int | None = None
    refund_id: str = ""
    product: str = ""
    fault: str = ""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Parsed).decode


class Reader:
    """Reads the lines of one export. `used` are the columns that are read at all, as places; no other cell is kept."""

    def __init__(self, grid: Grid, found: Found, rules: Rules, received: int) -> None:
        self._grid = grid
        self._rules = rules
        self._received = received
        self._fields = sorted(found.places.items(), key=lambda entry: entry[1])
        self.headings = {field: found.headings[place] for field, place in found.places.items()}
        self._order = found.places["order"]
        self.used = tuple(found.headings[place] for place in sorted(set(found.places.values())))
        self._kept = sorted(set(found.places.values()))
        self._buyer = found.places.get("buyer")

    def is_noise(self, line: Line) -> bool:
        """Whether a line is a sum, a note, blank, or the headings again."""
        if self._numbered(line):
            return False
        texts = [text for cell in line.cells if (text := self._grid.show(cell).strip())]
        if len(texts) <= 2 or any(text.startswith(_SUMS) for text in texts[:2]):
            return True
        return self._shown(line, self._order) == self.headings["order"]

    def _numbered(self, line: Line) -> bool:
        try:
            return bool(ORDER_NUMBER.fullmatch(self._text(line, "order", self._order)))
        except Rejected:
            return True

    def order(self, line: Line) -> str:
        """The order's number. Raises `Rejected` where there is none that could be one."""
        number = self._text(line, "order", self._order)
        if not number:
            raise Rejected(f"{self.headings['order']} is missing", field="order_id", code="missing_field")
        if not ORDER_NUMBER.fullmatch(number):
            raise Rejected(f"{self.headings['order']} is no order number", field="order_id")
        return number

    def parse(self, line: Line) -> Parsed:
        """What the line says."""
        values: dict[str, Any] = {}
        try:
            for field, place in self._fields:
                if field != "order":
                    values[field] = self._value(line, field, place)
        except Rejected as reason:
            return Parsed(line.number, self.cells(line), fault=reason.reason)
        return Parsed(line.number, self.cells(line), **values)

    def cells(self, line: Line) -> list[str]:
        """The cells that are used, as they stand there, for the rejects file."""
        kept = [self._shown(line, place) for place in self._kept]
        return ["" if p == self._buyer and _SEALED.fullmatch(t) else t for p, t in zip(self._kept, kept, strict=True)]

    def _value(self, line: Line, field: Field, place: int) -> Any:
        text = self._text(line, field, place)
        if field in TIMES:
            return self._time(field, text)
        if field in MONEY:
            return money(self.headings[field], text, signed=field != "amount")
        if text.lower() in NOTHING or (field == "buyer" and _SEALED.fullmatch(text)):
            return ""
        return unicodedata.normalize("NFKC", text) if field in ("status", "after") else text

    def _time(self, field: Field, text: str) -> int | None:
        if text.lower() in NOTHING or text.startswith(_NO_TIME):
            return None
        try:
            return instant(text, received=self._received, source="import", rules=self._rules)
        except Rejected as reason:
            late = "lies more than 24 hours in the future"
            what = late if late in reason.reason else "is no date and time since the year 2000"
            raise Rejected(f"{self.headings[field]} {what}", field="ts") from None

    def _text(self, line: Line, field: Field, place: int) -> str:
        if place >= len(line.cells):
            return ""
        name = self.headings[field]
        try:
            text = self._grid.read(name, role_of(field), line.cells[place]).strip()
            if _BROKEN.search(text):
                raise Rejected(f"{name} holds characters that are broken or none")
            return text
        except Rejected as reason:
            if reason.reason.endswith(LONG_TEXT_HINT):
                raise Rejected(f"{name} has lost digits in a spreadsheet; {EXPORT_HINT}", field=reason.field) from None
            raise

    def _shown(self, line: Line, place: int) -> str:
        text = self._grid.show(line.cells[place]).strip() if place < len(line.cells) else ""
        return text.encode("utf-8", "replace").decode() if _BROKEN.search(text) else text


def money(heading: str, text: str, *, signed: bool = False) -> int | None:
    """Fen of yuan as exports write them: `¥1,234.50`, `12.3元`, several joined by `;` and then summed; None for none.

    Args:
        signed: a refund may be written with a minus, or in words that there is none.

    Raises:
        Rejected: it is no sum of money.
    """
    if text.lower() in NOTHING:
        return None
    plain = unicodedata.normalize("NFKC", text)
    if signed and _NO_REFUND.fullmatch(plain):
        return 0
    sums = [_fen(heading, part, signed=signed) for part in re.split("[;|\n]", plain) if part.strip()]
    if not sums or sum(sums) > MAX_FEN:
        raise _no_money(heading)
    return sum(sums)


def _fen(heading: str, text: str, *, signed: bool) -> int:
    match = _YUAN.fullmatch(re.sub(r"[¥￥元,，\s]|CNY|RMB", "", text))
    if match is None or (match[1] and not signed):
        raise _no_money(heading)
    return int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))


def _no_money(heading: str) -> Rejected:
    return Rejected(f"{heading} is no sum of yuan with at most two decimals", field="amount")
