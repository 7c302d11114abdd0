"""What a step of a journey asks for: documents to put or delete, differences to the cubes, and facts for other keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from xundan.domain.cells import Contributions
from xundan.domain.records import Identity, Key, Message, OrderEvent

LinkKind = Literal["explicit", "derived"]

Pointer = tuple[str, LinkKind]
"""The key that facts are sent on to, and the kind of link by which."""

Hop = tuple[str, LinkKind]
"""A key that sent a fact on, and the kind of link by which it did."""

Via = tuple[Hop, ...]

Role = Literal["buyer", "talker"]
"""How somebody takes part in an order: an event names them as buyer, or a message of theirs carries its number."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A fact sent on along a link, `via` the keys it has passed; `fact` None takes it back."""

    shop: str
    owner: str
    identity: Identity
    via: Via
    fact: Message | OrderEvent | None


@dataclass(frozen=True, slots=True)
class Tell:
    """To the key `order:<id>`: the first fact by which `teller` is a buyer or talker of the order; None, no more."""

    shop: str
    owner: str
    teller: str
    role: Role
    first: Key | None


@dataclass(frozen=True, slots=True)
class Offer:
    """From the key `order:<id>`: a derived link to `target`, named by the fact `named`; None takes it back."""

    shop: str
    owner: str
    order_id: str
    role: Role
    target: str | None
    named: Key | None


Outgoing = Relay | Tell | Offer


@dataclass(slots=True)
class Conversation:
    """A conversation without its messages; field meanings in docs/definitions.md, C and E7. Times are UTC ms."""

    id: str
    shop: str
    user_id: str
    thread_id: str | None
    intent: str | None
    buy_score: float | None
    label: str | None
    order_id: str
    create_time: int
    update_time: int
    agents: list[str]
    served_by: str
    last_agent: str
    channel: str | None
    model_version: str | None
    messages: int


@dataclass(slots=True)
class Order:
    """An order as its events add up; amounts in fen, instants in UTC ms, None where there is none."""

    order_id: str
    shop: str
    user_id: str
    matched: bool
    status: str
    amount_fen: int
    refunded_fen: int
    created: int | None
    paid: int | None
    received: int | None
    cancelled: int | None
    refunded_in_full: int | None
    updated: int
    conversation_id: str | None
    product_id: str | None
    channel: str | None


@dataclass(slots=True)
class Effects:
    """Everything one step asks for. `put_messages` replaces the messages of a conversation that fall on one day."""

    put_conversations: dict[str, Conversation] = field(default_factory=dict)
    put_messages: dict[tuple[str, int], list[Message]] = field(default_factory=dict)
    delete_conversations: set[str] = field(default_factory=set)
    put_orders: dict[str, Order] = field(default_factory=dict)
    delete_orders: set[str] = field(default_factory=set)
    alias_of: str | None = None
    alias_changed: bool = False
    cubes: Contributions = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)
