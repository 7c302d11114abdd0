"""Models are changed while messages come in: every call is answered, every message scored, by the model of its time."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import Server

from cli_process import wait_until
from xundan.understand.directory import digest, read_directory
from xundan.understand.model import DEFAULT_MODEL

TINY = Path(__file__).parents[1] / "data" / "tiny_encoder"
BUILT_IN, OTHER = read_directory(DEFAULT_MODEL).version, read_directory(TINY).version


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, scoring=True, score_budget_ms=2_000) as server:
        server.start()
        yield server


class Customers:
    """Write one message after the other over a few connections until they are stopped."""

    def __init__(self, server: Server, connections: int = 4) -> None:
        self.statuses: Counter[int] = Counter()
        self.models: Counter[str | None] = Counter()
        self.slowest = 0.0
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(connections)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        count = 0
        with self._server.client("intake") as caller:
            while not self._stop.is_set():
                count += 1
                text = f"第{count}款多少钱 能便宜吗"
                row = {"user_id": f"u{number}", "message_id": f"{number}-{count}", "text": text}
                answer = caller.request("POST", "/coze", json.dumps(row).encode())
                self.statuses[answer.status] += 1
                self.slowest = max(self.slowest, answer.seconds)
                if answer.status == 200:
                    self.models[answer.json()["model"]] += 1
                time.sleep(0.005)


def model_of(server: Server) -> str:
    version: str = server.get("/readyz")["model"]
    return version


def metrics(server: Server) -> str:
    with server.client("metrics") as caller:
        return caller.request("GET", "/metrics").body.decode()


def test_models_change_under_traffic(server: Server) -> None:
    server.command("model", "add", TINY)
    assert model_of(server) == BUILT_IN
    customers = Customers(server)
    wait_until(lambda: customers.models[BUILT_IN] > 20)
    for _ in range(2):
        assert f"运行中的服务已换用 {OTHER}" in server.command("model", "activate", OTHER)
        assert model_of(server) == OTHER
        before = customers.models[OTHER]
        wait_until(lambda before=before: customers.models[OTHER] > before + 20)
        assert f"运行中的服务已换用 {BUILT_IN}" in server.command("model", "rollback")
        before = customers.models[BUILT_IN]
        wait_until(lambda before=before: customers.models[BUILT_IN] > before + 20)
    customers.stop()
    assert set(customers.statuses) == {200}
    assert set(customers.models) == {BUILT_IN, OTHER}, "a message stayed without a score"
    assert customers.slowest < 2
    text = metrics(server)
    assert 'xundan_model_switches_total{outcome="done"} 4.0' in text
    assert 'xundan_model_switches_total{outcome="refused"} 0.0' in text
    assert "xundan_scores_total{outcome=" in text
    assert 'outcome="failed"' not in text


def test_a_model_that_the_server_cannot_load_leaves_the_old_one(server: Server) -> None:
    server.command("model", "add", TINY)
    folder = server.settings.data_dir / "models"
    (folder / OTHER / "tokenizer.json").write_text("{}")
    server.command("model", "activate", OTHER, codes=[2])
    assert not (folder / "active.json").exists(), "the command itself refuses it"
    (folder / "active.json").write_text(json.dumps({"active": OTHER, "before": ["built-in"]}))
    wait_until(lambda: server.get("/readyz")["model_fault"])
    ready = server.get("/readyz")
    assert ready["ready"] is True
    assert ready["model"] == BUILT_IN
    assert ready["model_fault"].startswith(f"{OTHER}: ")
    assert any(record.get("action") == "model_refused" for record in server.logs())
    text = metrics(server)
    assert 'xundan_model_switches_total{outcome="refused"} 1.0' in text


def test_the_activated_model_serves_after_a_restart(server: Server) -> None:
    server.command("model", "add", TINY)
    server.end()
    assert f"已启用 {OTHER}" in server.command("model", "activate", OTHER)
    server.start()
    assert model_of(server) == OTHER
    card = read_directory(TINY).card
    assert digest(server.settings.data_dir / "models" / OTHER / "model.onnx") == card["files"]["model.onnx"]
