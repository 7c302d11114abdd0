"""From the rows of one order to what happened to it. A row is a snapshot: a later export replaces what it said.

Facts are never changed (definitions A3), so what may differ in the next export has an id of its own for each value, and
definitions E3 and E6 take the last one given:

- The amount paid has the payment's time in every export, and among facts of one time the greater id is the later: so
  the id holds the time of the export.
- A refund has the order's one `refund_id`, and each fact of it the sum given back so far, which only grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from xundan.errors import Rejected
from xundan.receive.platforms.line import Parsed
from xundan.receive.platforms.sheets import Sheet

CLOSED = ("关闭", "取消", "已删除", "(删除)")
REFUNDED = ("退款成功", "已退款", "退款完成", "全额退款", "退款完结")
PAID = ("已付款", "待发货", "已发货", "待收货", "已收货", "成功", "完成", "出库", "备货")
SETTLED = (*REFUNDED, "成功", "已完成", "完结")
OPEN = ("关闭", "撤销", "取消", "拒绝", "失败", "待", "等待", "申请", "处理中", "进行中", "退款中")

ASSUMED = [{"flag": "time_of_export"}]
"""The items of an event whose time the export does not say."""


class Event(NamedTuple):
    """The fields of an order event on the wire; `stamped` where its id holds the time of the export."""

    values: dict[str, Any]
    stamped: bool = False


@dataclass(frozen=True)
class Snapshots:
    """Expands orders of one export. `at`: the time of the export, UTC ms. `notes` counts what was assumed."""

    sheet: Sheet
    at: int
    notes: Counter[str]

    def events(self, number: str, rows: Sequence[Parsed]) -> Iterator[Event]:
        """What happened to an order. Raises `Rejected` where its rows contradict each other."""
        expand = self._refunds if self.sheet.holds == "refunds" else self._order
        common = {
            "order_id": number,
            "user_id": one(rows, lambda row: row.buyer, "two buyers") or "",
            "channel": self.sheet.channel,
            "product_id": next((row.product for row in rows if row.product), ""),
        }
        for name, values, stamped in list(expand(f"{self.sheet.platform}:{number}", _distinct(rows))):
            yield Event({**common, **values, "event_id": f"{self.sheet.platform}:{number}:{name}"}, stamped)

    def _order(self, prefix: str, rows: Sequence[Parsed]) -> Iterator[tuple[str, dict[str, Any], bool]]:
        created = _least(row.created for row in rows)
        paid = _least(row.paid for row in rows)
        amount, refund = self._money(rows, "amount"), self._money(rows, "refund")
        if paid is not None and amount is None:
            raise Rejected("the order was paid, but its amount is missing", field="amount", code="missing_field")
        if created is not None:
            yield self._created(created, None if paid is not None else amount)
        if paid is not None:
            # Some exports name what is left after a refund.
            fen = max(amount or 0, refund or 0)
            yield f"paid:{self.at:014d}:{fen}", {"status": "paid", "ts": paid, "amount_fen": fen}, True
        for status in ("shipped", "received"):
            ts = _most(getattr(row, status) for row in rows)
            if ts is not None:
                yield f"{status}:{ts}", {"status": status, "ts": ts}, False
        yield from self._end(prefix, rows, paid, refund)

    def _created(self, ts: int, amount: int | None) -> tuple[str, dict[str, Any], bool]:
        values = {"status": "created", "ts": ts}
        if amount is None:
            return f"created:{ts}", values, False
        return f"created:{self.at:014d}:{amount}", {**values, "amount_fen": amount}, True

    def _end(
        self, prefix: str, rows: Sequence[Parsed], paid: int | None, refund: int | None
    ) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """How the order ended, if it did: with money given back, or never paid."""
        closed = all(_says(row.status, CLOSED) for row in rows)
        if paid is None:
            if not closed and any(_says(row.status, PAID) for row in rows):
                self.notes["unpaid"] += 1
            if closed:
                yield self._timed("cancelled", "cancelled", _most(row.closed for row in rows), {})
            return
        gone = [row for row in rows if _says(row.status, CLOSED) or _says(row.after + row.status, REFUNDED)]
        if not refund and not gone:
            return
        part: dict[str, Any] = {}  # without an amount: whatever is left of the order's
        if refund:
            part = {"amount_fen": refund}
        elif len(gone) < len(rows):
            part = {"amount_fen": sum(row.amount or 0 for row in gone)}
        ts = _most(row.refunded for row in rows) or _most(row.closed for row in gone)
        yield self._timed("refunded", _sum_name(part), ts, {**part, "refund_id": f"{prefix}:refund"})

    def _timed(
        self, status: str, name: str, ts: int | None, values: dict[str, Any]
    ) -> tuple[str, dict[str, Any], bool]:
        """An event at a time of its own, or else, flagged, at that of the export."""
        if ts is not None:
            return f"{name}:{ts}", {"status": status, "ts": ts, **values}, False
        if status == "refunded":
            self.notes["assumed"] += 1
        return f"{name}:assumed", {"status": status, "ts": self.at, "items": ASSUMED, **values}, False

    def _refunds(self, prefix: str, rows: Sequence[Parsed]) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """The order's one refund as it grew, refund by refund."""
        done = [row for row in rows if _settled(row)]
        self.notes["open"] += len(rows) - len(done)
        total = 0
        for row in sorted(done, key=lambda row: (row.refunded or self.at, row.refund_id)):
            fen = (row.refund or 0) + (row.postage or 0)
            if fen:
                total += fen
                values = {"amount_fen": total, "refund_id": f"{prefix}:refund"}
                yield self._timed("refunded", _sum_name(values), row.refunded, values)

    def _money(self, rows: Sequence[Parsed], name: str) -> int | None:
        """What the rows of an order come to: their sum, or what each of them repeats."""
        given = [value for row in rows if (value := getattr(row, name)) is not None]
        if self.sheet.per_row:
            return sum(given) if given else None
        return one(rows, lambda row: getattr(row, name) or None, f"different sums ({name})") or (0 if given else None)


def one(rows: Sequence[Parsed], value: Callable[[Parsed], Any], what: str) -> Any:
    """The one value that the rows repeat, None where none has any. Raises `Rejected` where they differ."""
    found = {given for row in rows if (given := value(row))}
    if len(found) > 1:
        raise Rejected(f"the rows of this order name {what}")
    return found.pop() if found else None


def _distinct(rows: Sequence[Parsed]) -> list[Parsed]:
    """The rows, of those that name one sub-order or refund the last."""
    by_name: dict[str, Parsed] = {}
    for row in rows:
        by_name[row.sub or row.refund_id or f"\n{row.line}"] = row
    return list(by_name.values())


def _settled(row: Parsed) -> bool:
    """Whether a refund's money has gone back: its words say so, or there are none and its time does."""
    if not row.status:
        return row.refunded is not None
    return _says(row.status, SETTLED) or (row.refunded is not None and not _says(row.status, OPEN))


def _sum_name(values: dict[str, Any]) -> str:
    return f"refunded:{values['amount_fen']:014d}" if "amount_fen" in values else "refunded:all"


def _says(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)


def _least(times: Any) -> int | None:
    return min((ts for ts in times if ts is not None), default=None)


def _most(times: Any) -> int | None:
    return max((ts for ts in times if ts is not None), default=None)
