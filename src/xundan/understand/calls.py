"""Who waits for scores: a caller on an event loop, and its questions in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from xundan.domain.ports import Missed, Scored
from xundan.understand.prepared import Model, Prepared

Answer = Scored | Missed


class Call:
    """One caller's questions. Answers are filled in under the scorer's lock; `finished` lives on the caller's loop.

    `open` counts the questions without an answer, and one more while the caller still asks; `queued` sums the tokens
    that wait for it.
    """

    def __init__(self, count: int) -> None:
        self.answers: list[Answer | None] = [None] * count
        self.open = 1
        self.queued = 0
        self.given_up = False
        self.loop = asyncio.get_running_loop()
        self.finished: asyncio.Future[None] = self.loop.create_future()

    def wake(self) -> None:
        """Let the caller go on, on its loop."""
        if not self.finished.done():
            self.finished.set_result(None)


class Item(NamedTuple):
    """A question that waits: for whom, where its answer goes, and how the model that was current then read it."""

    call: Call
    slot: int
    model: Model
    prepared: Prepared


def wake_from_afar(calls: Iterable[Call]) -> None:
    """Wake callers from another thread; those of a loop together, for each waking interrupts it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in calls:
        by_loop.setdefault(call.loop, []).append(call)
    for loop, those in by_loop.items():
        with suppress(RuntimeError):  # a loop that is closed: nobody waits any more
            loop.call_soon_threadsafe(_wake, those)


def _wake(calls: Sequence[Call]) -> None:
    for call in calls:
        call.wake()
