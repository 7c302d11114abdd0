"""What a day and a conversation add to the cubes (docs/definitions.md, C and D)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xundan.domain.calendar import DAY
from xundan.domain.cells import Amount, Cell, Contributions
from xundan.domain.records import Message
from xundan.domain.rules import INQUIRY_INTENTS, WINDOWS, Rules
from xundan.domain.sessions import Session
from xundan.domain.state import Totals
from xundan.domain.timeline import Timeline

ONE = Amount(1)


def customer_day(timeline: Timeline, day: int) -> Contributions:
    """One owner's day: wrote, answered, inquired, and which events its inquiry led to, by smallest lag."""
    wrote = [m for m in timeline.messages(day) if m.sender == "user"]
    if not wrote:
        return {}
    rules = timeline.rules
    orders = list(timeline.orders(day - rules.on_way_days - 1, day + WINDOWS - 1))
    inquiry = first_inquiry(wrote, day, orders, rules)

    of = inquiry or wrote[0]
    held_by = timeline.holding(of, day)
    dims = held_by.dims(held_by.last_agent, of.channel)
    added: Contributions = {Cell("wrote", day, dims): ONE}
    if any(_answered(found, wrote) for found in timeline.run(day).sessions):
        added[Cell("answered", day, dims)] = ONE
    if inquiry is not None:
        added[Cell("inquiries", day, dims)] = ONE
        for event, lag in _smallest_lags(inquiry, day, orders, rules).items():
            added[Cell(event, day, dims, lag)] = ONE
    return added


def conversation(timeline: Timeline, found: Session, ordered: bool) -> Contributions:
    """One conversation, and whether a sale names it."""
    day = timeline.rules.day(found.messages[0].ts)
    dims = found.dims(found.last_agent, channel_of(found.messages))
    added: Contributions = {Cell("conversations", day, dims): ONE}
    if ordered:
        added[Cell("conversations_ordered", day, dims)] = ONE
    return added


def channel_of(messages: Sequence[Message]) -> str | None:
    """The channel of the first message that has one."""
    return next((m.channel for m in messages if m.channel), None)


def first_inquiry(wrote: Iterable[Message], day: int, orders: Iterable[Totals], rules: Rules) -> Message | None:
    """The first customer message that makes its day an inquiry (definitions D2)."""
    if rules.inquiry_rule == "intent":
        return next((m for m in wrote if m.intent in INQUIRY_INTENTS), None)
    orders = list(orders)
    created = min((o.created for o in orders if o.created is not None and rules.day(o.created) == day), default=None)
    on_way = [_on_way(o, rules) for o in orders if o.paid is not None]
    for message in wrote:
        if created is not None and created < message.ts:
            return None  # and so for every later one
        if not any(after < message.ts <= until for after, until in on_way):
            return message
    return None


def _on_way(order: Totals, rules: Rules) -> tuple[int, int]:
    """The instants after which, and until which, a paid order is on its way."""
    paid = order.paid or 0
    ends = (order.received, order.cancelled, order.refunded_in_full)
    return paid, min(paid + rules.on_way_days * DAY, *(end for end in ends if end is not None), paid + 2**62)


def _answered(found: Session, wrote: Sequence[Message]) -> bool:
    """Whether somebody typed after one of the day's customer messages, later in its conversation."""
    reply = next((m.key for m in reversed(found.messages) if m.sender != "user"), None)
    return reply is not None and any(found.messages[0].key <= m.key < reply for m in wrote)


def _smallest_lags(inquiry: Message, day: int, orders: Iterable[Totals], rules: Rules) -> dict[str, int]:
    lags: dict[str, int] = {}
    for order in orders:
        for event, lag in _lags(inquiry, day, order, rules):
            if 0 <= lag < WINDOWS:
                lags[event] = min(lag, lags.get(event, WINDOWS))
    return lags


def _lags(inquiry: Message, day: int, order: Totals, rules: Rules) -> Iterable[tuple[str, int]]:
    """The events of definitions D4 that an order is for an inquiry, with their lags in days."""
    if order.paid is not None and order.paid > inquiry.ts:
        yield "paid", rules.day(order.paid) - day
    if order.created is None or order.created <= inquiry.ts:
        return
    created = rules.day(order.created)
    yield "ordered", created - day
    if order.paid is None or rules.day(order.paid) > created + rules.pay_close_days:
        return
    yield "finally_paid", created - day
    refunded = order.refunded_in_full
    if refunded is None or rules.day(refunded) > rules.day(order.paid) + rules.refund_days:
        yield "kept", created - day
