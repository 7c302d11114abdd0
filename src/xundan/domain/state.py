"""What a journey keeps: a small head, a segment per day, a part per order, and a place for each fact it holds.

Parts are loaded lazily by name, so a step costs what its neighbourhood costs, not what the customer's history is long.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from xundan.domain.cells import Amount, Cell
from xundan.domain.effects import Conversation, Pointer, Role, Via
from xundan.domain.records import Identity, Key, Link, Message, OrderEvent

T = TypeVar("T")


class Parts(Protocol):
    """The parts of one journey by name, as an engine keeps them (rows in SQLite, a map state in Flink).

    A value that was changed in place must be put again. `names` lists the parts whose name begins with `prefix`.
    """

    def get(self, name: str, kind: type[T]) -> T | None: ...

    def put(self, name: str, value: Any) -> None: ...

    def delete(self, name: str) -> None: ...

    def names(self, prefix: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message at this key; `via` names the keys it came by, empty for the key's own."""

    fact: Message
    via: Via = ()


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An order event at this key; `via` as for a message."""

    fact: OrderEvent
    via: Via = ()


Held = HeldMessage | HeldEvent


Row = tuple[Cell, Amount]
"""One emitted contribution, as it is stored."""


@dataclass(slots=True)
class Emitted:
    """A conversation as it was last put, the days its messages were put under, and what it added to the cubes."""

    document: Conversation
    days: list[int]
    rows: list[Row]


@dataclass(slots=True)
class Segment:
    """One day: the messages held, the resting orders created or paid that day, and what was last emitted."""

    held: list[HeldMessage] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    conversations: dict[str, Emitted] = field(default_factory=dict)
    inquiry: list[Row] = field(default_factory=list)

    def empty(self) -> bool:
        return not (self.held or self.orders or self.conversations or self.inquiry)


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that took `taken` fen from an order's amount at an instant (UTC ms)."""

    ts: int
    taken: int


@dataclass(frozen=True, slots=True)
class Totals:
    """An order as its events add up (definitions E2, E3, E6); instants in UTC ms, None where there is none."""

    order_id: str
    status: str
    amount: int
    created: int | None
    paid: int | None
    received: int | None
    cancelled: int | None
    refunded_in_full: int | None
    refunds: tuple[Refund, ...]
    updated: int
    product_id: str | None
    channel: str | None

    @property
    def refunded(self) -> int:
        return sum(refund.taken for refund in self.refunds)


@dataclass(frozen=True, slots=True)
class Mention:
    """A message resting here by explicit links alone that carries the order's number."""

    key: Key
    identity: Identity
    via: Via


@dataclass(slots=True)
class OrderState:
    """One order at this key: its events, who mentions it, what the order's own key was told, and what was emitted."""

    held: list[HeldEvent] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    told_buyer: Key | None = None
    told_talker: Key | None = None
    totals: Totals | None = None
    credited: str | None = None
    credited_day: int = 0
    rows: list[Row] = field(default_factory=list)

    def empty(self) -> bool:
        return not (self.held or self.mentions or self.told_buyer or self.told_talker or self.totals or self.rows)


@dataclass(frozen=True, slots=True)
class Offered:
    """A derived link as an order's key offers it: to `target`, because of the fact `named`."""

    role: Role
    target: str
    named: Key


@dataclass(frozen=True, slots=True)
class Told:
    """What a customer's key told an order's key: the first fact by which it is a buyer or a talker."""

    teller: str
    role: Role
    first: Key


@dataclass(slots=True)
class Head:
    """The small part that every step reads. `days` and `order_days` are sorted day numbers."""

    seq: int = 0
    days: list[int] = field(default_factory=list)
    order_days: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pointer: Pointer | None = None
    offers: dict[str, Offered] = field(default_factory=dict)
    buys: int = 0
    told: list[Told] = field(default_factory=list)
    offered: dict[str, Offered] = field(default_factory=dict)
    meets: str | None = None


@dataclass(slots=True)
class Place:
    """Where the copies of one fact are held: for each `via` the name of the part."""

    slots: list[tuple[Via, str]] = field(default_factory=list)


def place_name(identity: Identity) -> str:
    """The name of the part that says where a fact's copies are held."""
    kind, owner, id = identity
    return f"i{kind[0]}{owner}\n{id}"


def include(days: list[int], day: int) -> None:
    """Add a day to a sorted list once."""
    at = bisect_left(days, day)
    if at == len(days) or days[at] != day:
        days.insert(at, day)


def exclude(days: list[int], day: int) -> None:
    """Remove a day from a sorted list if it is there."""
    at = bisect_left(days, day)
    if at < len(days) and days[at] == day:
        del days[at]


def between(days: list[int], first: int, last: int) -> list[int]:
    """The days of a sorted list from `first` to `last`, both included."""
    return days[bisect_left(days, first) : bisect_right(days, last)]


H = TypeVar("H", HeldMessage, HeldEvent)


def put_in_order(held: list[H], item: H) -> None:
    """Insert by the order of facts."""
    if not held or _place(held[-1]) < _place(item):  # as a rule it is the newest
        held.append(item)
    else:
        insort(held, item, key=_place)


def _place(held: Held) -> tuple[Key, Via]:
    return (held.fact.key, held.via)
