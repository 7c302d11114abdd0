"""What the people in a story do. Instants are UTC ms; no two acts of one customer share one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from xundan.domain.records import Part, Sender, Status


class Say(NamedTuple):
    """A chat message. `face` is the id the customer chats under; `intent` and `buy` are the truth about its text."""

    ts: int
    id: str
    face: str
    sender: Sender
    text: str
    agent: str | None = None
    thread: str | None = None
    channel: str | None = None
    product: str | None = None
    order: str | None = None
    intent: str = ""
    buy: int = 0


class Deed(NamedTuple):
    """Something that happened to an order. `buyer` is what the shop's system writes: an id, a masked one, or ""."""

    ts: int
    id: str
    order: str
    buyer: str
    status: Status
    amount: int | None
    part: Part = ""
    refund: str | None = None


class Join(NamedTuple):
    """Someone notes that `alias` is the same person as `user`."""

    ts: int
    id: str
    alias: str
    user: str


@dataclass(slots=True)
class Refund:
    """Money asked back: the amount in fen, None for all that is left. `name` is the refund's id, if it has one."""

    ts: int
    amount: int | None
    name: str | None = None


@dataclass(slots=True)
class Purchase:
    """An order as its customer knows it; instants are None for what did not happen. Amounts in fen.

    `price` is what it should cost, `told` what its placing said it would (0 if it said nothing), `settled` what the
    payment said was paid.
    """

    id: str
    product: str
    channel: str | None
    quantity: int
    price: int
    buyer: str
    coupon: str | None = None
    created: int | None = None
    paid: int | None = None
    received: int | None = None
    cancelled: int | None = None
    told: int = 0
    settled: int | None = None
    deposit: int = 0
    refunds: list[Refund] = field(default_factory=list)

    @property
    def amount(self) -> int:
        """What the buyer really paid, or is asked to pay."""
        return self.told if self.settled is None else self.settled

    @property
    def ordered(self) -> int | None:
        """When it was placed; a shop whose system tells payments only placed it then."""
        return self.paid if self.created is None else self.created

    def returned(self) -> list[tuple[int, int]]:
        """(instant, fen) of what went back, never more than was paid."""
        left = self.amount
        given: list[tuple[int, int]] = []
        for refund in sorted(self.refunds, key=lambda r: r.ts) if self.paid is not None else ():
            fen = left if refund.amount is None else min(refund.amount, left)
            left -= fen
            given.append((refund.ts, fen))
        return given

    def returned_whole(self) -> int | None:
        """When everything had gone back."""
        total = 0
        for ts, fen in self.returned():
            total += fen
            if total == self.amount:
                return ts
        return None
