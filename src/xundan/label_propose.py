"""Proposals for a shop's open samples, asked of an endpoint a batch at a time; each batch is kept as it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue

from xundan.chat_endpoint import Endpoint
from xundan.domain.labels import Label, Labels, Sample
from xundan.errors import Retryable
from xundan.understand.proposals import labels_in, request

FAILED_IN_A_ROW = 3
"""Batches without an answer after which the endpoint is taken to be down."""


@dataclass
class Proposed:
    """What came of it, in samples: with a proposal now, with an invalid answer, with no answer."""

    proposed: int = 0
    invalid: int = 0
    unanswered: int = 0
    why: str = ""


def wanted(labels: Labels, shop: str, model: str, limit: int) -> list[Sample]:
    """Samples that neither a person nor this model has labelled, the oldest first."""
    found = (
        marked.sample for marked in labels.read(shop, "open") if marked.proposal is None or marked.proposal.by != model
    )
    return list(islice(found, limit))


def propose(
    endpoint: Endpoint,
    labels: Labels,
    shop: str,
    model: str,
    samples: Sequence[Sample],
    *,
    batch: int,
    workers: int,
    clock: Callable[[], int],
    progress: Callable[[int], object] = lambda done: None,
) -> Proposed:
    """Ask for every sample and keep what is valid as proposals.

    Args:
        batch: samples a request. `workers`: requests at a time. `clock`: the time, UTC ms.
        progress: told how many samples were done.

    Raises:
        XundanError: the endpoint refuses. What came before is kept.
    """
    result = Proposed()
    batches = [samples[start : start + batch] for start in range(0, len(samples), batch)]
    failed = 0
    for asked, found in _in_turn(batches, lambda one: _ask(endpoint, model, one), workers):
        if isinstance(found, Retryable) and failed < FAILED_IN_A_ROW - 1:
            result.unanswered, result.why, failed = result.unanswered + len(asked), str(found), failed + 1
            continue
        if isinstance(found, Exception):
            raise found
        failed = 0
        at = clock()
        said = [(one.id, label) for one, label in zip(asked, found, strict=True) if label is not None]
        labels.put(shop, [(id, Label(intent, buy, "proposal", model, at)) for id, (intent, buy) in said])
        result.proposed += len(said)
        result.invalid += len(asked) - len(said)
        progress(len(asked))
    return result


_Batch = Sequence[Sample]
_Found = list[tuple[str, bool] | None]


def _ask(endpoint: Endpoint, model: str, samples: _Batch) -> _Found:
    completion = endpoint.complete(request(model, [sample.question for sample in samples]))
    return labels_in(completion, len(samples))


def _in_turn(
    batches: Sequence[_Batch], ask: Callable[[_Batch], _Found], at_once: int
) -> Iterator[tuple[_Batch, _Found | Exception]]:
    """Batches with their answers as they come, or what went wrong; `at_once` are under way.

    The threads end with the program: an endpoint that takes its time must not keep somebody waiting who has had enough.
    """
    waiting: SimpleQueue[_Batch] = SimpleQueue()
    answered: SimpleQueue[tuple[_Batch, _Found | Exception]] = SimpleQueue()
    over = threading.Event()
    for batch in batches:
        waiting.put(batch)

    def work() -> None:
        with suppress(Empty):
            while not over.is_set():
                batch = waiting.get_nowait()
                try:
                    answered.put((batch, ask(batch)))
                except Exception as error:
                    answered.put((batch, error))

    for _ in range(min(at_once, len(batches))):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in batches:
            yield answered.get()
    finally:
        over.set()
