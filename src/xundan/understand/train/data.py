"""The written training data: whole dialogues and single messages, labelled by the codebook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from xundan.domain.records import INTENTS
from xundan.errors import ConfigError
from xundan.understand.evaluate import Labelled, labelled


class Example(NamedTuple):
    """A labelled message and its scene: messages of one scene are never split between training and hold-out."""

    message: Labelled
    scene: str


class Data(NamedTuple):
    """All examples of a folder, and what identifies it."""

    examples: list[Example]
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """One hash over all files."""
        return hashlib.sha256(
            "".join(f"{name}{self.files[name]}\n" for name in sorted(self.files)).encode()
        ).hexdigest()


def read_folder(folder: Path) -> Data:
    """Read every `*.jsonl` file of a folder.

    A line is a dialogue (`scene`, `turns`, each customer turn with `intent` and `buy`) or a single message (`text`,
    `context`, `intent`, `buy`). Raises `ConfigError` naming file and line for anything else.
    """
    examples: list[Example] = []
    files: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl")):
        files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found = list(_examples(json.loads(line), f"{path.stem}:{number}"))
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigError(f"{path}, line {number}: not a labelled dialogue or message ({error})") from None
            examples += found
    if not examples:
        raise ConfigError(f"{folder}: there is no labelled message in any *.jsonl file there")
    return Data(examples, files)


def _examples(row: dict[str, Any], place: str) -> Iterator[Example]:
    if "turns" in row:
        turns = row["turns"]
        for index, turn in enumerate(turns):
            if turn["from"] == "user":
                yield _example(turn, turns[:index], place)
    else:
        # Variants of one sentence, written one after the other, begin alike: they stay together.
        yield _example(row, row["context"], "message:" + row["text"][:4])


def _example(row: dict[str, Any], context: list[dict[str, Any]], scene: str) -> Example:
    if row["intent"] not in INTENTS or row["buy"] not in (0, 1):
        raise ValueError(f"intent {row['intent']!r}, buy {row['buy']!r}")
    return Example(labelled(row["text"], context, row["intent"], row["buy"]), scene)
