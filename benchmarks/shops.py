"""Stores of many conversations, filled by the real carrier.

The facts do not pass the log, and each conversation comes whole, with all that becomes of its order, as one step of its
customer's journey. That makes filling faster and changes nothing of what the store holds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from random import Random

from benchmarks.rows import SHOP
from xundan.domain.calendar import DAY, HOUR
from xundan.domain.records import INTENTS, Fact, Message, OrderEvent, Sender, Status
from xundan.embedded.carrier import Carrier
from xundan.embedded.sqlite_store import SqliteStore
from xundan.settings import Settings

DAYS = 30
DAYS_APART = 5
BATCH = 5000
AGENTS = ("小雨", "阿哲", "kefu_03", "kefu_07", "kefu_11", "kefu_12")
CHANNELS = ("taobao", "jd", "wechat")
ORDERS = 0.4
"""Share of the conversations that an order follows."""


def fill(settings: Settings, conversations: int) -> None:
    """Fill the store of a data directory with so many conversations of the last month, and the orders that followed."""
    settings.data_dir.mkdir(parents=True)
    facts = _facts(conversations, time.time_ns() // 1_000_000)
    with closing(SqliteStore(settings.data_dir / "store.db")) as store:
        carrier = Carrier(store, settings.rules)
        while batch := list(islice(facts, BATCH)):
            carrier.carry(batch, 0)


def _facts(conversations: int, now: int) -> Iterator[Fact]:
    """Conversations as time goes by, each with its order at once. A customer comes back after some days, once."""
    chance = Random(7)
    apart = max(1, conversations * DAYS_APART // DAYS)
    for number in range(conversations):
        customer = number - apart if number // apart % 2 else number
        at = now - DAYS * DAY + number * (DAYS * DAY - HOUR) // conversations
        maker = _Maker(chance, f"customer{customer:07d}", str(number), at, now)
        yield from maker.chat()
        if chance.random() < ORDERS:
            yield from maker.order()


class _Maker:
    """One conversation and its order."""

    def __init__(self, chance: Random, owner: str, number: str, at: int, received: int) -> None:
        self.chance, self.owner, self.number, self.at, self.received = chance, owner, number, at, received
        self.channel = chance.choice(CHANNELS)

    def chat(self) -> Iterator[Message]:
        yield self._message(0, "user", "这款现在下单有优惠吗？")
        answered = self.chance.random()
        if answered < 0.7:
            yield self._message(1, "bot", "亲，满 199 减 20 哦")
        if answered > 0.4:
            yield self._message(2, "agent", "您好，我来为您查一下")

    def order(self) -> Iterator[OrderEvent]:
        created = self.at + int(self.chance.random() ** 2 * 14 * DAY)
        paid = created + int(self.chance.random() ** 4 * 3 * DAY)
        steps: list[tuple[Status, int]] = [("created", created), ("paid", paid)]
        if self.chance.random() < 0.1:
            steps.append(("refunded", paid + self.chance.randrange(10 * DAY)))
        for status, ts in steps:
            if ts < self.received:
                yield self._event(status, ts)

    def _message(self, place: int, sender: Sender, text: str) -> Message:
        asked = sender == "user"
        return Message(
            shop=SHOP,
            owner=self.owner,
            id=f"{self.number}.{place}",
            ts=self.at + place * 20_000,
            received=self.received,
            source="import",
            sender=sender,
            text=text,
            agent_id=self.chance.choice(AGENTS) if sender == "agent" else None,
            conversation_id=self.number,
            channel=self.channel,
            intent=self.chance.choice(INTENTS) if asked else None,
            buy_score=round(self.chance.random(), 3) if asked else None,
            model="benchmark" if asked else None,
        )

    def _event(self, status: Status, ts: int) -> OrderEvent:
        return OrderEvent(
            shop=SHOP,
            owner=self.owner,
            id=f"{self.number}.{status}",
            ts=ts,
            received=self.received,
            source="import",
            order_id=f"o{self.number}",
            status=status,
            amount_fen=self.chance.randrange(1000, 50_000),
            channel=self.channel,
        )
