"""Labelled messages of a shop: what people said a message means, and what models proposed; the port that keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from xundan.domain.ports import Question

LabelSource = Literal["human", "proposal"]
Which = Literal["all", "human", "proposed", "open"]
"""Samples: all of them, those a person has labelled, those with a proposal, those no person has labelled."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one person, or one model, says. `at` is when, UTC ms; `by` who, a name or a model's."""

    intent: str
    buy: bool
    source: LabelSource
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A customer message to be labelled; all its texts are protected.

    `id` is unique in its shop. `owner` and `message` name the message in the log, "" where it came from elsewhere.
    `group` names what it was written in (a conversation, a scene), "" where that is not known.
    """

    id: str
    question: Question
    group: str = ""
    owner: str = ""
    message: str = ""


class Marked(NamedTuple):
    """A sample with the newest label of a person and the newest proposal."""

    sample: Sample
    human: Label | None
    proposal: Label | None


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How many samples there are, and with what."""

    samples: int = 0
    human: int = 0
    proposed: int = 0
    open: int = 0


@dataclass
class Added:
    """What became of samples that were offered. `other` are the ids that stand for another text already."""

    new: int = 0
    known: int = 0
    other: list[str] = field(default_factory=list)


class Labels(Protocol):
    """Keeps samples and their labels. Every call names the shop and never touches another's. Writing is durable.

    - A person's label and a proposal stand beside each other; neither ever replaces the other.
    - A second label by the same name replaces that name's first, unless it is older.
    - Works beside a running server and from any thread. Raises `Retryable` when the disk fails.
    """

    def add(self, shop: str, samples: Sequence[Sample]) -> Added:
        """Keep samples. One whose id, or whose message of the log, is there already stays as it is."""
        ...

    def put(self, shop: str, labels: Sequence[tuple[str, Label]]) -> int:
        """Keep labels of samples by id; how many were new or newer. A label for an unknown id is left out."""
        ...

    def read(self, shop: str, which: Which = "all") -> Iterator[Marked]:
        """Samples in the order in which they were added."""
        ...

    def known(self, shop: str) -> Collection[tuple[str, str]]:
        """(owner, message) of the samples that come from the log."""
        ...

    def counts(self, shop: str) -> LabelCounts: ...

    def close(self) -> None:
        """Release the files. Idempotent."""
        ...
