"""A simulated shop's rows on their way in, over several connections, as callers send them whose server may die."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from evidence import figures, report
from real_server import Server

from cli_process import wait_until
from xundan.client import Client
from xundan.domain.records import Identity
from xundan.errors import Retryable
from xundan.simulate import SimConfig, Simulation, simulate

JSON, FORM, LINES = "application/json", "application/x-www-form-urlencoded", "application/jsonl"
IDS = {"message": ("user_id", "message_id"), "order": ("user_id", "event_id"), "link": ("alias", "link_id")}
Row = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """One request: where to, what, and the identities of the facts in it. `key` is its idempotency key, if any.

    With `again` it is sent until it is acknowledged, without it once.
    """

    path: str
    kind: str
    body: bytes
    facts: tuple[Identity, ...]
    key: str = ""
    again: bool = True

    @property
    def address(self) -> str:
        return self.path + (f"?idempotency_key={self.key}" if self.key else "")


def identity(kind: str, row: Row) -> Identity:
    owner, name = IDS[kind]
    return (kind, str(row.get(owner, "")), str(row[name]))


def single(row: Row, chance: random.Random, *, again: bool = True) -> Piece:
    """A message by itself: as JSON or as a form, now and then under an idempotency key."""
    key = f"key-{row['message_id']}" if chance.random() < 0.2 else ""
    facts = (identity("message", row),)
    if chance.random() < 0.2:
        return Piece("/coze", FORM, urlencode(row).encode(), facts, key, again)
    return Piece("/coze", JSON, json.dumps(row, ensure_ascii=False).encode(), facts, key, again)


def batch(kind: str, rows: Sequence[Row], *, source: str = "") -> Piece:
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return Piece(f"/v1/{kind}s{source}", LINES, body, tuple(identity(kind, row) for row in rows))


def pieces(simulation: Simulation, chance: random.Random, *, singles: float = 0.6, most: int = 25) -> Iterator[Piece]:
    """All rows of a shop in order of arrival: messages by themselves or, as orders and links are, in batches."""
    run: list[Row] = []
    running = ""
    for _, kind, row in simulation.timeline:
        if run and (kind != running or len(run) >= chance.randint(1, most)):
            yield batch(running, run)
            run = []
        if kind == "message" and chance.random() < singles:
            yield single(row, chance)
        else:
            run.append(row)
            running = kind
    if run:
        yield batch(running, run)


class Senders:
    """Sends what is waiting, over `connections` at once, and keeps what became of it.

    `acknowledged` are the facts that the server said it has, `accepted` how often it called one new, `faults` answers
    that nobody should get.
    """

    def __init__(self, connect: Callable[[], Client], connections: int = 6) -> None:
        self.waiting: deque[Piece] = deque()
        self.done: list[Piece] = []
        self.acknowledged: set[Identity] = set()
        self.sent: set[Identity] = set()
        self.accepted: Counter[Identity] = Counter()
        self.faults: list[str] = []
        self.broken = 0
        self._unsure: set[Piece] = set()
        self._connect = connect
        self._connections = connections
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def start(self) -> None:
        self._stop.clear()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(self._connections)]
        for thread in self._threads:
            thread.start()

    def join(self, timeout: float = 120) -> None:
        """Wait until the senders have ended: nothing waits any more, or their server has gone."""
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), "a request is never answered"

    def stop(self) -> None:
        """End after the requests under way."""
        self._stop.set()
        self.join()

    def _send_all(self) -> None:
        with self._connect() as caller:
            while not self._stop.is_set():
                try:
                    piece = self.waiting.popleft()
                except IndexError:
                    return
                if not self._send(caller, piece):
                    return

    def _send(self, caller: Client, piece: Piece) -> bool:
        """False when the server has gone."""
        with self._lock:
            self.sent.update(piece.facts)
        # A workflow that got no answer repeats its call under the same key, but without the body.
        emptied = bool(piece.key) and piece in self._unsure
        try:
            answer = caller.request("POST", piece.address, b"" if emptied else piece.body, piece.kind)
        except Retryable:
            self._later(piece, unsure=True)
            return False
        if answer.status == 503:
            self._later(piece, unsure=False)
            time.sleep(0.02)
        elif emptied and answer.status == 422 and answer.json()["code"] == "unknown_key":
            self._later(piece, unsure=False)
        elif answer.status != 200:
            self.faults.append(f"{piece.address}: {answer.status} {answer.body.decode()[:300]}")
        else:
            self._note(piece, answer.json())
        return True

    def _later(self, piece: Piece, *, unsure: bool) -> None:
        with self._lock:
            self.broken += unsure
            (self._unsure.add if unsure else self._unsure.discard)(piece)
            if piece.again:
                self.waiting.appendleft(piece)

    def _note(self, piece: Piece, answer: Any) -> None:
        states = statuses(answer)
        with self._lock:
            if "rejected" in states:
                self.faults.append(f"{piece.path}: {answer}")
            if len(states) != len(piece.facts):
                self.faults.append(f"{piece.path}: {len(states)} answers for {len(piece.facts)} rows")
            self.acknowledged.update(piece.facts)
            self.accepted.update(fact for fact, state in zip(piece.facts, states, strict=False) if state == "accepted")
            self.done.append(piece)


def statuses(answer: Any) -> list[str]:
    """accepted or duplicate for each row of a request, from its answer."""
    if "lines" in answer:
        return [line["status"] for line in answer["lines"]]
    return ["duplicate" if answer["duplicate"] else "accepted"]


class Traffic:
    """A small shop's rows on their way over several connections, in thirds, each row sent until it is acknowledged."""

    def __init__(self, server: Server) -> None:
        simulation = simulate(SimConfig(seed=5, end=time.time_ns() // 1_000_000, days=3, customers_per_day=20))
        self.truth = simulation.truth
        self.senders = Senders(lambda: server.client("intake"), connections=4)
        self._server = server
        self._pieces = list(pieces(simulation, random.Random(3)))
        self._share = len(self._pieces) // 3

    def some_more(self) -> None:
        """Begin to send another third; some of it has arrived when this returns."""
        self.senders.join()
        before = len(self.senders.done)
        self._send(self._share)
        wait_until(lambda: len(self.senders.done) > before + 20)

    def arrives(self) -> None:
        """Send the rest; the report contains it all."""
        self.senders.join()
        self._send(len(self._pieces))
        self.senders.join()
        assert self.senders.faults == []
        self._server.carried()
        found = report(self._server, self.truth["first_day"], self.truth["last_day"])
        assert figures(found) == self.truth["days"]

    def _send(self, count: int) -> None:
        self.senders.waiting.extend(self._pieces[:count])
        del self._pieces[:count]
        self.senders.start()
