"""The cache in the process's own memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class MemoryCache:
    """The port `Cache`. Holds up to `max_items`; beyond, the one used least recently goes. `clock` is in seconds."""

    def __init__(self, max_items: int = 100_000, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_items = max_items
        self._clock = clock
        self._items: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    async def get(self, key: str) -> bytes | None:
        with self._lock:
            ends, value = self._items.get(key, (0.0, b""))
            if key not in self._items:
                return None
            if ends <= self._clock():
                del self._items[key]
                return None
            self._items.move_to_end(key)
            return value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        with self._lock:
            self._items[key] = (self._clock() + ttl, value)
            self._items.move_to_end(key)
            while len(self._items) > self._max_items:
                self._items.popitem(last=False)

    async def delete(self, key: str) -> None:
        with self._lock:
            self._items.pop(key, None)
