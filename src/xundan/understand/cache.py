"""Scores of questions asked before: bounded, each for a time, the least recently used one leaving first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

from xundan.domain.ports import Scored


class ScoreCache:
    """Remembers scores by model version and the question's key (`Prepared.key`). Thread-safe; keeps digests, no texts.

    Args:
        capacity: scores kept at most, 0 for none.
        ttl_s: how long a score is kept, in seconds.
        clock: answers seconds.

    Counters, for metrics: `hits`, `misses`.
    """

    def __init__(self, capacity: int, ttl_s: float = 3600, clock: Callable[[], float] = time.monotonic) -> None:
        self.hits = self.misses = 0
        self._capacity = capacity
        self._ttl = ttl_s
        self._clock = clock
        self._scores: OrderedDict[bytes, tuple[float, Scored]] = OrderedDict()
        self._lock = Lock()

    def get(self, version: str, key: bytes) -> Scored | None:
        """The score of a question with this key, or None."""
        digest = _digest(version, key)
        with self._lock:
            until, scored = self._scores.get(digest, (0.0, None))
            if scored is None or self._clock() >= until:
                self.misses += 1
                self._scores.pop(digest, None)
                return None
            self.hits += 1
            self._scores.move_to_end(digest)
            return scored

    def put(self, version: str, key: bytes, scored: Scored) -> None:
        """Remember a score."""
        if not self._capacity:
            return
        digest = _digest(version, key)
        with self._lock:
            self._scores[digest] = self._clock() + self._ttl, scored
            self._scores.move_to_end(digest)
            if len(self._scores) > self._capacity:
                self._scores.popitem(last=False)

    def __len__(self) -> int:
        return len(self._scores)


def _digest(version: str, key: bytes) -> bytes:
    return blake2b(version.encode() + b"\0" + key, digest_size=16).digest()
