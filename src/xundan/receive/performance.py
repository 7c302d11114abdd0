"""A shop's own figures of its agents (客服绩效), as 生意参谋 and 赤兔 export them, read to be compared with ours."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from xundan.domain.calendar import day_number
from xundan.errors import Rejected
from xundan.measure.against import MONEY, Basis, Claim
from xundan.receive.files import unreadable
from xundan.receive.files_columns import plain_heading
from xundan.receive.files_grid import open_grid
from xundan.receive.files_table import shown

HEAD = 30
"""Lines that are looked at for the headings."""

MOST_WRONG = 20
Numbered = tuple[int, list[str]]

DAYS = frozenset({"日期", "统计日期", "数据日期", "时间", "day", "date"})
AGENTS = frozenset(
    {"客服", "旺旺", "客服昵称", "客服账号", "客服旺旺", "客服姓名", "旺旺昵称", "昵称", "账号", "员工", "agent"}
)
SUMMARIES = re.compile(r"(?:全店)?(?:汇总|合计|总计|小计|平均|均值|日均|人均).{0,2}|同行.*|total|average", re.I)
NO_NUMBER = frozenset({"", "-", "--", "—", "延迟统计", "暂无数据", "/", "n/a"})

OURS: dict[str, Basis] = {
    "wrote": Basis("people", "wrote"),
    "answered": Basis("people", "answered"),
    "inquiries": Basis("people", "inquiries"),
    **{event: Basis("converted", event) for event in ("ordered", "paid", "finally_paid", "kept")},
    **{f"{event}_rate": Basis("rate", event, "inquiries") for event in ("ordered", "paid", "finally_paid", "kept")},
    "sales": Basis("sales"),
    "sales_orders": Basis("sales_orders"),
    "silent": Basis("silent"),
    "total": Basis("total"),
    "refunds": Basis("refunds"),
}
"""What `--map` may name on its left side."""

_NAMES: dict[str, str] = {
    "咨询人数": "wrote",
    "接待人数": "answered",
    "有效接待人数": "answered",
    "人工接待人数": "answered",
    "询单人数": "inquiries",
    "当日询单人数": "inquiries",
    "询单转化率": "finally_paid_rate",
    "询单付款转化率": "finally_paid_rate",
    "询单支付转化率": "finally_paid_rate",
    "客服销售额": "sales",
    "销售额": "sales",
    "客服销售金额": "sales",
    "客服成交金额": "sales",
    "客服支付金额": "sales",
    "落实付款金额": "sales",
    "客服落实付款金额": "sales",
    "客服落实下单金额": "sales",
    "客服销售订单数": "sales_orders",
    "销售订单数": "sales_orders",
    "订单数": "sales_orders",
    "客服成交订单数": "sales_orders",
    "静默销售额": "silent",
    "静默成交金额": "silent",
    "店铺销售额": "total",
    "全店销售额": "total",
    "总销售额": "total",
    "店铺成交金额": "total",
    "退款金额": "refunds",
    "成功退款金额": "refunds",
    "客服退款金额": "refunds",
}
"""Their headings as `_plain` makes them; those of conversions follow the pattern below."""

_CONVERSION = re.compile(r"(?:询单)?(当日|次日|最终|\d{1,2}日)?(下单|付款|支付|成团)(人数|成功率|转化率)")
_WINDOWS = {"当日": 1, "次日": 2}
_NUMBER = re.compile(r"[¥￥]?(-?\d+(?:\.\d+)?)(%|万)?元?")
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:\s.*|T.*)?", re.ASCII)
_IN_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\D{1,3}(\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass
class Performance:
    """What the export says. `days` are the first and last day it is about, None where it does not say.

    `rows` were used, `skipped` are sums and averages, `bad` cells are neither number nor day, the first of them by line
    and heading in `wrong`; `unknown` headings are not compared. With `by_agent` the figures of agents were added up.
    """

    claims: list[Claim] = field(default_factory=list)
    days: tuple[int, int] | None = None
    rows: int = 0
    skipped: int = 0
    bad: int = 0
    by_agent: bool = False
    unknown: list[str] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)


def read_performance(path: Path, *, rule: str, window: int, names: Mapping[str, str]) -> Performance:
    """Read an export: CSV or a workbook, whatever stands above its headings.

    Args:
        rule, window: how our figures are counted where a heading does not say.
        names: our name (a key of OURS) to their heading, for columns that are not known by themselves.

    Raises:
        Rejected: the file cannot be read, or none of its columns is understood.
    """
    try:
        with open_grid(path) as grid:
            table = ((line.number, [grid.show(cell).strip() for cell in line.cells]) for line in grid.lines)
            made = _read(table, rule, window, names)
    except (Rejected, OSError, UnicodeError) as error:
        raise unreadable(path, error) from None
    named = _IN_NAME.search(path.name)
    if made.days is None and named:
        made.days = (day_number(named[1]), day_number(named[2]))
    return made


def _read(table: Iterator[Numbered], rule: str, window: int, names: Mapping[str, str]) -> Performance:
    wanted = {_plain(heading): name for name, heading in names.items()}
    first = list(islice(table, HEAD))
    head = [cells for _, cells in first]
    found = max(range(len(head)), key=lambda n: len(_bases(head[n], wanted, rule, window)), default=0)
    bases = _bases(head[found], wanted, rule, window) if head else {}
    lost = [heading for plain, heading in zip(wanted, names.values(), strict=True) if plain not in _plains(head, found)]
    if lost:
        raise Rejected(
            f"there is no column {', '.join(lost)}; found: {shown(head[found] if head else ())}", field="map"
        )
    if not bases:
        headings = shown(head[found] if head else ())
        raise Rejected(f"no column is known; say which is which, as in --map paid=THEIRS; found: {headings}")
    reader = _Reader(head[found], bases)
    for number, cells in chain(first[found + 1 :], table):
        reader.take(number, cells)
    return reader.made()


def _plains(head: Sequence[Sequence[str]], found: int) -> set[str]:
    return {_plain(heading) for heading in head[found]} if head else set()


def _plain(heading: str) -> str:
    """A heading without white space, units in brackets, and the arrows that the tools write in different ways."""
    return re.sub(r"\(.*?\)|->|→|>|-|－", "", plain_heading(heading).replace("—", "-"))


def _bases(headings: Sequence[str], wanted: Mapping[str, str], rule: str, window: int) -> dict[int, Basis]:
    """How ours counts what each known column holds."""
    found = {}
    for place, heading in enumerate(headings):
        basis = _basis(_plain(heading), wanted)
        if basis:
            ruled = basis.kind in ("sales", "sales_orders", "silent", "total")
            windowed = basis.kind not in ("people", "refunds", "total")
            basis = basis._replace(rule=rule if ruled else "", window=(basis.window or window) if windowed else 0)
            found[place] = basis
    return found


def _basis(plain: str, wanted: Mapping[str, str]) -> Basis | None:
    name = wanted.get(plain) or _NAMES.get(plain)
    if name:
        return OURS[name]
    match = _CONVERSION.fullmatch(plain)
    if match is None or not (match[1] or plain.startswith("询单")):
        return None
    event = "ordered" if match[2] == "下单" else "paid" if match[1] not in ("最终", None) else "finally_paid"
    window = _WINDOWS.get(match[1] or "", 0) or int((match[1] or "0").rstrip("日最终") or 0)
    return OURS[event if match[3] == "人数" else f"{event}_rate"]._replace(window=min(window, 15))


class _Reader:
    """Adds up the rows of the table."""

    def __init__(self, headings: Sequence[str], bases: Mapping[int, Basis]) -> None:
        plain = [plain_heading(heading) for heading in headings]
        self._headings = headings
        self._bases = bases
        self._day = next((n for n, name in enumerate(plain) if name in DAYS), None)
        self._agent = next((n for n, name in enumerate(plain) if name in AGENTS), None)
        self._weight = next((n for n, basis in bases.items() if basis == OURS["inquiries"]), None)
        self._values: dict[int, dict[int | None, float]] = {n: defaultdict(float) for n in bases}
        self._weights: dict[int, dict[int | None, float]] = {n: defaultdict(float) for n in bases}
        self._missing = dict.fromkeys(bases, 0)
        self._line = 0
        self._performance = Performance(by_agent=self._agent is not None)
        self._performance.unknown = [
            heading
            for n, heading in enumerate(headings)
            if heading and n not in bases and n not in (self._day, self._agent)
        ]

    def take(self, line: int, cells: Sequence[str]) -> None:
        """Add a row, unless it is a sum or an average of others."""
        self._line = line
        if not any(cells):
            return
        labels = [self._cell(cells, n) for n in (self._day, self._agent) if n is not None] or [cells[0]]
        if any(SUMMARIES.fullmatch(label) for label in labels):
            self._performance.skipped += 1
            return
        day = self._day_of(self._cell(cells, self._day)) if self._day is not None else None
        if self._day is not None and day is None:
            self._wrong(self._day)
            return
        self._performance.rows += 1
        for place, basis in self._bases.items():
            self._add(place, basis, day, cells)

    def _add(self, place: int, basis: Basis, day: int | None, cells: Sequence[str]) -> None:
        number = self._number(cells, place, basis)
        if number is None:
            self._missing[place] += 1
            return
        if basis.kind != "rate":
            self._values[place][day] += number
            return
        weight = 1.0 if self._weight is None else self._number(cells, self._weight, OURS["inquiries"]) or 0.0
        self._values[place][day] += number * weight
        self._weights[place][day] += weight

    def made(self) -> Performance:
        """Everything that was read."""
        for place, basis in self._bases.items():
            values = dict(self._values[place])
            if basis.kind == "rate":
                weights = self._weights[place]
                values = {day: value / weights[day] for day, value in values.items() if weights[day]}
            claim = Claim(self._headings[place], basis, values, dict(self._weights[place]), self._missing[place])
            self._performance.claims.append(claim)
        days = [day for values in self._values.values() for day in values if day is not None]
        self._performance.days = (min(days), max(days)) if days else None
        return self._performance

    def _cell(self, cells: Sequence[str], place: int | None) -> str:
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _day_of(self, text: str) -> int | None:
        found = _DAY.fullmatch(text)
        try:
            return day_number(f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}") if found else None
        except ValueError:
            return None

    def _number(self, cells: Sequence[str], place: int, basis: Basis) -> float | None:
        text = self._cell(cells, place).replace(",", "").replace("，", "").strip("'\t ")
        if text.lower() in NO_NUMBER:
            return None
        found = _NUMBER.fullmatch(text)
        if found is None:
            self._wrong(place)
            return None
        number = float(found[1]) * (10_000 if found[2] == "万" else 1)
        if basis.kind == "rate":
            return number / 100 if found[2] == "%" or number > 1 else number
        return round(number * 100) if basis.kind in MONEY else number

    def _wrong(self, place: int) -> None:
        where = (self._line, self._headings[place])
        if where not in self._performance.wrong:
            self._performance.bad += 1
            if len(self._performance.wrong) < MOST_WRONG:
                self._performance.wrong.append(where)
