"""Proposals for a shop's open samples, asked of an endpoint a batch at a time; each batch is kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

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
    why: str = field(default="")


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
    with ThreadPoolExecutor(workers) as pool:
        for asked, answered in _in_turn(pool, batches, lambda one: _ask(endpoint, model, one), workers):
            try:
                found = answered.result()
            except Retryable as busy:
                result.unanswered, result.why, failed = result.unanswered + len(asked), str(busy), failed + 1
                if failed >= FAILED_IN_A_ROW:
                    raise
                continue
            failed = 0
            at = clock()
            said = [(one.id, label) for one, label in zip(asked, found, strict=True) if label is not None]
            labels.put(shop, [(id, Label(intent, buy, "proposal", model, at)) for id, (intent, buy) in said])
            result.proposed += len(said)
            result.invalid += len(asked) - len(said)
            progress(len(asked))
    return result


def _ask(endpoint: Endpoint, model: str, samples: Sequence[Sample]) -> list[tuple[str, bool] | None]:
    completion = endpoint.complete(request(model, [sample.question for sample in samples]))
    return labels_in(completion, len(samples))


_Answer = Future[list[tuple[str, bool] | None]]


def _in_turn(
    pool: ThreadPoolExecutor,
    batches: Sequence[Sequence[Sample]],
    ask: Callable[[Sequence[Sample]], list[tuple[str, bool] | None]],
    at_once: int,
) -> Iterator[tuple[Sequence[Sample], _Answer]]:
    """Batches with their answers as they come, `at_once` under way; what was not begun is not asked after an error."""
    rest = iter(batches)
    under_way: dict[_Answer, Sequence[Sample]] = {}
    try:
        while True:
            for batch in islice(rest, at_once - len(under_way)):
                under_way[pool.submit(ask, batch)] = batch
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for answer in done:
                yield under_way.pop(answer), answer
    finally:
        for answer in under_way:
            answer.cancel()
