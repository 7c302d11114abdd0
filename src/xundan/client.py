"""A small HTTP client for a Xundan server: keep-alive, one connection an object, answers in problem+json understood.

Used by the commands that talk to a running server; the standard library is enough for it.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from xundan.errors import Retryable, XundanError

TRIES = 5


@dataclass(frozen=True)
class Answer:
    """What a server said. `seconds` is how long it took to say it."""

    status: int
    body: bytes
    retry_after: float
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The sentence of a problem+json answer, or its status where it has none."""
        try:
            said = json.loads(self.body)
            return str(said.get("detail") or said.get("title"))
        except (ValueError, AttributeError):
            return f"HTTP {self.status}"


class Client:
    """One keep-alive connection to `base` (http://host:port) with a bearer token. Not thread-safe: one a thread."""

    def __init__(self, base: str, token: str = "", timeout_s: float = 60) -> None:
        where = urlsplit(base)
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection = http.client.HTTPConnection(
            where.hostname or "127.0.0.1", where.port or 80, timeout=timeout_s
        )

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Answer:
        """One request, connected anew once if the server had closed the idle connection.

        Raises `Retryable` when the server cannot be reached.
        """
        headers: Mapping[str, str] = self._headers | ({"Content-Type": kind} if body is not None else {})
        for last in (False, True):
            try:
                started = time.perf_counter()
                self._connection.request(method, path, body, dict(headers))
                answer = self._connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if last:
                    raise Retryable(f"{self._base} cannot be reached: {error or type(error).__name__}") from None
            else:
                wait = answer.getheader("Retry-After") or "1"
                return Answer(
                    answer.status, content, float(wait) if wait.isdigit() else 1.0, time.perf_counter() - started
                )
        raise AssertionError("unreachable")

    def insist(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "application/json",
        allowed: Container[int] = (),
    ) -> Answer:
        """As `request`, but waits and tries again on 429 and 503.

        Raises `XundanError` on any other error answer whose status is not `allowed`.
        """
        for attempt in range(TRIES):
            answer = self.request(method, path, body, kind)
            if answer.status < 400 or answer.status in allowed:
                return answer
            if answer.status not in (429, 503) or attempt == TRIES - 1:
                break
            time.sleep(min(answer.retry_after, 10))
        raise XundanError(f"{self._base}{path.partition('?')[0]}: {answer.problem} (HTTP {answer.status})")

    def close(self) -> None:
        """Idempotent; the next request connects anew."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def json_lines(rows: Iterable[Mapping[str, object]], max_bytes: int, max_rows: int) -> Iterable[tuple[bytes, int]]:
    """Rows as JSON Lines bodies of at most `max_bytes` and `max_rows`, each with its number of rows."""
    lines: list[bytes] = []
    size = 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if lines and (size + len(line) > max_bytes or len(lines) == max_rows):
            yield b"".join(lines), len(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines), len(lines)
