"""The lives of customers: what they ask, when they buy, what goes wrong. Each story tells itself from the start on."""

from __future__ import annotations

from xundan.domain.calendar import DAY, HOUR
from xundan.domain.records import ORDER_KEY
from xundan.simulate import scenes
from xundan.simulate.acts import Purchase
from xundan.simulate.chat import Chat
from xundan.simulate.customer import Customer
from xundan.simulate.delivery import deliver
from xundan.simulate.rhythm import MINUTE, SECOND
from xundan.simulate.words import pick, products

MOST_EPISODES = 4


def live(who: Customer) -> None:
    """One customer's dealings with the shop, from the first visit to the last."""
    at = who.start
    for episode in range(MOST_EPISODES):
        roll = who.rng.random()
        if episode == 0 and roll < 0.05:
            stray(who, at)
        elif who.chance(who.config.silent):
            silent(who, at)
        else:
            asks(who, at, again=episode > 0)
        if who.over(who.free) or not who.chance(who.config.comes_back):
            break
        at = who.rhythm.later(who.rng, who.free, who.between(0, 11))
        if who.chance(0.6):
            who.product = pick(who.rng, products())


def asks(who: Customer, at: int, *, again: bool = False) -> None:
    """One chat or several, then an order or none."""
    buys = who.chance(who.config.conversion)
    visits = 1 + who.chance(0.2) + who.chance(0.08) + who.chance(0.03)
    for visit in range(visits):
        if who.chance(0.05):
            at = who.rhythm.midnight(at) - who.between(2 * MINUTE, 12 * MINUTE)
        at = max(at, who.free + 31 * MINUTE) if visit else at
        chat = Chat(who, at, face=_second_face(who, at) if visit or again else "")
        _ask(chat, visit, again)
        if visit < visits - 1:
            scenes.leave(chat, bought=False)
            at = who.rhythm.later(who.rng, chat.t, pick(who.rng, (0, 0, 1, 1, 1, 2, 3, 5, 9)))
            continue
        if buys:
            _buy(who, chat)
        else:
            _do_without(who, chat)


def _second_face(who: Customer, at: int) -> str:
    """The id of another channel, which most shops learn to be the same person's."""
    if who.habit != "twofold" or who.chance(0.3):
        return ""
    second = f"w{who.number}"
    if not who.joins and who.chance(0.7):
        who.join(at + who.between(0, 2 * DAY), second, who.face)
    return second


def _ask(chat: Chat, visit: int, again: bool) -> None:
    if visit:
        if chat.who.chance(0.5):
            chat.turn("change_mind")
    elif again:
        chat.turn("again")
    else:
        scenes.opening(chat)
    scenes.topics(chat, chat.who.between(1, 3.6))


def _do_without(who: Customer, chat: Chat) -> None:
    if who.chance(0.25):
        scenes.claim(chat)
    scenes.leave(chat, bought=False)
    if who.chance(0.06):
        scenes.reminder(Chat(who, chat.t + who.between(2 * HOUR, 30 * HOUR)))


def _buy(who: Customer, chat: Chat) -> None:
    """Orders within the chat, soon after it, or days later."""
    roll = who.rng.random()
    if roll < 0.55:
        chat.turn("how")
        purchase = place(who, chat.t + who.between(20, 150) * SECOND)
        chat.t = max(chat.t, purchase.ordered or 0, (purchase.paid or 0) if who.chance(0.7) else 0)
        if purchase.paid and chat.t - who.free < 25 * MINUTE:
            scenes.confirm(chat)
            scenes.leave(chat, bought=True)
    elif roll < 0.87:
        scenes.leave(chat, bought=False)
        place(who, chat.t + who.between(2 * MINUTE, 6 * HOUR))
    else:
        scenes.leave(chat, bought=False)
        place(who, who.rhythm.later(who.rng, chat.t, who.between(1, 9)))


def silent(who: Customer, at: int) -> None:
    """Orders without a word."""
    place(who, at)


def stray(who: Customer, at: int) -> None:
    """Writes about something the shop's records do not hold."""
    scenes.small(Chat(who, at), pick(who.rng, ("old", "old", "stray", "complain", "invoice")))


