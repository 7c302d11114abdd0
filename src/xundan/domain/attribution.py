"""Which chat a sale is credited to, under each rule, and who assisted (docs/definitions.md, E4, E5, E8)."""

from __future__ import annotations

from bisect import bisect_left

from xundan.domain.cells import NO_DIMS, SILENT, UNMATCHED, Amount, Cell, Contributions, Dims, add
from xundan.domain.records import ORDER_KEY
from xundan.domain.rules import SaleRule
from xundan.domain.sessions import last_typist
from xundan.domain.state import Totals
from xundan.domain.timeline import Timeline, Touch


def sale(timeline: Timeline, order: Totals) -> Contributions:
    """What one order adds to the cubes of sales and refunds; nothing if it is no sale."""
    if order.paid is None or order.created is None:
        return {}
    amount = Amount(1, order.amount, order.refunded)
    paid_day, created_day = timeline.rules.day(order.paid), timeline.rules.day(order.created)
    added: Contributions = {}
    for refund in order.refunds:
        add(added, {Cell("refunds", timeline.rules.day(refund.ts)): Amount(1, 0, refund.taken)})
    if timeline.owner.startswith(ORDER_KEY):
        for rule, day in (("paid", paid_day), ("ordered", created_day), ("order_first", paid_day)):
            add(added, {Cell(f"sales.{rule}", day, lag=UNMATCHED): amount})
        return added

    by_payment, by_creation = timeline.touch(order.paid), timeline.touch(order.created)
    _credit(added, timeline, "paid", paid_day, order.paid, by_payment, amount)
    _credit(added, timeline, "ordered", created_day, order.created, by_creation, amount)
    _credit(added, timeline, "order_first", paid_day, order.created, by_creation, amount)
    _second(added, timeline, order, by_creation, by_payment, amount)
    return added


def credited(timeline: Timeline, order: Totals, rule: SaleRule, window: int) -> Touch | None:
    """The touch a sale is credited to under one rule and window, or None (silent, unmatched, or no sale)."""
    if order.paid is None or order.created is None or timeline.owner.startswith(ORDER_KEY):
        return None
    if rule != "paid":
        found = timeline.touch(order.created)
        if found and _lag(timeline, order.created, found) < window:
            return found
        if rule == "ordered":
            return None
    found = timeline.touch(order.paid)
    if found is None or _lag(timeline, order.paid, found) >= window:
        return None
    return found if rule == "paid" or found.message.ts > order.created else None


def _lag(timeline: Timeline, instant: int, touch: Touch) -> int:
    return timeline.rules.day(instant) - touch.day


def _credit(
    added: Contributions,
    timeline: Timeline,
    rule: SaleRule,
    day: int,
    instant: int,
    touch: Touch | None,
    amount: Amount,
) -> None:
    if touch is None:
        add(added, {Cell(f"sales.{rule}", day, NO_DIMS, SILENT): amount})
        return
    lag, agent = _lag(timeline, instant, touch), _agent_before(touch, instant)
    add(added, {Cell(f"sales.{rule}", day, touch.session.dims(agent, touch.message.channel), lag): amount})
    for other, other_lag in timeline.typists(instant).items():
        if other != agent:
            cell = Cell(f"assisted.{rule}", day, Dims(agent=other), max(lag, other_lag))
            add(added, {cell: Amount(1)})


def _second(
    added: Contributions,
    timeline: Timeline,
    order: Totals,
    by_creation: Touch | None,
    by_payment: Touch | None,
    amount: Amount,
) -> None:
    """`order_first` where the creation's touch is too old for the window: the chat between creation and payment."""
    if order.paid is None or order.created is None or by_payment is None or by_payment.message.ts <= order.created:
        return
    first_lag = SILENT if by_creation is None else _lag(timeline, order.created, by_creation)
    lag, day = _lag(timeline, order.paid, by_payment), timeline.rules.day(order.paid)
    if lag >= first_lag:
        return
    agent = _agent_before(by_payment, order.paid)
    dims = by_payment.session.dims(agent, by_payment.message.channel)
    add(added, {Cell("second.order_first", day, dims, lag, first_lag): amount})
    for other, other_lag in timeline.typists(order.paid).items():
        larger = max(lag, other_lag)
        if other != agent and larger < first_lag:
            add(added, {Cell("assisted.order_first", day, Dims(agent=other), larger, first_lag): Amount(1)})


def _agent_before(touch: Touch, instant: int) -> str:
    messages = touch.session.messages
    return last_typist(messages[: bisect_left(messages, instant, key=lambda m: m.ts)])
