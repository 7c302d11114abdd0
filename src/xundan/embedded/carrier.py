"""Carries facts through the journeys into the store: a batch is one transaction, with all that keys send each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from xundan.domain.cells import Contributions, add
from xundan.domain.journey import Incoming, advance
from xundan.domain.records import ORDER_KEY, Fact, Link, Message, OrderEvent, journey_key
from xundan.domain.rules import Rules
from xundan.domain.state import place_name
from xundan.embedded.arithmetic import claim
from xundan.embedded.parts import Name, PartCache
from xundan.embedded.sqlite_store import SqliteStore

Address = tuple[str, str]
"""(shop, key) of a journey."""


class Carrier:
    """Writes to one store, from one thread. Raises `ConfigError` where the store was computed by other settings."""

    def __init__(self, store: SqliteStore, rules: Rules) -> None:
        claim(store, rules)
        self._store = store
        self._rules = rules
        self._epoch = store.next_epoch()
        self.parts = PartCache(store)

    def carry(self, facts: Sequence[Fact], position: int) -> None:
        """Take facts and everything that follows from them, and commit it with the log offset it reaches.

        What keys send each other is taken in the same transaction, so that what the store answers is always whole.
        After any error nothing has changed, and the same call may be made again.
        """
        try:
            self._store.begin()
            self._take(facts)
            self.parts.flush()
            self._store.commit(position)
        except BaseException:
            self.rollback()
            raise
        self.parts.trim()

    def rollback(self) -> None:
        self.parts.clear()
        self._store.rollback()

    def _take(self, facts: Sequence[Fact]) -> None:
        waiting: dict[Address, deque[Incoming]] = {}
        for fact in facts:
            waiting.setdefault((fact.shop, journey_key(fact)), deque()).append(fact)
        self.parts.preload(self._wanted(facts))
        cubes: dict[str, Contributions] = {}
        while waiting:
            address = next(iter(waiting))
            self._step(address, waiting.pop(address), waiting, cubes)
        for shop, added in cubes.items():
            self._store.add_cubes(shop, added)

    def _step(
        self,
        address: Address,
        incoming: Iterable[Incoming],
        waiting: dict[Address, deque[Incoming]],
        cubes: dict[str, Contributions],
    ) -> None:
        shop, key = address
        seq, effects = advance(shop, key, self.parts.journey(shop, key), incoming, self._rules)
        self._store.apply(shop, key, self._epoch, seq, effects)
        add(cubes.setdefault(shop, {}), effects.cubes)
        for out in effects.outgoing:
            waiting.setdefault((shop, out.owner), deque()).append(out)

    def _wanted(self, facts: Iterable[Fact]) -> Iterable[Name]:
        """The parts that a step with these facts is sure to read."""
        for fact in facts:
            shop, key = fact.shop, journey_key(fact)
            yield (shop, key, "head")
            if isinstance(fact, Message):
                yield (shop, key, place_name(fact.identity))
                yield (shop, key, f"d{self._rules.day(fact.ts)}")
            elif isinstance(fact, OrderEvent):
                yield (shop, key, place_name(fact.identity))
            if not isinstance(fact, Link) and fact.order_id:
                yield (shop, key, f"o{fact.order_id}")
                yield (shop, ORDER_KEY + fact.order_id, "head")
                yield (shop, ORDER_KEY + fact.order_id, f"o{fact.order_id}")