def place(who: Customer, at: int) -> Purchase:
    """An order in one of the ways orders go; what follows it is told too."""
    quantity = pick(who.rng, (1, 1, 1, 1, 1, 2, 2, 3))
    fen = who.product.price * 100 * quantity - pick(who.rng, (0, 0, 10, 50, 500, 1000, 1990))
    purchase = who.order(quantity, max(fen, 100))
    who.free = max(who.free, at)
    _introduce(who, at)
    roll = who.rng.random()
    if roll < 0.06:
        _never_paid(who, purchase, at)
    elif roll < 0.09:
        _told_by_payment_only(who, purchase, at)
    elif roll < 0.15:
        _deposit(who, purchase, at)
    elif roll < 0.19:
        _regretted(who, purchase, at)
    elif roll < 0.27:
        _paid_later(who, purchase, at)
    else:
        _paid_at_once(who, purchase, at)
    return purchase


def _introduce(who: Customer, at: int) -> None:
    """Somebody notes that chat and orders are one person's: before, at once, or days later."""
    if who.habit == "nobody" and who.chance(0.15):
        who.join(at + who.between(HOUR, 2 * DAY), ORDER_KEY + who.purchases[-1].id, who.face)
    if who.habit == "linked" and not who.joins:
        link(who, max(who.start, at + pick(who.rng, (-20 * MINUTE, 5 * MINUTE, 9 * HOUR, 3 * DAY, 6 * DAY))))


def link(who: Customer, at: int) -> None:
    """The plain way, or one of the odd ways that real systems find."""
    alias, user = (who.face, who.buyer) if who.chance(0.5) else (who.buyer, who.face)
    roll = who.rng.random()
    if roll < 0.08:
        who.join(at, alias, f"x{who.number}")  # a mistake, put right later
        at += who.between(HOUR, 3 * DAY)
    who.join(at, alias, user)
    if 0.08 <= roll < 0.14:
        who.join(at + HOUR, user, alias)  # two systems, each calling the other's id the alias: a circle
    elif 0.14 <= roll < 0.19:
        who.join(at + 2 * DAY, alias, alias)  # taken back


def _paid_at_once(who: Customer, purchase: Purchase, at: int) -> None:
    haggled = who.chance(0.12)
    told = not haggled or who.chance(0.7)
    who.create(purchase, at, told=told)
    fen = purchase.price - who.between(1, 9) * 10 if haggled else purchase.price
    if who.chance(0.004):
        fen, haggled = 0, True  # a free sample
    paid = at + who.between(15, 240) * SECOND
    if who.pay(purchase, paid, fen if haggled or who.chance(0.7) else None):
        deliver(who, purchase)


def _paid_later(who: Customer, purchase: Purchase, at: int) -> None:
    who.create(purchase, at)
    wait = who.between(17 * DAY, 20 * DAY) if who.chance(0.05) else who.between(HOUR, 40 * HOUR)
    if who.chance(0.3):
        scenes.reminder(Chat(who, at + min(wait // 2, 20 * HOUR)))
    if who.chance(0.3):
        chat = Chat(who, max(at + wait - 8 * MINUTE, who.free + MINUTE))
        scenes.topics(chat, 1)
        wait = max(wait, chat.t + MINUTE - at)
    if who.pay(purchase, at + wait, purchase.price):
        deliver(who, purchase)


def _told_by_payment_only(who: Customer, purchase: Purchase, at: int) -> None:
    if who.pay(purchase, at + MINUTE, purchase.price):
        deliver(who, purchase)


def _never_paid(who: Customer, purchase: Purchase, at: int) -> None:
    who.create(purchase, at)
    if who.chance(0.4):
        scenes.changing(Chat(who, at + who.between(10 * MINUTE, 5 * HOUR), order=purchase), "cancel")
    who.cancel(purchase, at + who.between(6 * HOUR, 72 * HOUR))


def _deposit(who: Customer, purchase: Purchase, at: int) -> None:
    who.create(purchase, at)
    deposit = purchase.price // 10
    who.pay_deposit(purchase, at + who.between(30, 300) * SECOND, deposit)
    balance = purchase.price - deposit - pick(who.rng, (0, 0, 20, 50))
    if not who.chance(0.15) and who.pay_balance(purchase, at + who.between(DAY, 6 * DAY), balance):
        deliver(who, purchase)


def _regretted(who: Customer, purchase: Purchase, at: int) -> None:
    """Paid, then called off before it is sent."""
    who.create(purchase, at)
    paid = at + who.between(20, 200) * SECOND
    off = paid + who.between(30 * MINUTE, 20 * HOUR)
    if who.pay(purchase, paid, purchase.price):
        if who.chance(0.6):
            scenes.changing(Chat(who, off - 12 * MINUTE, order=purchase), "cancel")
        if who.chance(0.2):
            who.refund(purchase, off - MINUTE, purchase.price // 4)
        who.cancel(purchase, off)
