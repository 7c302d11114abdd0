"""How the events of an order add up: creation, payment, amount, refunds (docs/definitions.md, E2, E3, E6)."""

from __future__ import annotations

from collections.abc import Sequence

from xundan.domain.records import OrderEvent
from xundan.domain.state import Refund, Totals


def totals(events: Sequence[OrderEvent]) -> Totals:
    """Add up the events of one order, given in the order of facts; at least one."""
    paid = next((e.ts for e in events if e.status == "paid" and e.part != "deposit"), None)
    created = _first(events, "created")
    amount = _amount(events)
    refunds, in_full = _refunds(events, amount, paid)
    return Totals(
        order_id=events[0].order_id,
        status=events[-1].status,
        amount=amount,
        created=paid if created is None else created,
        paid=paid,
        received=_first(events, "received"),
        cancelled=_first(events, "cancelled"),
        refunded_in_full=in_full,
        refunds=refunds,
        updated=events[-1].ts,
        product_id=next((e.product_id for e in events if e.product_id), None),
        channel=next((e.channel for e in events if e.channel), None),
    )


def _first(events: Sequence[OrderEvent], status: str) -> int | None:
    return next((e.ts for e in events if e.status == status), None)


def _last_amount(events: Sequence[OrderEvent], status: str, part: str | None = None) -> int | None:
    fitting = (e for e in reversed(events) if e.status == status and (part is None or e.part == part))
    return next((e.amount_fen for e in fitting if e.amount_fen is not None), None)


def _amount(events: Sequence[OrderEvent]) -> int:
    whole = _last_amount(events, "paid", "")
    if whole is not None:
        return whole
    deposit, balance = _last_amount(events, "paid", "deposit"), _last_amount(events, "paid", "balance")
    if deposit is not None and balance is not None:
        return deposit + balance
    created = _last_amount(events, "created")
    if created is not None:
        return created
    return deposit if deposit is not None else balance if balance is not None else 0


def _refunds(events: Sequence[OrderEvent], amount: int, paid: int | None) -> tuple[tuple[Refund, ...], int | None]:
    """The refunds that took something, in order, and the instant at which they reached the amount.

    What a refund asks is None where it takes whatever is left.
    """
    if paid is None:
        return (), None
    asked: dict[str, tuple[int, int | None]] = {}
    for event in events:
        if event.status == "refunded":
            name = event.refund_id or event.id
            first, amount_so_far = asked.get(name, (event.ts, None))
            asked[name] = (first, amount_so_far if event.amount_fen is None else event.amount_fen)
    claims = [(ts, 0, name, fen) for name, (ts, fen) in asked.items()]
    claims += [(e.ts, 1, e.id, None) for e in events if e.status == "cancelled" and e.ts > paid]

    left, in_full, taken = amount, None, []
    for ts, _, _, fen in sorted(claims, key=lambda claim: claim[:3]):
        part = left if fen is None else min(fen, left)
        left -= part
        if part:
            taken.append(Refund(ts, part))
        if left == 0 and in_full is None:
            in_full = ts
    return tuple(taken), in_full
