"""A token bucket a shop, in memory: a minute's allowance at once, then as fast as it flows back."""

from __future__ import annotations

import time
from collections.abc import Callable


class RateLimiter:
    """Allows `per_minute` requests a minute for each name.

    Args:
        clock: answers seconds that never run backwards.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens left, as of

    def wait(self, name: str) -> float:
        """Take one: 0 when it was there, else the seconds until it will be (and nothing was taken)."""
        now = self._clock()
        left, since = self._buckets.get(name, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        if left < 1:
            self._buckets[name] = (left, now)
            return (1 - left) / self._per_second
        self._buckets[name] = (left - 1, now)
        return 0.0
