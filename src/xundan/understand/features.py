"""Hashed character n-grams of a message and the turns before it, for many questions at once.

A question becomes a set of 32-bit features: n-grams of the message, of the last turn of the other side, and of the
customer's earlier turns, each field hashed apart, and a few facts about form. Pure numpy; no state but its settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xundan.domain.ports import Question
from xundan.understand.text import uniform

Hashes = NDArray[np.uint32]
Rows = NDArray[np.int64]
Fields = list[tuple[int, str]]

_TEXT, _OTHER, _SELF, _FORM = range(4)
_SEED = np.array([0x51ED270B, 0xA54FF53A, 0x3C6EF372, 0x1F83D9AB], np.uint32)
_OPEN, _CLOSE, _END = "\x02", "\x03", "\x00"


class Features(NamedTuple):
    """Feature `hashes[i]` belongs to question `rows[i]`; a feature may occur several times in a question."""

    rows: Rows
    hashes: Hashes


@dataclass(frozen=True)
class Ngrams:
    """The settings: longest n-gram and most characters of the message and of each turn before it."""

    text_n: int = 4
    text_limit: int = 200
    context_n: int = 2
    context_limit: int = 60

    def to_dict(self) -> dict[str, Any]:
        """For the model's card."""
        return asdict(self)

    def extract(self, questions: Sequence[Question]) -> Features:
        """The features of each question, which depend on that question alone."""
        return self.hashed([self.fields(question) for question in questions])

    def hashed(self, questions: Sequence[Fields]) -> Features:
        """The features of questions whose fields are known."""
        pieces: list[str] = []
        rows: list[int] = []
        fields: list[int] = []
        for row, question in enumerate(questions):
            for field, text in question:
                pieces.append(text + _END)
                rows.append(row)
                fields.append(field)
        return self._hash(pieces, np.array(rows, np.int64), np.array(fields, np.int64))

    def fields(self, question: Question) -> Fields:
        """What the features are taken from: equal fields, equal features."""
        return list(self._fields(question))

    def _fields(self, question: Question) -> Iterable[tuple[int, str]]:
        text = uniform(question.text, self.text_limit)
        context = question.context[-3:]
        yield _TEXT, _OPEN + text + _CLOSE
        other = next((turn.text for turn in reversed(context) if turn.sender != "user"), None)
        if other is not None:
            yield _OTHER, _OPEN + uniform(other, self.context_limit) + _CLOSE
        for turn in context:
            if turn.sender == "user":
                yield _SELF, _OPEN + uniform(turn.text, self.context_limit) + _CLOSE
        last = "n" if not context else "u" if context[-1].sender == "user" else "a"
        size = min(len(text).bit_length(), 6)
        yield from ((_FORM, mark) for mark in (last, str(size), "q" if "?" in text else "p", f"{len(context)}c"))

    def _hash(self, pieces: list[str], rows: Rows, fields: Rows) -> Features:
        """Every n-gram within a piece, longer ones built from shorter ones, over all pieces in one array."""
        codes = np.frombuffer("".join(pieces).encode("utf-32-le", "replace"), np.uint32)
        sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
        row, field = np.repeat(rows, sizes), np.repeat(fields, sizes)
        longest = np.array([self.text_n, self.context_n, self.context_n, 2])[field]
        to_end = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(codes)) - 1  # characters left in the piece
        longest = np.minimum(longest, to_end)
        state = _mix(_SEED[field] ^ codes)
        found_rows, found = [], []
        for n in range(1, max(self.text_n, self.context_n) + 1):
            if n > 1:
                state = _mix(state[:-1] ^ codes[n - 1 :] * np.uint32(0x85EBCA6B))
            here = longest[: len(state)] >= n
            found.append(state[here] ^ np.uint32(n * 0x27D4EB2F & 0xFFFFFFFF))
            found_rows.append(row[: len(state)][here])
        return Features(np.concatenate(found_rows), np.concatenate(found))


def _mix(state: Hashes) -> Hashes:
    """One round of an integer hash (the finaliser of MurmurHash3, shortened)."""
    state = (state ^ (state >> np.uint32(15))) * np.uint32(0x9E3779B1)
    return state ^ (state >> np.uint32(13))


class Vocabulary:
    """The features a model knows, numbered from 1 in the order of their sorted hashes; 0 is padding.

    Args:
        hashes: sorted, without repetition.
    """

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes

    def number(self, features: Features, count: int) -> NDArray[np.int32]:
        """Known features as numbers, one row per question [count, width], each once, padded with 0."""
        place = np.searchsorted(self.hashes, features.hashes)
        place[place == len(self.hashes)] = 0
        known = self.hashes[place] == features.hashes
        keys = np.unique(features.rows[known] * (len(self.hashes) + 1) + place[known] + 1)
        rows, numbers = np.divmod(keys, len(self.hashes) + 1)
        width = np.bincount(rows, minlength=count)
        column = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
        padded = np.zeros((count, max(1, int(width.max(initial=0)))), np.int32)
        padded[rows, column] = numbers
        return padded
