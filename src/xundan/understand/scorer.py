"""Micro-batching: many callers, one model pass. What cannot be scored in time is answered with the reason, no error."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Condition, Thread

from xundan.domain.ports import Missed, Question
from xundan.understand.cache import ScoreCache
from xundan.understand.calls import Answer, Call, Item, wake_from_afar
from xundan.understand.cpus import give_way
from xundan.understand.pace import Pace
from xundan.understand.prepared import TOKENS, Model, Prepared, around, cut

log = logging.getLogger(__name__)

WINDOW = 256
"""Of those that wait, so many are looked at for a batch: the oldest, so that nobody is passed over for long."""

CHUNK = 256
"""A caller's questions are read and queued so many at a time, the next while these are computed."""

INLINE = 8
"""So many questions are read on the event loop: a thread's start costs more."""

SAFE = 0.8
"""A question is queued only if this part of its budget seems to suffice."""

KNOWN = 3
"""After so many batches it is known how long they take."""

PATIENCE_S = 0.2
"""How long `score_now` lets live questions go before it."""

LIVE_S = 1.0
"""After a live question `score_now` computes in small batches for so long."""


class Scorer:
    """Scores questions in batches on a thread of its own.

    When the thread is free it takes the question that has waited longest and those that fit it best by length, as many
    as it expects to compute within `batch_ms`: a lone question waits for nobody, and nobody waits behind a long pass.
    A question that will be late, or for which there is no room, is answered `OVERLOADED` at once; when a pass fails,
    those in it are answered `FAILED` at once.

    Args:
        model: used by this thread and by callers of `score_now`, one pass at a time.
        max_waiting: questions that may wait.
        cache: scores remembered; see `ScoreCache`.
        batch_ms: milliseconds that a batch should take at most.
    """

    def __init__(
        self, model: Model, *, max_waiting: int = 2048, cache: ScoreCache | None = None, batch_ms: float = 16
    ) -> None:
        self.scored = self.late = self.overloaded = self.failed = self.batches = 0
        self.cache = ScoreCache(20_000) if cache is None else cache
        self._model = model
        self._max_waiting = max_waiting
        self._batch_s = batch_ms / 1000
        self._pace = Pace()
        self._queue: deque[Item] = deque()
        self._tokens = 0  # that wait, without those of callers that have gone
        self._busy = False
        self._ends = 0.0  # when the batch under way should be computed
        self._guests = 0
        self._live_until = 0.0
        self._changed = Condition()
        self._closed = False
        self._worker = Thread(target=self._work, name="xundan-scorer", daemon=True)
        self._worker.start()

    @property
    def version(self) -> str:
        """The version of the model that scores."""
        return self._model.version

    def status(self) -> dict[str, int]:
        """Counters of questions (`scored` by the model, `late`, `overloaded`, `failed`, `hits` and `misses` of the
        cache) and of passes (`batches`), and how many questions are `waiting` now.
        """
        names = ("scored", "late", "overloaded", "failed", "batches")
        cache = {"hits": self.cache.hits, "misses": self.cache.misses}
        return {name: getattr(self, name) for name in names} | cache | {"waiting": len(self._queue)}

    def use(self, model: Model) -> None:
        """Switch to another model between two passes. What waits is still scored by the one that read it."""
        with self._changed:
            self._model = model

    async def score(self, questions: Sequence[Question], budget_ms: float) -> list[Answer]:
        """Score within a budget; never raises for a fault of the model.

        Args:
            budget_ms: milliseconds from now; answers that are ready by then are given even if others are not.
        """
        call = Call(len(questions))
        ends = call.loop.time() + budget_ms / 1000
        deadline = call.loop.call_at(ends, call.wake)
        try:
            for start in range(0, len(questions), CHUNK):
                await self._ask(call, start, questions[start : start + CHUNK], ends)
            if not self._asked(call):
                await call.finished
        finally:
            deadline.cancel()
            self._leave(call)
        return [Missed.LATE if answer is None else answer for answer in call.answers]

    def score_now(self, questions: Sequence[Question]) -> list[Answer]:
        """Score on the calling thread, without budget: for imports and for what was logged unscored.

        Live questions go first, for `PATIENCE_S` before each pass.
        """
        model = self._model
        try:
            prepared = model.prepare(questions)
        except Exception as error:
            return [self._fault(error, len(questions))] * len(questions)
        answers: list[Answer | None] = [self.cache.get(model.version, one.key) for one in prepared]
        missing = [slot for slot, answer in enumerate(answers) if answer is None]
        small = time.monotonic() < self._live_until
        tokens = self._pace.tokens(self._batch_s) if small else TOKENS
        for places in cut([prepared[slot].length for slot in missing], tokens):
            slots = [missing[place] for place in places]
            with self._behind_the_live():
                found = self._pass(model, [prepared[slot] for slot in slots])
            for slot, answer in zip(slots, found, strict=True):
                answers[slot] = answer
        return [answer for answer in answers if answer is not None]

    def close(self) -> None:
        """End the thread; whoever still waits is answered `OVERLOADED`. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.join()

    # the caller's side

    async def _ask(self, call: Call, start: int, questions: Sequence[Question], ends: float) -> None:
        """Answer from memory or queue; nothing once the time is over."""
        if call.finished.done():
            return
        model = self._model
        try:
            if len(questions) <= INLINE:
                prepared = model.prepare(questions)
            else:
                prepared = await asyncio.to_thread(model.prepare, questions)
        except Exception as error:
            call.answers[start : start + len(questions)] = [self._fault(error, len(questions))] * len(questions)
            return
        items = []
        for slot, one in enumerate(prepared, start):
            call.answers[slot] = scored = self.cache.get(model.version, one.key)
            if scored is None:
                items.append(Item(call, slot, model, one))
        if items:
            self._enqueue(items, SAFE * (ends - call.loop.time()))

    def _enqueue(self, items: list[Item], seconds: float) -> None:
        """Queue what will be computed in so many seconds, and at least the first where nobody waits."""
        self._live_until = time.monotonic() + LIVE_S
        with self._changed:
            for item in items:
                length = item.prepared.length
                late = self._queue and self._wait(length) > seconds
                if late or self._closed or len(self._queue) >= self._max_waiting:
                    item.call.answers[item.slot] = Missed.OVERLOADED
                    self.overloaded += 1
                    continue
                self._queue.append(item)
                item.call.open += 1
                item.call.queued += length
                self._tokens += length
            self._changed.notify_all()

    def _wait(self, more: int) -> float:
        """Seconds until so many tokens more are computed, behind what waits and what is under way; 0 until known."""
        if self.batches < KNOWN:
            return 0.0
        tokens = self._tokens + more
        passes = 1 + tokens // self._pace.tokens(self._batch_s)
        return self._pace.seconds(tokens, passes) + max(0.0, self._ends - time.monotonic())

    def _asked(self, call: Call) -> bool:
        """The caller has asked everything; whether it has all answers already."""
        with self._changed:
            call.open -= 1
            return not call.open

    def _leave(self, call: Call) -> None:
        with self._changed:
            call.given_up = True
            self.late += call.answers.count(None)
            self._tokens -= call.queued

    # the thread's side

    def _work(self) -> None:
        give_way()
        while batch := self._take():
            found = self._pass(batch[0].model, [item.prepared for item in batch])
            with self._changed:
                self.batches += 1
                self._busy = False
                self._changed.notify_all()
                self._deliver(batch, found)
        with self._changed:
            left = [item for item in self._queue if not item.call.given_up]
            self.overloaded += len(left)
            self._deliver(left, [Missed.OVERLOADED] * len(left))
            self._queue.clear()

    def _take(self) -> list[Item]:
        """The next batch, once the computer is free; empty when the scorer is closed."""
        with self._changed:
            while not self._closed:
                if self._queue and not self._busy and not self._guests and (batch := self._choose()):
                    self._busy = True
                    return batch
                self._changed.wait()
        return []

    def _choose(self) -> list[Item]:
        """The oldest and those that fit it best; leaves out who has gone."""
        waiting = [item for item in self._queue if not item.call.given_up]
        first = list(islice((item for item in waiting if item.model is waiting[0].model), WINDOW))
        places = around([item.prepared.length for item in first], self._pace.tokens(self._batch_s)) if first else []
        batch = [first[place] for place in places]
        tokens = sum(item.prepared.length for item in batch)
        self._ends = time.monotonic() + self._pace.seconds(tokens)
        self._tokens -= tokens
        taken = set(map(id, batch))
        self._queue = deque(item for item in waiting if id(item) not in taken)
        for item in batch:
            item.call.queued -= item.prepared.length
        return batch

    def _deliver(self, batch: Sequence[Item], found: Sequence[Answer]) -> None:
        complete = []
        for (call, slot, _, _), answer in zip(batch, found, strict=True):
            if not call.given_up:
                call.answers[slot] = answer
                call.open -= 1
                if not call.open:
                    complete.append(call)
        wake_from_afar(complete)

    # computing

    @contextmanager
    def _behind_the_live(self) -> Iterator[None]:
        """The computer for one pass: when no live question waits, or after `PATIENCE_S` all the same."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not (self._busy or self._queue), PATIENCE_S)
            self._guests += 1
            self._changed.wait_for(lambda: not self._busy)
            self._guests -= 1
            self._busy = True
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _pass(self, model: Model, prepared: Sequence[Prepared]) -> list[Answer]:
        """One pass; all `FAILED` when it fails. Equal questions are computed once."""
        each = list({one.key: one for one in prepared}.values())
        begin = time.perf_counter()
        try:
            found = dict(zip((one.key for one in each), model.compute(each), strict=True))
        except Exception as error:  # whatever a model does, no message is lost for it
            return [self._fault(error, len(prepared))] * len(prepared)
        self._pace.learn(len(each) * max(one.length for one in each), time.perf_counter() - begin)
        for key, scored in found.items():
            self.cache.put(model.version, key, scored)
        with self._changed:
            self.scored += len(prepared)
        return [found[one.key] for one in prepared]

    def _fault(self, error: Exception, count: int) -> Missed:
        log.warning("scoring failed", extra={"action": "score", "error": type(error).__name__})
        with self._changed:
            self.failed += count
        return Missed.FAILED
