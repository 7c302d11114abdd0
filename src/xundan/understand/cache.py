"""Scores of questions asked before, bounded, the least recently used one leaving first."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from xundan.domain.ports import Question, Scored


class ScoreCache:
    """Remembers up to `capacity` scores by model version, text and context. Thread-safe; keeps digests, no texts."""

    def __init__(self, version: str, capacity: int) -> None:
        self._version = version
        self._capacity = capacity
        self._scores: OrderedDict[bytes, Scored] = OrderedDict()
        self._lock = Lock()

    def get(self, question: Question) -> Scored | None:
        """The score of an equal question, or None."""
        key = self._key(question)
        with self._lock:
            scored = self._scores.get(key)
            if scored is not None:
                self._scores.move_to_end(key)
            return scored

    def put(self, question: Question, scored: Scored) -> None:
        """Remember a score."""
        if not self._capacity:
            return
        key = self._key(question)
        with self._lock:
            self._scores[key] = scored
            self._scores.move_to_end(key)
            if len(self._scores) > self._capacity:
                self._scores.popitem(last=False)

    def __len__(self) -> int:
        return len(self._scores)

    def _key(self, question: Question) -> bytes:
        parts = [self._version, question.text, *(part for turn in question.context for part in turn)]
        # Lengths keep the parts apart, whatever characters they contain.
        joined = "\n".join((",".join(str(len(part)) for part in parts), *parts))
        return blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).digest()
