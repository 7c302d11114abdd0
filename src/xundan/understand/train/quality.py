"""Is a labelled set fit to train on? What is in it, what repeats, what contradicts, what a split would leak.

Definitions, all over texts as `near.normalised` leaves them:

- two *texts* are near-duplicates if both have at least 7 characters and their Jaccard index over four-character pieces
  is at least 0.8;
- two *messages* are near-duplicates if their texts are (shorter texts: if they are equal) and so are their contexts:
  the up to three turns before, joined (shorter than 7 characters: equal). 好的 after other turns is another message;
- a *contradiction* is the same text after the same turns, but for width, case and blanks, with another label;
- a *leak* is a message held back (validation, test) whose text is a near-duplicate of one that is trained on.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from xundan.domain.ports import CONTEXT_TURNS, Question, Turn
from xundan.errors import Rejected
from xundan.understand.labelled import Labelled, Row, context_of, labels_of, question_of, read_rows
from xundan.understand.train.data import Example, split
from xundan.understand.train.near import LONG, Index, alike, near_pairs, normalised, pieces_of

Pair = tuple[int, int]
"""Two messages by their numbers, the later one first."""


class Piece(NamedTuple):
    """A labelled message, where it stands (`file:line`), and what it was written in."""

    place: str
    message: Labelled
    category: str
    dialogue: bool

    @property
    def text(self) -> str:
        return self.message.question.text

    @property
    def context(self) -> tuple[Turn, ...]:
        return self.message.question.context

    @property
    def scene(self) -> str:
        return self.message.group


class Quality(NamedTuple):
    """What was found, as pairs of messages."""

    texts: list[Pair]
    messages: list[Pair]
    contradictions: list[Pair]
    leaks: list[Pair]


def read_pieces(path: Path) -> list[Piece]:
    """The labelled messages of a JSON Lines file, or of every `*.jsonl` file of a folder.

    Raises `Rejected` in one sentence with file, line and field for the first line that is none.
    """
    found: list[Piece] = []
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        for number, row in read_rows(file):
            try:
                found += _pieces(row, f"{file.name}:{number}", f"{file.stem}:{number}")
            except Rejected as wrong:
                raise Rejected(f"{file}, line {number}: {wrong.reason}", field=wrong.field) from None
    if not found:
        raise Rejected(f"{path}: there is no labelled message in it")
    return found


def inspect(pieces: Sequence[Piece]) -> Quality:
    """Everything that is wrong with a set as a whole; a few seconds for 25,000 messages."""
    texts = [normalised(piece.text) for piece in pieces]
    near = list(_long_pairs(texts))
    return Quality(
        texts=near,
        messages=sorted([*_with_context(pieces, near), *_short(pieces, texts)]),
        contradictions=sorted(_contradictions(pieces)),
        leaks=sorted(_leaks(pieces, near)),
    )


def surplus(pairs: Iterable[Pair]) -> set[int]:
    """The messages that repeat an earlier one: those to take out so that no pair is left."""
    return {later for later, _ in pairs}


def found_in(pieces: Sequence[Piece], others: Iterable[str], least: int = LONG) -> Iterator[tuple[int, str]]:
    """The messages that repeat one of other texts, themselves or in a turn before: number, and what repeats.

    Args:
        least: normalised characters from which a text is looked for.
    """
    wanted = {text for text in map(normalised, others) if len(text) >= least}
    index = Index(sorted(wanted))
    known: dict[str, bool] = {}
    for number, piece in enumerate(pieces):
        for said in (piece.text, *(turn.text for turn in piece.context)):
            text = normalised(said)
            if len(text) >= least:
                if text not in known:
                    known[text] = bool(index.near(text))
                if known[text]:
                    yield number, said


def sides(pieces: Sequence[Piece]) -> list[str]:
    """Which part of the split each message falls in: train, validation or test."""
    parts = split([Example(piece.message, piece.scene) for piece in pieces])
    side = {example.scene: name for name, part in parts._asdict().items() for example in part}
    return [side[piece.scene] for piece in pieces]


def _pieces(row: Row, place: str, scene: str) -> Iterator[Piece]:
    scene = str(row.get("scene") or row.get("session") or scene)
    category = str(row.get("category") or "")
    if "turns" not in row:
        yield Piece(place, Labelled(question_of(row), *labels_of(row), scene), category, dialogue=False)
        return
    turns = context_of(row, "turns")
    for index, (labels, said) in enumerate(zip(row["turns"], turns, strict=True)):
        if said.sender == "user":
            question = Question(said.text, turns[max(0, index - CONTEXT_TURNS) : index])
            yield Piece(place, Labelled(question, *labels_of(labels), scene), category, dialogue=True)


def _long_pairs(texts: Sequence[str]) -> Iterator[Pair]:
    long = [number for number, text in enumerate(texts) if len(text) >= LONG]
    for later, earlier in near_pairs([texts[number] for number in long]):
        yield long[later], long[earlier]


def _before(piece: Piece) -> str:
    return "".join(normalised(turn.text) for turn in piece.context)


def _with_context(pieces: Sequence[Piece], near: Iterable[Pair]) -> Iterator[Pair]:
    for later, earlier in near:
        one, other = _before(pieces[later]), _before(pieces[earlier])
        if one == other or (min(len(one), len(other)) >= LONG and alike(pieces_of(one), pieces_of(other))):
            yield later, earlier


def _short(pieces: Sequence[Piece], texts: Sequence[str]) -> Iterator[Pair]:
    """Equal texts too short for pieces."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        if len(text) < LONG:
            groups[text].append(number)
    for group in groups.values():
        yield from _with_context(pieces, ((later, earlier) for earlier, later in combinations(group, 2)))


def _exact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _contradictions(pieces: Sequence[Piece]) -> Iterator[Pair]:
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        groups[_exact(piece.text), *((turn.sender, _exact(turn.text)) for turn in piece.context)].append(number)
    for group in groups.values():
        for earlier, later in combinations(group, 2):
            if pieces[earlier].message[1:3] != pieces[later].message[1:3]:
                yield later, earlier


def _leaks(pieces: Sequence[Piece], near: Iterable[Pair]) -> Iterator[Pair]:
    side = sides(pieces)
    for later, earlier in near:
        if (side[later] == "train") != (side[earlier] == "train"):
            yield (earlier, later) if side[later] == "train" else (later, earlier)
