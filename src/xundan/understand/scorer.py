"""Micro-batching: many callers, one model pass. What cannot be scored in time is answered None, never an error."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from threading import Condition, Thread

from xundan.domain.ports import Classifier, Question, Scored
from xundan.understand.cache import ScoreCache

log = logging.getLogger(__name__)

MAX_BATCH = 64


class _Call:
    """One caller's questions: slots are filled by the worker, `finished` is set on the caller's loop."""

    def __init__(self, answers: list[Scored | None], open_slots: int) -> None:
        self.answers = answers
        self.open_slots = open_slots
        self.loop = asyncio.get_running_loop()
        self.finished: asyncio.Future[None] = self.loop.create_future()
        self.given_up = False

    def finish(self) -> None:
        with suppress(RuntimeError):  # a loop that is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)


_Item = tuple[_Call, int, Question]


class Scorer:
    """Scores questions in batches on a thread of its own.

    A batch is whatever waits when the worker is free, up to 64: a lone message waits for nobody. When more than
    `max_waiting` would wait, the newcomers are answered None at once; a batch that fails is answered None at once.

    Args:
        classifier: used by this worker and by callers of `score_now`, so it must be thread-safe, as its port says.
        max_waiting: questions that may wait for the worker.
        cache_items: scores remembered (see `ScoreCache`), 0 for none.

    Counters, for metrics: `scored` (by the model), `cached` (from memory), `late`, `overloaded`, `failed` (questions),
    `batches` (passes of the worker).
    """

    def __init__(self, classifier: Classifier, *, max_waiting: int = 2048, cache_items: int = 20_000) -> None:
        self.scored = self.cached = self.late = self.overloaded = self.failed = self.batches = 0
        self.version = classifier.version
        self._classifier = classifier
        self._cache = ScoreCache(classifier.version, cache_items)
        self._max_waiting = max_waiting
        self._queue: deque[_Item] = deque()
        self._changed = Condition()
        self._closed = False
        self._worker = Thread(target=self._work, name="xundan-scorer", daemon=True)
        self._worker.start()

    @property
    def waiting(self) -> int:
        """Questions that wait for the worker now."""
        return len(self._queue)

    async def score(self, questions: Sequence[Question], budget_ms: int) -> list[Scored | None]:
        """Score within a budget. None where the model is late, overloaded or failed; never raises for a model fault.

        Args:
            budget_ms: milliseconds from now; answers that are ready by then are given even if others are not.
        """
        answers, missing = self._remembered(questions)
        if not missing:
            return answers
        call = _Call(answers, len(missing))
        if self._enqueue([(call, slot, questions[slot]) for slot in missing]):
            try:
                await asyncio.wait_for(call.finished, budget_ms / 1000)
            except TimeoutError:
                self._give_up(call)
            except asyncio.CancelledError:
                call.given_up = True
                raise
        return list(answers)

    def score_now(self, questions: Sequence[Question]) -> list[Scored | None]:
        """Score on the calling thread, without budget or queue: for imports and for what was logged unscored."""
        answers, missing = self._remembered(questions)
        for start in range(0, len(missing), MAX_BATCH):
            slots = missing[start : start + MAX_BATCH]
            for slot, scored in zip(slots, self._classify([questions[slot] for slot in slots]), strict=True):
                answers[slot] = scored
        return answers

    def close(self) -> None:
        """End the worker; whoever still waits is answered None. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._worker.join()

    def _remembered(self, questions: Sequence[Question]) -> tuple[list[Scored | None], list[int]]:
        answers = [self._cache.get(question) for question in questions]
        missing = [slot for slot, answer in enumerate(answers) if answer is None]
        self._count("cached", len(answers) - len(missing))
        return answers, missing

    def _enqueue(self, items: list[_Item]) -> bool:
        with self._changed:
            if self._closed or len(self._queue) + len(items) > self._max_waiting:
                self.overloaded += len(items)
                return False
            self._queue.extend(items)
            self._changed.notify()
            return True

    def _give_up(self, call: _Call) -> None:
        with self._changed:
            call.given_up = True
            self.late += call.open_slots

    def _work(self) -> None:
        while batch := self._take():
            results = self._classify([question for _, _, question in batch])
            with self._changed:
                self.batches += 1
                for (call, slot, _), scored in zip(batch, results, strict=True):
                    self._deliver(call, slot, scored)
        with self._changed:
            for call, slot, _ in self._queue:
                self._deliver(call, slot, None)
            self._queue.clear()

    def _take(self) -> list[_Item]:
        """The next batch, leaving out who no longer waits; empty once the scorer is closed."""
        with self._changed:
            while True:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return []
                batch: list[_Item] = []
                while self._queue and len(batch) < MAX_BATCH:
                    item = self._queue.popleft()
                    if not item[0].given_up:
                        batch.append(item)
                if batch:
                    return batch

    def _deliver(self, call: _Call, slot: int, scored: Scored | None) -> None:
        if call.given_up:
            return
        call.answers[slot] = scored
        call.open_slots -= 1
        if not call.open_slots:
            call.finish()

    def _classify(self, questions: list[Question]) -> list[Scored] | list[None]:
        """One pass; all None when it fails."""
        try:
            results = self._classifier.classify(questions)
            if len(results) != len(questions):
                raise ValueError("fewer answers than questions")
        except Exception as error:  # whatever a model does, no message is lost for it
            log.warning("scoring failed", extra={"action": "score", "error": type(error).__name__})
            self._count("failed", len(questions))
            return [None] * len(questions)
        self._count("scored", len(questions))
        for question, scored in zip(questions, results, strict=True):
            self._cache.put(question, scored)
        return results

    def _count(self, name: str, by: int) -> None:
        with self._changed:
            setattr(self, name, getattr(self, name) + by)
