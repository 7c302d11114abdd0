"""A question as a model takes it, and how many of them are cut into batches of which little is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from xundan.domain.ports import Question, Scored

MOST = 64
"""Questions in a batch at most: more gain nothing."""

TOKENS = 2048
"""Tokens in a batch at most, its padding included."""

PASS_COST = 16
"""What a pass costs whatever is in it, in tokens: so much padding is no dearer than a further batch."""


class Prepared(NamedTuple):
    """A question read by a model's own normalisation.

    `key` is equal for questions that the model cannot tell apart; `length` is what a batch is padded to, in tokens;
    `form` is the model's affair.
    """

    key: bytes
    length: int
    form: Any


class Model(Protocol):
    """A `Classifier` in two steps, so that reading questions and computing can overlap. Both are thread-safe."""

    @property
    def version(self) -> str: ...

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]:
        """Read the questions; cheap, and of each question alone."""
        ...

    def compute(self, prepared: Sequence[Prepared]) -> list[Scored]:
        """Score in one pass. Raises `XundanError` where the model fails."""
        ...


def cut(lengths: Sequence[int], tokens: int = TOKENS) -> list[list[int]]:
    """All places of `lengths`, sorted by length and cut into batches of at most `tokens` and `MOST`."""
    batches: list[list[int]] = []
    left = sorted(range(len(lengths)), key=lengths.__getitem__)
    while left:
        size = len(_grown([lengths[place] for place in left], 0, tokens))
        batches.append(left[:size])
        left = left[size:]
    return batches


def around(lengths: Sequence[int], tokens: int = TOKENS) -> list[int]:
    """A batch for the first of `lengths`: its place and those of the others that fit it best."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return [order[place] for place in _grown([lengths[place] for place in order], order.index(0), tokens)]


def _grown(lengths: list[int], start: int, tokens: int) -> range:
    """The neighbours of `start` in a sorted list that make a batch with it, taken one by one with the least padding."""
    low, high = start, start + 1
    real, width = lengths[start], lengths[start]
    while high - low < MOST:
        below = width - lengths[low - 1] if low and width - lengths[low - 1] <= PASS_COST else None
        above = (high - low) * (lengths[high] - width) if high < len(lengths) else None
        down = below is not None and (above is None or below <= above)
        if not down and above is None:
            break
        longer = width if down else lengths[high]
        more = real + (lengths[low - 1] if down else lengths[high])
        if (area := (high - low + 1) * longer) > tokens or area - more > PASS_COST + more // 8:
            break
        low, high, width, real = (low - 1, high, width, more) if down else (low, high + 1, longer, more)
    return range(low, high)
