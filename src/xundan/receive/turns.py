"""The last turns of a customer's chat: what a message is understood with."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from xundan.domain.context import TURN_CHARS, context_of
from xundan.domain.ports import CONTEXT_TURNS, Turn
from xundan.domain.records import Message

KEPT = CONTEXT_TURNS + 1  # one more, because a repeated message must not be its own context

Customer = tuple[str, str]
"""(shop, user id as received)."""


class Kept(NamedTuple):
    """A turn with what tells whether it belongs before a message. `ts` in UTC ms."""

    ts: int
    id: str
    sender: str
    text: str


_decode = msgspec.json.Decoder(list[Kept]).decode
_encode = msgspec.json.Encoder().encode


class Turns:
    """Recent turns by customer, oldest first; those of the customers longest unheard are dropped beyond `customers`.

    Args:
        gap_ms: a silence of so many ms ends a conversation and with it the context.
    """

    def __init__(self, gap_ms: int, customers: int = 10_000) -> None:
        self._gap_ms = gap_ms
        self._customers = customers
        self._turns: dict[Customer, list[Kept]] = {}

    def context(self, message: Message) -> tuple[Turn, ...]:
        """Up to three turns before the message within its conversation, oldest first."""
        return context_of(message, self._turns.get((message.shop, message.owner), ()), self._gap_ms)

    def add(self, message: Message) -> None:
        """Remember a message (its text protected) as a turn; one that is known already changes nothing."""
        customer = (message.shop, message.owner)
        turns = self._turns.pop(customer, [])
        if all(turn.id != message.id for turn in turns):
            turns.append(Kept(message.ts, message.id, message.sender, message.text[:TURN_CHARS]))
            turns.sort(key=lambda turn: turn.ts)
        self._turns[customer] = turns[-KEPT:]
        if len(self._turns) > self._customers:
            del self._turns[next(iter(self._turns))]

    def load(self, customer: Customer, data: bytes | None) -> None:
        """Take over what `dump` gave; what cannot be read counts as nothing."""
        try:
            self._turns[customer] = _decode(data) if data else []
        except msgspec.MsgspecError:
            self._turns[customer] = []

    def dump(self, customer: Customer) -> bytes:
        """The customer's turns as bytes for a cache."""
        return _encode(self._turns.get(customer, []))
