"""The labelled messages a model is made from: whole dialogues and single messages, split by scene."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import xundan
from xundan.domain.ports import CONTEXT_TURNS, Question, Turn
from xundan.errors import Rejected
from xundan.understand.labelled import Labelled, Row, context_of, labels_of, question_of, read_rows

TEST, VALIDATION = 26, 39
"""Of 256 shares of the scenes, those below 26 (10 %) are never trained on, those below 39 (5 %) say when to stop."""


class Example(NamedTuple):
    """A labelled message with all turns `before` it (oldest first), and its scene.

    Messages of one scene never stand on both sides of a split.
    """

    message: Labelled
    scene: str
    before: tuple[Turn, ...] = ()


class Data(NamedTuple):
    """All examples, and the SHA-256 of the files they come from."""

    examples: list[Example]
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """One hash over all files."""
        return hashlib.sha256(
            "".join(f"{name}{self.files[name]}\n" for name in sorted(self.files)).encode()
        ).hexdigest()


class Split(NamedTuple):
    """Three sets without a common scene."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


def written() -> Path:
    """The folder of the written data: in the package, or beside the sources of a checkout."""
    package = Path(xundan.__file__).parent
    inside = package / "data" / "written"
    return inside if inside.is_dir() else package.parents[1] / "data" / "written"


def read_data(path: Path) -> Data:
    """Read a JSON Lines file, or every `*.jsonl` file of a folder.

    A line is a dialogue (`scene`, `turns`, each customer turn with `intent` and `buy`) or a single message (`text`,
    `context`, `intent`, `buy`, perhaps `scene`). Raises `Rejected` naming file, line and field for anything else.
    """
    examples: list[Example] = []
    files: dict[str, str] = {}
    for file in [path] if path.is_file() else sorted(path.glob("*.jsonl")):
        files[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        for number, row in read_rows(file):
            try:
                examples += _examples(row, f"{file.stem}:{number}")
            except Rejected as wrong:
                raise Rejected(f"{file}, line {number}: {wrong.reason}", field=wrong.field) from None
    if not examples:
        raise Rejected(f"{path}: there is no labelled message in any *.jsonl file there")
    return Data(examples, files)


def split(examples: Sequence[Example]) -> Split:
    """Split by the hash of the scene: a scene stays where it is whatever else is added."""
    parts = Split([], [], [])
    for example in examples:
        share = hashlib.blake2b(example.scene.encode(), digest_size=4).digest()[0]
        parts[2 if share < TEST else 1 if share < VALIDATION else 0].append(example)
    return parts


def _examples(row: Row, place: str) -> Iterator[Example]:
    scene = str(row.get("scene") or row.get("session") or place)
    if "turns" not in row:
        message = Labelled(question_of(row), *labels_of(row), scene)
        yield Example(message, scene, context_of(row, "context"))
        return
    turns = context_of(row, "turns")
    for index, (labels, said) in enumerate(zip(row["turns"], turns, strict=True)):
        if said.sender == "user":
            before = turns[:index]
            question = Question(said.text, before[-CONTEXT_TURNS:])
            yield Example(Labelled(question, *labels_of(labels), scene), scene, before)
