"""Group commit: calls from many tasks and threads are written together, by one thread, in one transaction.

A commit costs an fsync whatever is in it. So the writer waits a few milliseconds for company, never for an empty room:
a lone caller is served at once; after a batch of several calls, as many are given a moment to come again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future as ThreadFuture
from typing import Generic, TypeVar

from xundan.errors import Overloaded, Retryable, XundanError

COMPANY_S = 0.002
"""How long the writer waits for as many calls as the last batch had, in seconds."""
MEMORY_S = 0.01
"""How long after a batch its callers are expected to come again, in seconds."""
MAX_BATCH = 4096
"""Items from which a transaction takes no further call."""

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Call(Generic[Item, Answer]):
    """One caller's items and where the answers go."""

    __slots__ = ("future", "items", "loop")

    def __init__(self, items: list[Item], loop: asyncio.AbstractEventLoop | None) -> None:
        self.items = items
        self.loop = loop
        self.future: asyncio.Future[list[Answer]] | ThreadFuture[list[Answer]]
        self.future = ThreadFuture() if loop is None else loop.create_future()

    def settle(self, outcome: list[Answer] | XundanError) -> None:
        if self.future.done():
            return
        if isinstance(outcome, XundanError):
            self.future.set_exception(outcome)
            self.future.exception()  # a caller that was cancelled meanwhile never asks, and asyncio would complain
        else:
            self.future.set_result(outcome)


_Settled = list[tuple[_Call[Item, Answer], list[Answer] | XundanError]]


class GroupCommitter(Generic[Item, Answer]):
    """Runs `write` on its own thread, for the items of many calls at once.

    Args:
        write: takes the items of each call, makes all of them durable, and returns the answers of each call. What it
            raises fails every call of the batch: a `Retryable` as it is, anything else as a `Retryable` too.
        max_waiting: items that may wait; a call beyond raises `Overloaded` (a lone call may be larger).
        name: the thread's.
    """

    def __init__(
        self, write: Callable[[Sequence[Sequence[Item]]], list[list[Answer]]], *, max_waiting: int, name: str
    ) -> None:
        self._write = write
        self._max_waiting = max_waiting
        self._changed = threading.Condition()
        self._queue: deque[_Call[Item, Answer]] = deque()
        self._waiting = 0
        self._wanted = 1
        self._company = (1, 0.0)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def submit(self, items: list[Item]) -> list[Answer]:
        """The answers once all items are durable. Raises `Retryable`, `Overloaded`."""
        call: _Call[Item, Answer] = _Call(items, asyncio.get_running_loop())
        self._enqueue(call)
        assert isinstance(call.future, asyncio.Future)
        return await call.future

    def submit_now(self, items: list[Item]) -> list[Answer]:
        """`submit` for a thread without an event loop."""
        call: _Call[Item, Answer] = _Call(items, None)
        self._enqueue(call)
        assert isinstance(call.future, ThreadFuture)
        return call.future.result()

    def close(self) -> None:
        """Write what waits, then end the thread. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _enqueue(self, call: _Call[Item, Answer]) -> None:
        with self._changed:
            if self._closed:
                raise Retryable("Xundan is shutting down")
            if self._queue and self._waiting + len(call.items) > self._max_waiting:
                raise Overloaded("too much is waiting to be written; slow down")
            self._queue.append(call)
            self._waiting += len(call.items)
            if len(self._queue) >= self._wanted:
                self._changed.notify()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._serve(batch)

    def _serve(self, batch: list[_Call[Item, Answer]]) -> None:
        outcomes: Sequence[list[Answer] | XundanError]
        try:
            outcomes = self._write([call.items for call in batch])
        except Exception as error:
            if not isinstance(error, Retryable):
                log.exception("action=group_commit_failed calls=%d", len(batch))
            why = str(error) if isinstance(error, Retryable) else "nothing was written; the server's log says why"
            outcomes = [Retryable(why) for _ in batch]
        self._company = (len(batch), time.monotonic())
        self._settle(list(zip(batch, outcomes, strict=True)))

    def _settle(self, settled: _Settled[Item, Answer]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, _Settled[Item, Answer]] = {}
        for call, outcome in settled:
            if call.loop is None:
                call.settle(outcome)
            else:
                by_loop.setdefault(call.loop, []).append((call, outcome))
        for loop, calls in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle_all, calls)
            except RuntimeError:
                log.warning("action=answer_lost calls=%d reason=loop_closed", len(calls))

    def _next_batch(self) -> list[_Call[Item, Answer]]:
        with self._changed:
            self._wait_for(1, None)
            callers, at = self._company
            if callers > 1 and time.monotonic() - at < MEMORY_S:
                self._wait_for(callers, COMPANY_S)
            return self._take()

    def _wait_for(self, calls: int, seconds: float | None) -> None:
        self._wanted = calls
        self._changed.wait_for(
            lambda: len(self._queue) >= calls or self._closed or self._waiting >= MAX_BATCH, timeout=seconds
        )
        self._wanted = 1

    def _take(self) -> list[_Call[Item, Answer]]:
        batch: list[_Call[Item, Answer]] = []
        size = 0
        while self._queue and (not batch or size + len(self._queue[0].items) <= MAX_BATCH):
            batch.append(self._queue.popleft())
            size += len(batch[-1].items)
        self._waiting -= size
        return batch


def _settle_all(settled: _Settled[Item, Answer]) -> None:
    for call, outcome in settled:
        call.settle(outcome)
