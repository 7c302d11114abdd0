"""The facts: a message, an order event, a link. Everything Xundan knows follows from them (docs/definitions.md, A)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Sender = Literal["user", "bot", "agent"]
Source = Literal["live", "import"]
Status = Literal["created", "paid", "shipped", "received", "refunded", "cancelled"]
Part = Literal["", "deposit", "balance"]

INTENTS: tuple[str, ...] = (
    "product_question",
    "recommendation",
    "price_query",
    "coupon_query",
    "bargain",
    "stock_query",
    "shipping_query",
    "order_placing",
    "order_change",
    "logistics_tracking",
    "after_sale",
    "invoice",
    "complaint",
    "chitchat",
    "human_handoff",
    "other",
)
STATUSES: tuple[str, ...] = ("created", "paid", "shipped", "received", "refunded", "cancelled")
ORDER_KEY = "order:"

Key = tuple[int, int, str, str]
"""A fact's place in the order of facts: (ts, kind rank, id, owner as received)."""

Identity = tuple[str, str, str]
"""(kind, owner as received, id); the shop is named by the context."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message, its text already protected.

    `owner` is the customer's id as received, `ts` and `received` are UTC milliseconds. `intent`, `buy_score` and
    `model` are None together while nothing has scored the message; only customer messages are ever scored.
    `pii` maps each placeholder in `text` to the encrypted original.
    """

    shop: str
    owner: str
    id: str
    ts: int
    received: int
    source: Source
    sender: Sender
    text: str
    agent_id: str | None = None
    conversation_id: str | None = None
    channel: str | None = None
    product_id: str | None = None
    order_id: str | None = None
    intent: str | None = None
    buy_score: float | None = None
    model: str | None = None
    pii: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return (self.ts, 1, self.id, self.owner)

    @property
    def identity(self) -> Identity:
        return ("message", self.owner, self.id)


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One thing that happened to an order. `owner` is the buyer's id as received, "" where the event has none.

    `amount_fen` is what the buyer really pays (or, for `refunded`, gets back), postage included, in fen.
    """

    shop: str
    owner: str
    id: str
    ts: int
    received: int
    source: Source
    order_id: str
    status: Status
    amount_fen: int | None = None
    part: Part = ""
    refund_id: str | None = None
    product_id: str | None = None
    coupon_id: str | None = None
    channel: str | None = None
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return (self.ts, 2, self.id, self.owner)

    @property
    def identity(self) -> Identity:
        return ("order", self.owner, self.id)


@dataclass(frozen=True, slots=True)
class Link:
    """ "The id `owner` (the alias) is the same person as `user_id`." A link to itself says: nobody's alias."""

    shop: str
    owner: str
    id: str
    ts: int
    received: int
    source: Source
    user_id: str

    @property
    def key(self) -> Key:
        return (self.ts, 0, self.id, self.owner)

    @property
    def identity(self) -> Identity:
        return ("link", self.owner, self.id)


Fact = Message | OrderEvent | Link


def usable(user_id: str) -> bool:
    """Whether an id names one person: not empty, not masked with a star, not an `order:` key (definitions B1)."""
    return bool(user_id) and "*" not in user_id and "＊" not in user_id and not user_id.startswith(ORDER_KEY)


def usable_alias(alias: str) -> bool:
    """Whether a link may start here: a usable id, or `order:` and a usable order id."""
    return usable(alias) or (alias.startswith(ORDER_KEY) and usable(alias[len(ORDER_KEY) :]))


def journey_key(fact: Fact) -> str:
    """The key whose journey receives the fact first: its owner, or `order:<id>` for an order without a usable buyer."""
    if isinstance(fact, OrderEvent) and not usable(fact.owner):
        return ORDER_KEY + fact.order_id
    return fact.owner


def canonical_json(fact: Fact) -> str:
    """Sorted keys, compact, non-ASCII as it is: the last tie-break between copies of one fact (definitions A3)."""
    return json.dumps(asdict(fact), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def better(new: Fact, old: Fact) -> bool:
    """Whether copy `new` of one identity is to be kept instead of `old` (definitions A3)."""
    rank_new = (_unscored(new), new.received)
    rank_old = (_unscored(old), old.received)
    if rank_new != rank_old:
        return rank_new < rank_old
    return new != old and canonical_json(new) < canonical_json(old)


def _unscored(fact: Fact) -> bool:
    return not (isinstance(fact, Message) and fact.intent is not None)
