"""Texts that say nearly the same: the Jaccard index of their sets of four-character pieces.

Texts are compared after `normalised`. The search is exact, not sampled: two sets of n and m pieces with a Jaccard index
of at least 0.8 share one of the n - ceil(0.8 n) + 1 rarest pieces of the first (Chaudhuri, Ganti and Kaushik, "A
primitive operator for similarity joins in data cleaning", ICDE 2006), so that each text meets a handful of others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

GRAM = 4
"""Characters of a piece."""

LONG = 7
"""Normalised characters from which a text has enough pieces (four) to be nearly, not only quite, like another."""

_FIFTHS = 4
"""Near are two sets which have four fifths of what either holds in common."""

_MARKS = re.compile(r"[\W_]+")
_BLANKS = re.compile(r"\s+")


def normalised(text: str) -> str:
    """A text without what typing it again may change: width, case, blanks, punctuation and symbols.

    One of symbols alone (an emoji) keeps them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _MARKS.sub("", folded) or _BLANKS.sub("", folded)


def pieces_of(text: str) -> frozenset[str]:
    """The four-character pieces of a normalised text; a shorter text is its own only piece."""
    return frozenset(text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1)))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the Jaccard index of two sets of pieces is at least 0.8."""
    return _enough(len(one & other), len(one), len(other))


class Index:
    """Normalised texts, to be asked which of them are near another one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._sets = [pieces_of(text) for text in texts]
        self._known = Counter(piece for pieces in self._sets for piece in pieces)
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for number, pieces in enumerate(self._sets):
            for piece in self._rarest(pieces):
                self._places[piece].append(number)

    def near(self, text: str) -> list[int]:
        """The numbers of all texts near a normalised one, in their order; itself too where it is among them."""
        pieces = pieces_of(text)
        met = {number for piece in self._rarest(pieces) for number in self._places.get(piece, ())}
        return sorted(number for number in met if alike(pieces, self._sets[number]))

    def _rarest(self, pieces: frozenset[str]) -> list[str]:
        ordered = sorted(pieces, key=lambda piece: (self._known[piece], piece))
        return ordered[: len(pieces) - -(-_FIFTHS * len(pieces) // (_FIFTHS + 1)) + 1]


def near_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """All pairs of near texts among normalised ones, as (later, earlier) numbers."""
    index = Index(texts)
    for later, text in enumerate(texts):
        for earlier in index.near(text):
            if earlier < later:
                yield later, earlier


def _enough(common: int, one: int, other: int) -> bool:
    return (_FIFTHS + 1) * common >= _FIFTHS * (one + other - common)
