"""A load client that costs little: keep-alive connections, each sending a prebuilt request when it has its answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass
class Answered:
    """What became of the requests: seconds each took, in the order of the answers, and the place of each request."""

    took_s: list[float] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    elapsed_s: float = 0.0


async def send(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> Answered:
    """Send requests for so many seconds, or until there are no more, and wait for the last answers.

    Raises `ConnectionError` on any answer but a 200.
    """
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    work = _Work(iter(enumerate(requests)), time.perf_counter() + seconds)
    started = time.perf_counter()
    makers = [
        loop.create_connection(lambda: _Connection(work, loop.create_future()), where.hostname or "", where.port or 80)
        for _ in range(connections)
    ]
    made = await asyncio.gather(*makers)
    await asyncio.gather(*(protocol.done for _, protocol in made))
    work.answered.elapsed_s = time.perf_counter() - started
    return work.answered


@dataclass
class _Work:
    """What all connections share."""

    requests: Iterator[tuple[int, bytes]]
    until: float
    answered: Answered = field(default_factory=Answered)


class _Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, work: _Work, done: asyncio.Future[None]) -> None:
        self.done = done
        self._work = work
        self._received = b""
        self._place = -1
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._end(ConnectionError(self._received.decode(errors="replace")))
            return
        now = time.perf_counter()
        self._work.answered.took_s.append(now - self._sent)
        self._work.answered.places.append(self._place)
        self._received = b""
        self._next(now)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(ConnectionError("the server closed the connection"))

    def _next(self, now: float | None = None) -> None:
        self._sent = now or time.perf_counter()
        self._place, request = next(self._work.requests, (-1, b"")) if self._sent < self._work.until else (-1, b"")
        if request:
            self._transport.write(request)
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        self._transport.close()
