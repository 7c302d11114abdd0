"""A conversation under way: who serves, how fast people type, what was said."""

from __future__ import annotations

from xundan.domain.records import Sender
from xundan.simulate.acts import Purchase
from xundan.simulate.customer import Customer
from xundan.simulate.rhythm import MINUTE, SECOND
from xundan.simulate.voice import slots_for
from xundan.simulate.words import Line, lines, pick

BOT = "bot"
NOBODY = ""
UNNAMED = "agent"

_ROSTERS = ((1, 0),) * 26 + ((0, 1),) * 24 + ((1, 1),) * 30 + ((1, 2),) * 8 + ((0, 2),) * 7 + ((0, 0),) * 5
"""(bots, humans) that serve a chat one after the other, by how often."""


class Chat:
    """Moves its own clock `t` (UTC ms) on with every message."""

    def __init__(self, customer: Customer, at: int, *, face: str = "", order: Purchase | None = None) -> None:
        self.who = customer
        self.rng = customer.rng
        self.t = at
        self.face = face or customer.face
        self.thread = customer.thread()
        self.channel = customer.channel if customer.chance(0.96) else None
        self.slots = slots_for(self.rng, customer.product)
        self.order = order
        self._naming = customer.chance(0.9 if customer.habit == "named" else 0.35) and customer.habit != "apart"
        self.slots["order"] = order.id if order else ""
        self._staff = self._roster()
        self.server = self._staff.pop(0)
        self._product_told = False

    def _roster(self) -> list[str]:
        """Who serves one after the other; at night the bot is alone."""
        if not 8 <= self.who.rhythm.hour(self.t) < 24:
            return [BOT if self.who.chance(0.85) else NOBODY]
        bots, humans = pick(self.rng, _ROSTERS)
        return [BOT] * bots + [self._agent() for _ in range(humans)] or [NOBODY]

    def _agent(self) -> str:
        return UNNAMED if self.who.chance(0.03) else pick(self.rng, self.who.config.agents)

    def turn(self, key: str, *, order: bool = False, intent: str = "") -> None:
        """The customer says something of an occasion, and is answered."""
        self.line(lines()[key], order=order, intent=intent)

    def line(self, line: Line, *, order: bool = False, intent: str = "") -> None:
        """The same for an occasion that a product brings. With `order` the message may carry the order's number."""
        self.says(line, order=order, intent=intent)
        self.answer(line)

    def says(self, line: Line, *, order: bool = False, intent: str = "") -> bool:
        """The customer says something; False if the end comes first."""
        self.t += int(1500 + self.rng.expovariate(1 / 16_000))
        template = pick(self.rng, line.say)
        while self.order is None and "{order}" in template:
            template = pick(self.rng, line.say)
        named = self.order if self._naming and (order or "{order}" in template) else None
        text = self.who.voice.say(template, self.slots)
        done = self._write("user", text, order=named.id if named else None, intent=intent or line.intent, buy=line.buy)
        if done and "{" in template:
            self.who.personal += [self.slots[k] for k in ("phone", "email") if f"{{{k}}}" in template]
        return done

    def answer(self, line: Line) -> None:
        """Whoever serves answers, now and then late, in pieces, or not before the customer asks again."""
        roll = self.rng.random()
        if self.server == NOBODY or roll < 0.04:
            if roll < 0.3:
                self.t += self.who.between(2 * MINUTE, 12 * MINUTE)
                self.says(lines()["nudge"])
            return
        if roll < 0.1 and self.server != BOT:
            self.reply(pick(self.rng, lines()["wait"].reply))
        self.reply(pick(self.rng, line.bot if self.server == BOT else line.reply))
        if roll > 0.93 and self._staff:
            self.hand_over()

    def reply(self, template: str, *, order: Purchase | None = None) -> None:
        """Bot or agent writes."""
        bot = self.server == BOT
        self.t += self._thinking(bot)
        text = self.who.voice.reply(template, self.slots, bot=bot)
        self._write("bot" if bot else "agent", text, order=order.id if order else None)

    def _thinking(self, bot: bool) -> int:
        if bot:
            return self.who.between(500, 2600)
        slow = self.rng.random()
        if slow < 0.008:
            return self.who.between(30 * MINUTE, 90 * MINUTE)
        if slow < 0.05:
            return self.who.between(3 * MINUTE, 25 * MINUTE)
        return int(4 * SECOND + self.rng.expovariate(1 / 25_000))

    def hand_over(self) -> None:
        """The next of the roster takes the chat, often because the customer asks for a human."""
        if not self._staff:
            return
        if self.server == BOT and self.who.chance(0.6):
            self.says(lines()["human"])
            self.reply(pick(self.rng, lines()["human"].reply))
        self.server = self._staff.pop(0)
        self.slots["agent"] = "" if self.server == UNNAMED else self.server
        self.reply(pick(self.rng, lines()["takeover"].reply))

    def _write(self, sender: Sender, text: str, *, order: str | None, intent: str = "", buy: int = 0) -> bool:
        agent = None
        if sender == "agent" and (self.server != UNNAMED or self.who.chance(0.5)):
            agent = self.server
        elif sender == "bot" and self.who.chance(0.5):
            agent = BOT
        product = None
        if not self._product_told and self.who.chance(0.6):
            product, self._product_told = self.who.product.id, True
        done = self.who.say(
            self.t,
            sender,
            text,
            face=self.face,
            agent=agent,
            thread=self.thread,
            channel=self.channel,
            product=product,
            order=order,
            intent=intent,
            buy=buy,
        )
        self.who.free = max(self.who.free, self.t)
        return done
