"""Messages as JSON objects: the question in one, and its labels where it has some; whole labelled files of them.

A message is `text` and, where turns came before it, `context`: a list of `{"from": "user", "text": …}`, oldest first.
A labelled one has `intent` and `buy` too. A labelled dialogue is `turns`, those of the customer labelled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xundan.domain.ports import CONTEXT_TURNS, Question, Turn
from xundan.domain.records import INTENTS
from xundan.errors import Rejected

MAX_CHARS = 16_000
"""Of a text, as everywhere in Xundan."""

Row = Mapping[str, Any]


class Labelled(NamedTuple):
    """One labelled message. `group` names what it was written in (a session, a scene), "" where that is not known."""

    question: Question
    intent: str
    buy: bool
    group: str = ""


def labelled(text: str, context: Sequence[Row], intent: str, buy: int, group: str = "") -> Labelled:
    """One labelled message from fields known to be right; only the last three turns before it count."""
    turns = tuple(Turn(turn["from"], turn["text"]) for turn in context[-CONTEXT_TURNS:])
    return Labelled(Question(text, turns), intent, bool(buy), group)


def read_labelled(path: Path) -> list[Labelled]:
    """Labelled messages of a JSON Lines file, messages and dialogues as they come.

    Raises `Rejected` in one sentence with line and field for the first line that is neither, or where there is none.
    """
    found: list[Labelled] = []
    for number, row in read_rows(path):
        try:
            found += labelled_in(row, f"dialogue {number}")
        except Rejected as wrong:
            raise Rejected(f"{path}, line {number}: {wrong.reason}", field=wrong.field) from None
    if not found:
        raise Rejected(f"{path}: there is no labelled message in it")
    return found


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The objects of a JSON Lines file with their line numbers. Raises `Rejected` for a line that is none."""
    if path.is_dir() or not path.exists():
        raise Rejected(f"{path}: {'this is a folder, not a file' if path.is_dir() else 'there is no such file'}")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield number, parse_row(line)
                except Rejected as wrong:
                    raise Rejected(f"{path}, line {number}: {wrong.reason}") from None


def parse_row(line: bytes) -> Row:
    """The JSON object on a line. Raises `Rejected`."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise Rejected("the line is not a JSON object")
    return row


def labelled_in(row: Row, place: str) -> Iterator[Labelled]:
    """The labelled messages of an object: itself, or the customer's turns of a dialogue. Raises `Rejected`.

    Args:
        place: names the dialogue's group.
    """
    if "turns" not in row:
        yield _labelled(row, question_of(row), str(row.get("session") or row.get("scene") or ""))
        return
    turns = context_of(row, "turns")
    for index, (turn, said) in enumerate(zip(row["turns"], turns, strict=True)):
        if said.sender == "user":
            yield _labelled(turn, Question(said.text, turns[max(0, index - CONTEXT_TURNS) : index]), place)


def _labelled(row: Row, question: Question, group: str) -> Labelled:
    return Labelled(question, *labels_of(row), group)


def labels_of(row: Row) -> tuple[str, bool]:
    """The intent and buy of an object. Raises `Rejected`."""
    intent, buy = _there(row, "intent"), _there(row, "buy")
    if not isinstance(intent, str) or intent not in INTENTS:
        raise Rejected(f"intent must be one of the {len(INTENTS)} names of the codebook, not {_short(intent)}")
    if buy not in (0, 1) or isinstance(buy, float):
        raise Rejected(f"buy must be 0 or 1, not {_short(buy)}", field="buy")
    return intent, bool(buy)


def question_of(row: Row) -> Question:
    """The message of an object with up to three turns before it. Raises `Rejected` with the field that is wrong."""
    text = _there(row, "text")
    if not isinstance(text, str) or not text.strip():
        raise Rejected("text must be a text that is not empty", field="text")
    return Question(_bounded(text, "text"), context_of(row, "context")[-CONTEXT_TURNS:])


def context_of(row: Row, name: str) -> tuple[Turn, ...]:
    """All the turns under a name; none where there are none. Raises `Rejected`."""
    turns = row.get(name)
    if turns is None:
        return ()
    if not isinstance(turns, list):
        raise Rejected(f"{name} must be a list of turns", field=name)
    return tuple(_turn(turn, name) for turn in turns)


def _turn(turn: object, name: str) -> Turn:
    """Who spoke may be unknown: any word will do."""
    who, text = (turn.get("from"), turn.get("text")) if isinstance(turn, dict) else (None, None)
    if not isinstance(who, str) or not isinstance(text, str):
        raise Rejected(f"{name} must hold turns with from (user, agent or bot) and text", field=name)
    return Turn(_bounded(who, name), _bounded(text, name))


def _bounded(text: str, name: str) -> str:
    if len(text) > MAX_CHARS:
        raise Rejected(f"{name} must not be longer than {MAX_CHARS} characters", field=name)
    if any("\ud800" <= char <= "\udfff" for char in text) or "\0" in text:
        raise Rejected(f"{name} must not contain broken characters", field=name)
    return text


def _there(row: Row, name: str) -> object:
    if row.get(name) is None:
        raise Rejected(f"{name} is missing", field=name)
    return row[name]


def _short(value: object) -> str:
    """A wrong label as it can be shown: a label is no text of a customer, and what is longer may be one."""
    shown = repr(value)
    return shown if len(shown) <= 40 else "that"
