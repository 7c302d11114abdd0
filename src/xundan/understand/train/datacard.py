"""The figures of a labelled set as the Markdown of its data card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from xundan.domain.records import INTENTS
from xundan.understand.train.categories import GENERAL, category_of
from xundan.understand.train.near import LONG, normalised
from xundan.understand.train.quality import Piece, Quality, sides, surplus

PERCENTILES = (10, 50, 90, 97)


def markdown(pieces: Sequence[Piece], found: Quality) -> str:
    """All tables, each under its title, ending in a newline."""
    parts = (_overall(pieces), _intents(pieces), _lengths(pieces), _categories(pieces), _repeats(pieces, found))
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _overall(pieces: Sequence[Piece]) -> Iterator[str]:
    side = sides(pieces)
    yield "| | messages | `buy` 1 | scenes | without context | 1 turn | 2 turns | 3 turns |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    groups = [
        ("turns of dialogues", [piece for piece in pieces if piece.dialogue]),
        ("single messages", [piece for piece in pieces if not piece.dialogue]),
        *((part, [piece for piece, its in zip(pieces, side, strict=True) if its == part]) for part in _PARTS),
        ("all", list(pieces)),
    ]
    for name, group in groups:
        turns = Counter(len(piece.context) for piece in group)
        context = (f"{turns[count]:,}" for count in range(4))
        scenes = len({piece.scene for piece in group})
        yield _line(name, f"{len(group):,}", _share(_buy(group), len(group)), f"{scenes:,}", *context)


_PARTS = ("train", "validation", "test")


def _intents(pieces: Sequence[Piece]) -> Iterator[str]:
    yield "| intent | turns of dialogues | single messages | together | `buy` 1 |"
    yield "|---|--:|--:|--:|--:|"
    for intent in INTENTS:
        its = [piece for piece in pieces if piece.message.intent == intent]
        turns = sum(piece.dialogue for piece in its)
        numbers = (f"{number:,}" for number in (turns, len(its) - turns, len(its)))
        yield _line(f"`{intent}`", *numbers, _share(_buy(its), len(its)))


def _lengths(pieces: Sequence[Piece]) -> Iterator[str]:
    customer = [len(piece.text) for piece in pieces]
    others = [len(turn.text) for piece in pieces for turn in piece.context if turn.sender != "user"]
    yield "| characters | " + " | ".join(f"{percent} %" for percent in PERCENTILES) + " | mean |"
    yield "|---|" + "--:|" * (len(PERCENTILES) + 1)
    for name, lengths in (("labelled messages", customer), ("the turns of the shop before them", others)):
        if lengths:
            below = (str(round(float(np.percentile(lengths, percent)))) for percent in PERCENTILES)
            yield _line(name, *below, f"{np.mean(lengths):.1f}")


def _categories(pieces: Sequence[Piece]) -> Iterator[str]:
    counts = Counter(category_of(piece.category) for piece in pieces)
    general = counts.pop(GENERAL, 0)
    named = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    yield f"{len(counts)} kinds of goods: {named}; {GENERAL} {general:,}."


def _repeats(pieces: Sequence[Piece], found: Quality) -> Iterator[str]:
    long = sum(len(normalised(piece.text)) >= LONG for piece in pieces)
    held = sum(side != "train" for side in sides(pieces))
    yield "| | messages | of | share |"
    yield "|---|--:|--:|--:|"
    for name, count, of in (
        (f"text of {LONG} or more characters near an earlier one", len(surplus(found.texts)), long),
        ("text and context near an earlier message", len(surplus(found.messages)), len(pieces)),
        ("same text, same context, another label", len(surplus(found.contradictions)), len(pieces)),
        ("held back, and the text near one trained on", len({held for held, _ in found.leaks}), held),
    ):
        yield _line(name, f"{count:,}", f"{of:,}", _share(count, of, digits=2))


def _buy(pieces: Sequence[Piece]) -> int:
    return sum(piece.message.buy for piece in pieces)


def _share(part: int, whole: int, digits: int = 0) -> str:
    return f"{100 * part / whole:.{digits}f} %" if whole else "—"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
