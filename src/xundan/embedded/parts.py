"""Parts of journeys as the journey reads them: decoded lazily, kept while they are hot, encoded once a transaction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import msgspec

from xundan.domain.state import Head, OrderState, Place, Segment

T = TypeVar("T")
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
    """Decoded parts of many journeys over one `PartStore`; at most `capacity` stay decoded between transactions."""

    def __init__(self, store: PartStore, capacity: int = 20_000) -> None:
        self._store = store
        self._capacity = capacity
        self._values: OrderedDict[Name, Any] = OrderedDict()
        self._places: list[Name] = []
        self._changed: set[Name] = set()

    def journey(self, shop: str, owner: str) -> JourneyParts:
        """The parts of one journey, as `domain.state.Parts`."""
        return JourneyParts(self, shop, owner)

    def preload(self, names: Iterable[Name]) -> None:
        """Fetch what a batch is about to read in a few calls."""
        self._store.preload(name for name in names if name not in self._values)

    def get(self, name: Name) -> Any:
        if name in self._values:
            self._values.move_to_end(name)
            return self._values[name]
        data = self._store.load(*name)
        value = self._values[name] = None if data is None else _DECODERS[name[2][0]].decode(data)
        if name[2][0] == "i":
            self._places.append(name)
        return value

    def put(self, name: Name, value: Any) -> None:
        self._values[name] = value
        self._changed.add(name)

    def names(self, shop: str, owner: str, prefix: str) -> list[str]:
        self.flush()
        return self._store.parts(shop, owner, prefix)

    def flush(self) -> None:
        """Hand every change to the store, which writes it at its commit."""
        for name in self._changed:
            value = self._values[name]
            self._store.save(*name, None if value is None else _encode(value))
        self._changed.clear()

    def trim(self) -> None:
        """Forget what has not been read for longest, and what is read once only. Call between transactions."""
        for name in self._places:
            self._values.pop(name, None)
        self._places.clear()
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget everything, changes included: the transaction was rolled back."""
        self._values.clear()
        self._changed.clear()


class JourneyParts:
    """`domain.state.Parts` of one journey."""

    def __init__(self, cache: PartCache, shop: str, owner: str) -> None:
        self._cache, self._shop, self._owner = cache, shop, owner

    def get(self, name: str, kind: type[T]) -> T | None:
        found: T | None = self._cache.get((self._shop, self._owner, name))
        return found

    def put(self, name: str, value: Any) -> None:
        self._cache.put((self._shop, self._owner, name), value)

    def delete(self, name: str) -> None:
        self._cache.put((self._shop, self._owner, name), None)

    def names(self, prefix: str) -> list[str]:
        return self._cache.names(self._shop, self._owner, prefix)
