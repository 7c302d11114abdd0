"""Chats to replay: real ones where that folder lies beside the project, else the project's written ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from xundan.domain.context import TURN_CHARS
from xundan.domain.ports import CONTEXT_TURNS, Question, Turn

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("XUNDAN_SHARED") or ROOT.parent / "shared")
REAL = SHARED / "data" / "real_chats.tsv"
WRITTEN = ROOT / "data" / "written"
ABSENT = f"the real length mix is left out: {REAL.name} is not there"

AT_ONCE = 100
"""Customers who chat at the same time."""


class Chat(NamedTuple):
    """A customer's chat; who speaks in each turn is `user` or `agent`."""

    user: str
    turns: list[Turn]


class Asked(NamedTuple):
    """A customer's message. `answer` is what the shop said to it, "" where nothing; `context` the turns before."""

    user: str
    text: str
    answer: str
    context: tuple[Turn, ...]

    @property
    def question(self) -> Question:
        return Question(self.text, self.context)


def real_chats() -> list[Chat]:
    """Real sessions in the order of their file, none where it is absent.

    Its columns: session, user, by agent 0/1, transfer, repeated, product, text.
    """
    if not REAL.exists():
        return []
    lines = (line.split("\t") for line in REAL.read_text(encoding="utf-8").splitlines())
    return [
        Chat(session, [Turn("agent" if row[2] == "1" else "user", row[6]) for row in rows if row[6].strip()])
        for session, rows in groupby(lines, key=lambda row: row[0])
    ]


def written_chats() -> list[Chat]:
    """The dialogues written for training."""
    lines = [
        line
        for path in sorted(WRITTEN.glob("dialogues*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    dialogues = [json.loads(line)["turns"] for line in lines]
    return [
        Chat(f"w{number}", [Turn("user" if turn["from"] == "user" else "agent", turn["text"]) for turn in turns])
        for number, turns in enumerate(dialogues)
    ]


def asked(chat: Chat) -> list[Asked]:
    """What the customer says, each with up to three turns before it; what the shop says at one go is one turn."""
    turns: list[Turn] = []
    for sender, said in groupby(chat.turns, key=lambda turn: turn.sender):
        texts = [turn.text for turn in said]
        turns += [Turn(sender, text) for text in (texts if sender == "user" else [" ".join(texts)])]
    found = []
    for place, (sender, text) in enumerate(turns):
        if sender == "user":
            after = turns[place + 1 : place + 2]
            answer = after[0].text if after and after[0].sender == "agent" else ""
            before = [
                Turn(turn.sender, turn.text[:TURN_CHARS]) for turn in turns[max(0, place - CONTEXT_TURNS) : place]
            ]
            found.append(Asked(chat.user, text, answer, tuple(before)))
    return found


def as_they_come(chats: list[Chat], seed: int = 7) -> Iterator[Asked]:
    """All messages once: one of `AT_ONCE` customers writes next, by chance; who has finished makes room for another."""
    chance, coming = Random(seed), (asked(chat) for chat in chats)
    present: list[Iterator[Asked]] = [iter(chat) for chat in islice(coming, AT_ONCE)]
    while present:
        place = chance.randrange(len(present))
        one = next(present[place], None)
        if one is not None:
            yield one
        elif (new := next(coming, None)) is not None:
            present[place] = iter(new)
        else:
            present.pop(place)
