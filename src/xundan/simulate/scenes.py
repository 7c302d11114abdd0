"""What a chat is about, from the greeting to the good-bye. Every scene goes on where the chat stands."""

from __future__ import annotations

from xundan.simulate.chat import BOT, NOBODY, Chat
from xundan.simulate.rhythm import SECOND
from xundan.simulate.words import lines, pick

_TOPICS: tuple[str, ...] = (
    ("ask",) * 36 + ("choose",) * 16 + ("price",) * 15 + ("stock",) * 10 + ("coupon",) * 9 + ("shipping",) * 9
)
_TOPICS += ("bargain",) * 2 + ("warranty_pre",) * 2 + ("invoice_pre",)


def opening(chat: Chat) -> None:
    """A greeting, a picture or link of the product, or nothing of the kind."""
    roll = chat.rng.random()
    if roll < 0.4:
        chat.turn("greet")
    elif roll < 0.6:
        chat.turn("look")
    elif roll < 0.68:
        chat.says(lines()["greet"])
        chat.says(lines()["look"])


def topics(chat: Chat, count: int) -> None:
    """Questions of someone who may buy; the chat changes hands at one of them."""
    for _ in range(count):
        _topic(chat, pick(chat.rng, _TOPICS))
        if chat.who.chance(0.3):
            chat.hand_over()
    if chat.who.chance(0.15):
        haggle(chat)


def _topic(chat: Chat, name: str) -> None:
    product = chat.who.product
    if name == "ask":
        chat.line(pick(chat.rng, product.ask))
    elif name == "choose":
        chat.line(pick(chat.rng, product.choose))
    else:
        chat.turn(name)


def haggle(chat: Chat) -> None:
    """The customer wants it cheaper, again and again, and may be cross in between."""
    if chat.server == BOT:
        chat.hand_over()
    for _ in range(chat.who.between(1, 4)):
        chat.turn("bargain")
    if chat.who.chance(0.2):
        chat.turn("dear")


def leave(chat: Chat, *, bought: bool) -> None:
    """The last words."""
    roll = chat.rng.random()
    if bought:
        if roll < 0.5:
            chat.turn("thanks")
    elif roll < 0.5:
        chat.turn("hesitate")
    elif roll < 0.68:
        chat.turn("give_up")
    elif roll < 0.76:
        chat.turn("dear")


def claim(chat: Chat) -> None:
    """The customer says 我买了 and did not; nobody in the chat can know."""
    if chat.says(lines()["claim"]):
        chat.who.claims[0] += 1
        chat.who.claims[1] += 1
    chat.answer(lines()["claim"])


def confirm(chat: Chat) -> None:
    """The customer says that they bought, and did."""
    if chat.says(lines()["placed"]):
        chat.who.claims[0] += 1
    chat.answer(lines()["placed"])


def tracking(chat: Chat) -> None:
    """Where is my parcel."""
    if chat.who.chance(0.4):
        chat.turn("greet")
    if chat.who.chance(0.25):
        chat.turn("order_number", order=True, intent="logistics_tracking")
    chat.turn("track", order=True)
    _agent_quotes(chat)
    for _ in range(chat.who.between(0, 2.4)):
        chat.turn("track")
    if chat.who.chance(0.3):
        chat.hand_over()
        chat.turn("track")
    if chat.who.chance(0.1):
        chat.turn("complain")
    _bye(chat)


def changing(chat: Chat, key: str) -> None:
    """Another address, another size, or no order after all (`change` or `cancel`)."""
    if chat.who.chance(0.4):
        chat.turn("greet")
    if chat.server == BOT:
        chat.hand_over()
    chat.turn(key, order=True)
    if chat.who.chance(0.4):
        chat.turn(key)
    _bye(chat)


def trouble(chat: Chat) -> None:
    """Something is wrong with what came."""
    if chat.who.chance(0.5):
        chat.turn("greet")
    chat.line(pick(chat.rng, chat.who.product.fault), order=True)
    if chat.who.chance(0.6):
        chat.turn("pictures")
    if chat.who.chance(0.7):
        chat.hand_over()
    for _ in range(chat.who.between(1, 3)):
        chat.turn("refund", order=True)
    _agent_quotes(chat)
    if chat.who.chance(0.25):
        chat.turn("complain")
    _bye(chat)


def small(chat: Chat, key: str) -> None:
    """One matter and little around it: an invoice, praise, anger, how to use a thing, something else."""
    if chat.who.chance(0.35):
        chat.turn("greet")
    for _ in range(1 + chat.who.chance(0.4)):
        if key == "use":
            chat.line(pick(chat.rng, chat.who.product.use), order=True)
        else:
            chat.turn(key, order=True)
    _bye(chat)


def reminder(chat: Chat) -> None:
    """The shop writes first; the customer may say a word."""
    if chat.server in (BOT, NOBODY):
        chat.server = pick(chat.rng, chat.who.config.agents)
    chat.reply(pick(chat.rng, lines()["follow_up"].reply))
    if chat.who.chance(0.4):
        chat.t += 20 * SECOND
        chat.says(lines()["hesitate"])


def _agent_quotes(chat: Chat) -> None:
    """Now and then it is the seller who types the order's number."""
    if chat.order and chat.server != NOBODY and chat.who.habit != "apart" and chat.who.chance(0.15):
        chat.reply(f"您这单是{chat.order.id}对吧", order=chat.order)


def _bye(chat: Chat) -> None:
    if chat.who.chance(0.5):
        chat.turn("thanks")
