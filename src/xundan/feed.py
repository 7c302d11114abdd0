"""A simulated shop's rows on their way to a server: the bulk in batches, the latest messages one by one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from xundan.client import Client, json_lines
from xundan.receive.tokens import mint
from xundan.settings import Settings
from xundan.simulate import Simulation

LIVE = 1500
"""So many of the latest messages go through POST /coze."""

CONNECTIONS = 8
BATCH_CONNECTIONS = 2
BATCH_ROWS = 500
BATCH_BYTES = 1_000_000

Row = dict[str, Any]
Sent = Callable[[str, int], None]
"""Told the kind of rows (links, orders, messages, live) and how many more have been sent."""


@dataclass
class Fed:
    """What was sent. `refused` are the reasons the server gave, none as a rule."""

    links: int = 0
    orders: int = 0
    messages: int = 0
    live: int = 0
    live_seconds: float = 0
    seconds: float = 0
    refused: list[str] = field(default_factory=list)


class Feed:
    """Sends to the server at `url`, each thread over a connection of its own that it keeps."""

    def __init__(self, url: str, settings: Settings, sent: Sent) -> None:
        self._url = url
        self._token = mint(settings, settings.shop_id, 1, ["intake"])
        self._sent = sent
        self._local = threading.local()
        self._clients: list[Client] = []
        self._fed = Fed()
        self._lock = threading.Lock()

    def run(self, simulation: Simulation) -> Fed:
        """Send everything. Raises `XundanError` when the server does not take it."""
        started = time.perf_counter()
        bulk, live = simulation.messages[:-LIVE], simulation.messages[-LIVE:]
        for kind, rows in (("links", simulation.links), ("orders", simulation.orders), ("messages", bulk)):
            self._in_batches(kind, rows)
        went = time.perf_counter()
        self._one_by_one(live)
        now = time.perf_counter()
        for client in self._clients:
            client.close()
        fed = self._fed
        fed.links, fed.orders, fed.messages = len(simulation.links), len(simulation.orders), len(simulation.messages)
        fed.live, fed.live_seconds, fed.seconds = len(live), now - went, now - started
        return fed

    def _in_batches(self, kind: str, rows: Sequence[Row]) -> None:
        def send(body: bytes, count: int) -> None:
            answer = self._client().insist("POST", f"/v1/{kind}", body, "application/jsonl").json()
            self._note(kind, count, [line["reason"] for line in answer["lines"] if line["status"] == "rejected"])

        with ThreadPoolExecutor(BATCH_CONNECTIONS) as pool:
            for done in [pool.submit(send, *batch) for batch in json_lines(rows, BATCH_BYTES, BATCH_ROWS)]:
                done.result()

    def _one_by_one(self, rows: Sequence[Row]) -> None:
        def send(share: Sequence[Row]) -> None:
            for row in share:
                body = json.dumps(row, ensure_ascii=False).encode()
                answer = self._client().insist("POST", "/coze", body, allowed=(422,))
                self._note("live", 1, [answer.problem] if answer.status == 422 else [])

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for done in [pool.submit(send, rows[n::CONNECTIONS]) for n in range(CONNECTIONS)]:
                done.result()

    def _note(self, kind: str, count: int, refused: list[str]) -> None:
        with self._lock:
            self._fed.refused += refused
            self._sent(kind, count)

    def _client(self) -> Client:
        if not hasattr(self._local, "client"):
            self._local.client = Client(self._url, self._token)
            self._clients.append(self._local.client)
        client: Client = self._local.client
        return client
