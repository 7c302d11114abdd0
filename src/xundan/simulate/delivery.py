"""What follows a payment: the parcel, the questions about it, what comes back."""

from __future__ import annotations

from xundan.domain.calendar import DAY, HOUR
from xundan.simulate import scenes
from xundan.simulate.acts import Purchase
from xundan.simulate.chat import Chat
from xundan.simulate.customer import Customer
from xundan.simulate.rhythm import MINUTE
from xundan.simulate.words import pick


def deliver(who: Customer, purchase: Purchase) -> None:
    """From the payment to whatever the customer still has to say."""
    assert purchase.paid is not None
    sent = who.rhythm.awake(who.rng, purchase.paid + who.between(3 * HOUR, 30 * HOUR), 9, 22)
    there = who.rhythm.awake(who.rng, sent + who.between(1.2 * DAY, 5 * DAY), 9, 21)
    if who.chance(0.05):
        scenes.changing(_chat(who, purchase, purchase.paid + who.between(20 * MINUTE, 2 * HOUR)), "change")
    who.deed(purchase, sent, "shipped", buyer=_other_source(who, purchase))
    if who.chance(0.13 if who.habit != "named" else 0.6):
        _where_is_it(who, purchase, sent, there)
    if who.chance(0.88):
        who.receive(purchase, there)
    _afterwards(who, purchase, there)


def _chat(who: Customer, purchase: Purchase, at: int) -> Chat:
    return Chat(who, who.rhythm.awake(who.rng, max(at, who.free + 31 * MINUTE)), order=purchase)


def _other_source(who: Customer, purchase: Purchase) -> str | None:
    """The warehouse knows the buyer by a number of its own, or not at all."""
    roll = who.rng.random()
    return "" if roll < 0.1 else f"erp{who.number}" if roll < 0.14 and purchase.buyer else None


def _where_is_it(who: Customer, purchase: Purchase, sent: int, there: int) -> None:
    scenes.tracking(_chat(who, purchase, who.between(sent, there)))
    if who.chance(0.08):
        friend = Chat(who, who.free + 31 * MINUTE, face=f"f{who.number}", order=purchase)
        scenes.tracking(friend)  # a friend asks after the same parcel


def _afterwards(who: Customer, purchase: Purchase, there: int) -> None:
    roll = who.rng.random()
    later = there + who.between(HOUR, 3 * DAY)
    if roll < 0.12:
        scenes.trouble(_chat(who, purchase, later))
        _settle(who, purchase, max(later, who.free))
    elif roll < 0.24:
        key = pick(who.rng, ("invoice", "invoice", "praise", "praise", "use", "complain"))
        scenes.small(_chat(who, purchase, later), key)
    elif roll < 0.27:
        who.refund(purchase, later, None if who.chance(0.5) else purchase.amount)


def _settle(who: Customer, purchase: Purchase, at: int) -> None:
    """Money back after trouble: all of it, a part, parts, a part told wrong at first, more than was paid, or none."""
    amount = purchase.amount
    roll = who.rng.random()
    at += who.between(HOUR, 2 * DAY)
    if roll < 0.35:
        who.refund(purchase, at, pick(who.rng, (amount, None)))
    elif roll < 0.6:
        who.refund(purchase, at, amount // 5)
    elif roll < 0.72:
        who.refund(purchase, at, amount // 4)
        who.refund(purchase, at + who.between(HOUR, 3 * DAY), pick(who.rng, (amount // 3, None)))
    elif roll < 0.78:
        who.refund(purchase, at, amount // 3)
        who.correct_refund(purchase, at + HOUR, pick(who.rng, (amount // 2, amount)))
    elif roll < 0.82:
        who.refund(purchase, at, amount + 2000)
