"""A load client that does not wait: requests come by chance at a rate, whether or not the server keeps up."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 64
PATIENCE_S = 10.0
"""How long after the last request its answer is waited for."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """`took_s` counts from the moment the request was due, so that what had to wait for a connection is not hidden."""

    place: int
    took_s: float
    status: int
    body: bytes


@dataclass
class Offered:
    """What became of the requests; those without an answer were given up.

    `late_s` is how much later than due the client came to each: its own fault.
    """

    requests: int
    answers: list[Answer] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0
    client_cpu_s: float = 0.0


async def offer(url: str, requests: Sequence[bytes], *, rate: float, seed: int = 1) -> Offered:
    """Send every request once, `rate` a second in a Poisson process, over up to `CONNECTIONS` connections."""
    load = _Load(url, requests, rate, seed)
    began, cpu = time.perf_counter(), time.process_time()
    await load.run()
    load.offered.elapsed_s = time.perf_counter() - began
    load.offered.client_cpu_s = time.process_time() - cpu
    return load.offered


class _Load:
    """All connections and what waits for one."""

    def __init__(self, url: str, requests: Sequence[bytes], rate: float, seed: int) -> None:
        where = urlsplit(url)
        self.address = where.hostname or "", where.port or 80
        self.loop = asyncio.get_running_loop()
        self.offered = Offered(len(requests))
        self.requests = requests
        self._rate, self._chance = rate, Random(seed)
        self._waiting: deque[tuple[int, float]] = deque()
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._making: set[asyncio.Task[None]] = set()
        self._left = len(requests)
        self._over = False
        self._done: asyncio.Future[None] = self.loop.create_future()

    async def run(self) -> None:
        due = time.perf_counter()
        for place in range(len(self.requests)):
            due += self._chance.expovariate(self._rate)
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._send(place, due)
        await asyncio.wait([self._done], timeout=PATIENCE_S)
        self._over = True
        await asyncio.gather(*self._making)
        for connection in list(self._open):
            connection.transport.close()
            await connection.closed

    def _send(self, place: int, due: float) -> None:
        self.offered.late_s.append(time.perf_counter() - due)
        if self._idle:
            self._idle.pop().send(place, due)
            return
        self._waiting.append((place, due))
        self._open_another()

    def _open_another(self) -> None:
        if len(self._open) + len(self._making) < CONNECTIONS:
            making = self.loop.create_task(self._connect())
            self._making.add(making)
            making.add_done_callback(self._making.discard)

    async def _connect(self) -> None:
        with suppress(OSError):  # what waits for it is given up in the end, unless another is free before
            await self.loop.create_connection(lambda: _Connection(self), *self.address)

    def opened(self, connection: _Connection) -> None:
        self._open.add(connection)
        self.free(connection)

    def free(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def answered(self, answer: Answer) -> None:
        self.offered.answers.append(answer)
        self.finished_one()

    def finished_one(self) -> None:
        self._left -= 1
        if not self._left and not self._done.done():
            self._done.set_result(None)

    def closed(self, connection: _Connection) -> None:
        """Open another where something waits: a server may close after every answer."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting and not self._over:
            self._open_another()


class _Connection(asyncio.Protocol):
    """One connection with one request under way at most."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._received = b""
        self._under_way: tuple[int, float] | None = None

        self.closed: asyncio.Future[None] = load.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._load.opened(self)

    def send(self, place: int, due: float) -> None:
        self._under_way = place, due
        self.transport.write(self._load.requests[place])

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]) or self._under_way is None:
            return
        place, due = self._under_way
        self._under_way, self._received = None, b""
        self._load.answered(Answer(place, time.perf_counter() - due, int(head.split(b" ", 2)[1]), body))
        if _CLOSE.search(head):
            self.transport.close()
        else:
            self._load.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._under_way is not None:
            self._load.finished_one()
            self._under_way = None
        self.closed.set_result(None)
        self._load.closed(self)
