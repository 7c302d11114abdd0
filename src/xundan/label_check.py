"""What `xundan label check` prints: how many labels there are, and which messages to look at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from xundan.domain.records import INTENTS
from xundan.measure.names import value_name
from xundan.understand.train.quality import Pair, Piece, Quality
from xundan.words import lang, say

SHOWN = 20
"""Messages of each kind that are listed."""

FEW = 20
"""Messages of an intent below which it can hardly be learnt or measured."""


def lines(pieces: Sequence[Piece], found: Quality, shared: Sequence[int]) -> Iterator[str]:
    """The whole text, a line at a time."""
    buy = sum(piece.message.buy for piece in pieces)
    scenes = len({piece.scene for piece in pieces})
    yield say("check.counts", messages=f"{len(pieces):,}", buy=f"{buy:,}", scenes=f"{scenes:,}")
    counts = Counter(piece.message.intent for piece in pieces)
    few = [f"{value_name('intent', intent, lang())} {counts[intent]}" for intent in INTENTS if counts[intent] < FEW]
    if few:
        yield say("check.few", least=FEW, intents=" · ".join(few))
    yield from _listed(say("check.contradictions", count=_count(found.contradictions)), pieces, found.contradictions)
    yield from _listed(say("check.repeats", count=_count(found.messages)), pieces, found.messages)
    yield from _listed(say("check.leaks", count=_count(found.leaks)), pieces, found.leaks)
    if shared:
        yield say("check.shared", count=f"{len(shared):,}")
        yield from (f"  {_shown(pieces[number])}" for number in shared[:SHOWN])


def _count(pairs: Sequence[Pair]) -> str:
    return f"{len({one for one, _ in pairs}):,}"


def _listed(title: str, pieces: Sequence[Piece], pairs: Sequence[Pair]) -> Iterator[str]:
    """The messages in question, each with the first of those it goes with."""
    yield title
    first = dict(reversed(pairs))
    for one in sorted(first)[:SHOWN]:
        yield f"  {_shown(pieces[one])}  ~  {_shown(pieces[first[one]])}"
    if len(first) > SHOWN:
        yield "  " + say("check.more", count=f"{len(first) - SHOWN:,}")


def _shown(piece: Piece) -> str:
    text = piece.text if len(piece.text) <= 24 else piece.text[:23] + "…"
    return f"{piece.place} {text} [{piece.message.intent} {int(piece.message.buy)}]"
