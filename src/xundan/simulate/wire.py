"""From what people did to the rows that a shop's systems send, some twice, some late."""

from __future__ import annotations

from random import Random
from typing import Any

from xundan.domain.calendar import DAY, HOUR
from xundan.simulate.acts import Deed, Join, Purchase, Say
from xundan.simulate.config import SimConfig
from xundan.simulate.customer import Customer
from xundan.simulate.rhythm import MINUTE

Row = dict[str, Any]
Arrival = tuple[int, str, Row]
"""(when it arrives, `message` | `order` | `link`, the row)."""

_LATEST = 6 * DAY


def arrivals(who: Customer) -> list[tuple[int, str, Row, str]]:
    """Every row of a customer as it reaches the shop; the last field is "", `late` or `duplicate`."""
    post = _Post(who.config, who.rng)
    for say in who.says:
        post.send("message", say.ts, _message(say))
    if who.deeds:
        yuan, orders = who.chance(0.3), {order.id: order for order in who.purchases}
        for deed in who.deeds:
            post.send("order", deed.ts, _order(deed, orders[deed.order], yuan=yuan))
    for join in who.joins:
        post.send("link", join.ts, _link(join))
    return post.sent


class _Post:
    """The way to the shop: a moment as a rule, hours or days now and then, and sometimes twice."""

    def __init__(self, config: SimConfig, rng: Random) -> None:
        self.config = config
        self.rng = rng
        self.sent: list[tuple[int, str, Row, str]] = []

    def send(self, kind: str, ts: int, row: Row) -> None:
        random, end = self.rng.random, self.config.end
        on_time = min(ts + int(20 + random() * 900), end)
        late = 0
        if random() < self.config.late * (4 if kind == "link" else 1):
            late = ts + int(10 * MINUTE + random() ** 3 * _LATEST)
        if ts < late <= end:
            self.sent.append((late, kind, row, "late"))
        else:
            self.sent.append((on_time, kind, row, ""))
        if random() < self.config.duplicates:
            again = self.sent[-1][0] + int(random() ** 4 * 12 * HOUR) + 5
            if again <= end:
                self.sent.append((again, kind, row, "duplicate"))


def _message(say: Say) -> Row:
    row: Row = {"message_id": say.id, "user_id": say.face, "from": say.sender, "ts": say.ts, "text": say.text}
    return _with(
        row,
        conversation_id=say.thread,
        agent_id=say.agent,
        channel=say.channel,
        product_id=say.product,
        order_id=say.order,
    )


def _order(deed: Deed, order: Purchase, *, yuan: bool) -> Row:
    row: Row = {"event_id": deed.id, "order_id": deed.order, "status": deed.status, "ts": deed.ts}
    if deed.amount is not None and yuan:
        row["amount"] = f"{deed.amount // 100}.{deed.amount % 100:02d}"
    elif deed.amount is not None:
        row["amount_fen"] = deed.amount
    if deed.status == "created":
        row["items"] = [{"product_id": order.product, "quantity": order.quantity}]
        row["product_id"] = order.product
    coupon = order.coupon if deed.status in ("created", "paid") else None
    return _with(
        row, user_id=deed.buyer, part=deed.part, refund_id=deed.refund, coupon_id=coupon, channel=order.channel
    )


def _link(join: Join) -> Row:
    return {"link_id": join.id, "alias": join.alias, "user_id": join.user, "ts": join.ts}


def _with(row: Row, **more: str | None) -> Row:
    for name, value in more.items():
        if value:
            row[name] = value
    return row
