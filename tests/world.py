"""Runs journeys without an engine: parts in a dict, what goes between keys in queues, documents and cubes beside it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from typing import Any, TypeVar

from xundan.domain.cells import Contributions, add
from xundan.domain.effects import Conversation, Order
from xundan.domain.journey import Incoming, advance
from xundan.domain.records import Fact, Message, journey_key
from xundan.domain.rules import Rules

T = TypeVar("T")
SHOP = "1024"


class DictParts:
    """Parts of one journey in a dict."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, name: str, kind: type[T]) -> T | None:
        found = self.values.get(name)
        assert found is None or isinstance(found, kind)
        return found

    def put(self, name: str, value: Any) -> None:
        self.values[name] = value

    def delete(self, name: str) -> None:
        self.values.pop(name, None)

    def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self.values if name.startswith(prefix))


class World:
    """One shop: takes facts, delivers what keys send each other (each pair's in order, pairs in any order)."""

    def __init__(self, rules: Rules, seed: int = 0) -> None:
        self.rules = rules
        self.random = random.Random(seed)
        self.journeys: dict[str, DictParts] = {}
        self.queues: dict[tuple[str, str], deque[Incoming]] = {}
        self.documents: dict[tuple[str, str], Conversation] = {}  # as in the store: of an owner, by id
        self.texts: dict[tuple[str, str], dict[int, list[Message]]] = {}
        self.orders: dict[tuple[str, str], Order] = {}
        self.aliases: dict[str, str] = {}
        self.cubes: Contributions = {}
        self.steps = 0

    def take(self, facts: Iterable[Fact], settle_between: float = 0.5) -> World:
        for fact in facts:
            self.step(journey_key(fact), [fact])
            while self.queues and self.random.random() < settle_between:
                self.deliver()
        while self.queues:
            self.deliver()
        return self

    def deliver(self) -> None:
        pair = self.random.choice(sorted(self.queues))
        queue = self.queues[pair]
        batch = [queue.popleft() for _ in range(self.random.randint(1, len(queue)))]
        if not queue:
            del self.queues[pair]
        self.step(pair[1], batch)

    def step(self, key: str, incoming: list[Incoming]) -> None:
        self.steps += 1
        assert self.steps < 5_000, "the keys never stop telling each other"
        _, effects = advance(SHOP, key, self.journeys.setdefault(key, DictParts()), incoming, self.rules)
        for out in effects.outgoing:
            self.queues.setdefault((key, out.owner), deque()).append(out)
        for id in effects.delete_conversations:
            self.documents.pop((key, id), None)
            self.texts.pop((key, id), None)
        self.documents.update({(key, id): document for id, document in effects.put_conversations.items()})
        for (id, day), messages in effects.put_messages.items():
            if messages:
                self.texts.setdefault((key, id), {})[day] = messages
            else:
                self.texts.get((key, id), {}).pop(day, None)
        for order_id in effects.delete_orders:
            self.orders.pop((key, order_id), None)
        self.orders.update({(key, order_id): order for order_id, order in effects.put_orders.items()})
        if effects.alias_changed:
            self.aliases[key] = effects.alias_of or key
        add(self.cubes, effects.cubes)

    @property
    def conversations(self) -> dict[str, Conversation]:
        """By id; once everything is delivered, a conversation has one owner."""
        found = {id: document for (_, id), document in self.documents.items()}
        assert len(found) == len(self.documents), "two owners keep one conversation"
        return found

    @property
    def messages(self) -> dict[str, dict[int, list[Message]]]:
        """By conversation and day."""
        return {id: days for (_, id), days in self.texts.items() if days}

    def outcome(self) -> dict[str, Any]:
        """Everything a user could see, in a form that can be compared."""
        return {
            "conversations": self.conversations,
            "messages": {id: [m for day in sorted(days) for m in days[day]] for id, days in self.messages.items()},
            "orders": self.orders,
            "cubes": self.cubes,
        }
