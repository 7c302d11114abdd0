"""Parts of journeys as the journey reads them: decoded lazily, kept while they are hot, encoded once a transaction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import msgspec

from xundan.domain.state import Head, OrderState, Place, Segment

T = TypeVar("T")
Owner = tuple[str, str]
"""(shop, owner)."""

Name = tuple[str, str, str]
"""(shop, owner, part)."""

_KINDS: dict[str, type[Any]] = {"h": Head, "d": Segment, "o": OrderState, "i": Place}
_DECODERS = {letter: msgspec.json.Decoder(kind) for letter, kind in _KINDS.items()}
_encode = msgspec.json.Encoder().encode


class PartStore(Protocol):
    """Where encoded parts lie."""

    def load(self, shop: str, owner: str, part: str) -> bytes | None: ...

    def preload(self, keys: Iterable[Name]) -> None: ...

    def parts(self, shop: str, owner: str, prefix: str) -> list[str]: ...

    def save(self, shop: str, owner: str, part: str, data: bytes | None) -> None: ...


class PartCache:
    """Decoded parts of many journeys over one `PartStore`; about `capacity` stay decoded between transactions."""

    def __init__(self, store: PartStore, capacity: int = 20_000) -> None:
        self._store = store
        self._capacity = capacity
        self._size = 0
        self._journeys: OrderedDict[Owner, JourneyParts] = OrderedDict()
        self._used: dict[Owner, JourneyParts] = {}

    def journey(self, shop: str, owner: str) -> JourneyParts:
        """The parts of one journey, as `domain.state.Parts`."""
        at = (shop, owner)
        found = self._journeys.get(at)
        if found is None:
            found = self._journeys[at] = JourneyParts(self._store, shop, owner)
        self._journeys.move_to_end(at)
        self._used[at] = found
        return found

    def preload(self, names: Iterable[Name]) -> None:
        """Fetch what a batch is about to read in a few calls."""
        self._store.preload(name for name in names if not self._has(name))

    def _has(self, name: Name) -> bool:
        journey = self._journeys.get(name[:2])
        return journey is not None and name[2] in journey.values

    def flush(self) -> None:
        """Hand every change to the store, which writes it at its commit."""
        for journey in self._used.values():
            journey.flush()

    def trim(self) -> None:
        """Forget the journeys not used for longest, and what is read once only. Call between transactions."""
        self._size += sum(journey.settle() for journey in self._used.values())
        self._used.clear()
        while self._size > self._capacity:
            self._size -= self._journeys.popitem(last=False)[1].kept

    def clear(self) -> None:
        """Forget everything, changes included: the transaction was rolled back."""
        self._journeys.clear()
        self._used.clear()
        self._size = 0


class JourneyParts:
    """`domain.state.Parts` of one journey. `kept` is how many stayed decoded after the last transaction."""

    __slots__ = ("_changed", "_owner", "_shop", "_store", "kept", "values")

    def __init__(self, store: PartStore, shop: str, owner: str) -> None:
        self._store, self._shop, self._owner = store, shop, owner
        self._changed: set[str] = set()
        self.values: dict[str, Any] = {}
        self.kept = 0

    def get(self, name: str, kind: type[T]) -> T | None:
        if name not in self.values:
            data = self._store.load(self._shop, self._owner, name)
            self.values[name] = None if data is None else _DECODERS[name[0]].decode(data)
        found: T | None = self.values[name]
        return found

    def put(self, name: str, value: Any) -> None:
        self.values[name] = value
        self._changed.add(name)

    def delete(self, name: str) -> None:
        self.put(name, None)

    def names(self, prefix: str) -> list[str]:
        self.flush()
        return self._store.parts(self._shop, self._owner, prefix)

    def flush(self) -> None:
        """Hand the changes to the store."""
        for name in self._changed:
            value = self.values[name]
            self._store.save(self._shop, self._owner, name, None if value is None else _encode(value))
        self._changed.clear()

    def settle(self) -> int:
        """Forget the places of facts, which are read once only; how many more parts than before are kept."""
        for name in [name for name in self.values if name[0] == "i"]:
            del self.values[name]
        before, self.kept = self.kept, len(self.values)
        return self.kept - before
