"""SIGTERM while requests are under way: an end within five seconds, and all that was acknowledged is there."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence import carried_anew, drift, length, logged
from real_server import Server
from traffic import Senders, batch, single

from cli_process import wait_until

END_S = 5
ROWS = 30_000
"""Of a batch that is still under way when the signal comes."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        server.start()
        yield server


def rows(name: str, count: int) -> list[dict[str, object]]:
    now = time.time_ns() // 1_000_000
    return [
        {"user_id": f"{name}{n % 50}", "message_id": f"{name}-{n}", "ts": now - 60_000 + n, "text": "有货吗，多久能到"}
        for n in range(count)
    ]


def busy(server: Server) -> Senders:
    """Eight connections with messages by themselves, two of them now and then with a batch, until the server goes."""
    senders = Senders(lambda: server.client("intake"), connections=8)
    chance = random.Random(7)
    senders.waiting.extend(single(row, chance) for row in rows("one", 20_000))
    for n in range(200):
        senders.waiting.insert(100 * n, batch("message", rows(f"batch{n}-", 300)))
    senders.start()
    wait_until(lambda: len(senders.done) > 150)
    return senders


def is_all_there(server: Server, senders: Senders) -> None:
    """Nobody got anything but an acknowledgement or no answer, and what was acknowledged is on disk, once."""
    assert senders.faults == []
    count = logged(server.files.log)
    assert {fact: n for fact, n in count.items() if n != 1} == {}
    assert senders.acknowledged - count.keys() == set()
    assert count.keys() - senders.sent == set()


def test_it_ends_in_time_and_keeps_what_it_acknowledged(server: Server, tmp_path: Path) -> None:
    senders = busy(server)
    code, seconds = server.end()
    senders.join()
    assert (code, seconds < END_S) == (0, True), f"{seconds:.1f} s"
    assert not (server.settings.data_dir / "server.url").exists()
    assert no_stack_trace(server)
    is_all_there(server, senders)
    server.start()  # what the runner had not yet carried, it carries now
    server.carried()
    assert server.end()[0] == 0
    kept, anew = carried_anew(server, tmp_path)
    assert kept == anew
    assert drift(server.settings, server.files.store) == []


def test_a_large_batch_under_way_does_not_hold_it_up(server: Server) -> None:
    """It is acknowledged whole or not at all, and comes again whole."""
    senders = Senders(lambda: server.client("intake"), connections=2)
    senders.waiting.extend([batch("message", rows("a", ROWS)), batch("message", rows("b", ROWS))])
    senders.start()
    wait_until(lambda: length(server.files.log) > 100)
    code, seconds = server.end()
    senders.join()
    assert (code, seconds < END_S) == (0, True), f"{seconds:.1f} s"
    assert no_stack_trace(server)
    is_all_there(server, senders)


def test_slow_callers_do_not_hold_it_up(server: Server) -> None:
    """One that says nothing, one in the middle of a head, one of a body: it is told to come again."""
    head = b"POST /coze HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + server.token("intake").encode()
    begun = [b"", b"POST /coze HT", head + b"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"]
    sockets = [socket.create_connection((server.settings.host, server.settings.port), timeout=20) for _ in begun]
    for connection, data in zip(sockets, begun, strict=True):
        connection.sendall(data)
    time.sleep(0.3)
    code, seconds = server.end()
    answers = [everything(connection) for connection in sockets]
    assert (code, seconds < END_S) == (0, True), f"{seconds:.1f} s"
    assert answers[:2] == [b"", b""]
    assert answers[2].startswith(b"HTTP/1.1 503")
    assert b"retry-after: 1\r\n" in answers[2].lower()
    assert no_stack_trace(server)


def everything(connection: socket.socket) -> bytes:
    """What comes over a connection until it is closed."""
    with connection:
        return b"".join(iter(lambda: connection.recv(4096), b""))


def no_stack_trace(server: Server) -> bool:
    """Whether no record of the log has the places of an error, and none is an error's text."""
    return not any("at" in record or "Traceback" in record["message"] for record in server.logs())


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.5])
def test_the_signal_may_come_while_it_starts(tmp_path: Path, moment: float) -> None:
    with Server(tmp_path) as server:
        server.start(wait=False)
        time.sleep(moment)
        _, seconds = server.end()
        assert seconds < END_S
        assert no_stack_trace(server)
        server.start()
        assert server.end()[0] == 0


def test_a_second_signal_changes_nothing(server: Server) -> None:
    """Ctrl-C twice, or a supervisor that is in a hurry."""
    senders = busy(server)
    assert server.process is not None
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        server.process.send_signal(number)
        time.sleep(0.05)
    code = server.process.wait(END_S)
    senders.join()
    assert code == 0
    assert no_stack_trace(server)
    is_all_there(server, senders)


def test_an_answer_under_way_is_given(server: Server) -> None:
    """A request that has come whole before the signal is answered, not broken off."""
    with socket.create_connection((server.settings.host, server.settings.port), timeout=20) as connection:
        body = json.dumps({"user_id": "u1", "message_id": "last", "text": "在吗"}).encode()
        head = f"POST /coze HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token('intake')}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:-1])
        time.sleep(0.2)
        assert server.process is not None
        server.process.terminate()
        time.sleep(0.2)
        connection.sendall(body[-1:])
        answer = everything(connection)
    assert server.process.wait(END_S) == 0
    assert answer.startswith(b"HTTP/1.1 200")
    assert logged(server.files.log) == {("message", "u1", "last"): 1}
