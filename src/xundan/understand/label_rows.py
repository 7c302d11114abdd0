"""Samples and labels as JSON objects: what training and evaluation read, and what people exchange."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from xundan.domain.labels import Label, LabelSource, Marked
from xundan.domain.ports import CONTEXT_TURNS, Question
from xundan.errors import Rejected
from xundan.understand.labelled import Row, context_of, labels_of, question_of

MAX_NAME = 256
UNKNOWN = "import"
"""Who labelled, where a row does not say."""


Proposals = Literal["none", "beside", "labels"]


class Entry(NamedTuple):
    """What an object says of one message; `id` is "" where it has none, for the message has to be protected first."""

    id: str
    question: Question
    group: str
    labels: tuple[Label, ...]


def entries_of(row: Row, *, by: str, at: int, place: str = "") -> Iterator[Entry]:
    """The messages of an object: itself, or the customer's turns of a dialogue. Raises `Rejected`.

    Args:
        by: who labelled, where the object does not say. `at`: when, UTC ms, likewise.
        place: names a dialogue's group where it has no scene.
    """
    if "turns" not in row:
        yield Entry(_name(row, "id"), question_of(row), _group(row), tuple(_labels(row, by, at)))
        return
    turns = context_of(row, "turns")
    group = _group(row) or place
    for index, (turn, said) in enumerate(zip(row["turns"], turns, strict=True)):
        if said.sender == "user" and said.text.strip():
            question = Question(said.text, turns[max(0, index - CONTEXT_TURNS) : index])
            yield Entry(_name(turn, "id"), question, group, tuple(_labels(turn, by, at)))


def _labels(row: Row, by: str, at: int) -> Iterator[Label]:
    """The label of an object that has one, and its proposal. Only `source` proposal makes the label itself one."""
    if row.get("intent") is not None or row.get("buy") is not None:
        yield label_of(row, "proposal" if row.get("source") == "proposal" else "human", by, at)
    proposal = row.get("proposal")
    if isinstance(proposal, dict):
        yield label_of(proposal, "proposal", by, at)


def label_of(row: Row, source: LabelSource, by: str, at: int) -> Label:
    """A label from `intent`, `buy`, `by` and `at` (UTC ms or ISO 8601). Raises `Rejected`."""
    intent, buy = labels_of(row)
    return Label(intent, buy, source, _name(row, "by") or by or UNKNOWN, instant(row.get("at"), at))


def _group(row: Row) -> str:
    return _name(row, "scene") or _name(row, "session")


def _name(row: Row, field: str) -> str:
    value = row.get(field)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or len(value) > MAX_NAME or re.search("[\0\ud800-\udfff]", value):
        raise Rejected(f"{field} must be a text of at most {MAX_NAME} characters", field=field)
    return value


def instant(value: object, otherwise: int) -> int:
    """UTC ms of a number or an ISO 8601 text; `otherwise` for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        return otherwise
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def sample_id(question: Question) -> str:
    """An id for a protected message that has none: equal messages with equal context are one sample."""
    said = json.dumps(question, ensure_ascii=False).encode()
    return hashlib.blake2b(said, digest_size=13).hexdigest()


def to_row(marked: Marked, proposals: Proposals = "none") -> dict[str, Any]:
    """A sample as an object, with the label of a person where there is one.

    Args:
        proposals: `labels` lets a proposal stand where no person has labelled; `beside` puts it under `proposal`.
    """
    sample, proposal = marked.sample, marked.proposal if proposals != "none" else None
    label = marked.human or (proposal if proposals == "labels" else None)
    row: dict[str, Any] = {"id": sample.id, "text": sample.question.text, "context": turns(sample.question)}
    if label:
        row |= _told(label) | {"source": label.source}
    if proposal and proposal is not label:
        row["proposal"] = _told(proposal)
    return row | ({"scene": sample.group} if sample.group else {})


def _told(label: Label) -> dict[str, Any]:
    return {"intent": label.intent, "buy": int(label.buy), "by": label.by, "at": label.at}


def turns(question: Question) -> list[dict[str, str]]:
    """The turns before a message as objects, oldest first."""
    return [{"from": turn.sender, "text": turn.text} for turn in question.context]
