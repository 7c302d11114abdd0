"""The client keeps its connection, waits when told to, and says in one sentence what a server refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.client import Client, json_lines
from xundan.errors import Retryable, XundanError
from xundan.serve import free_port


class Script(BaseHTTPRequestHandler):
    """Answers with the statuses of the server's list, one after the other."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        server.heard.append((self.client_address, self.rfile.read(int(self.headers["Content-Length"] or 0))))
        status = server.statuses.pop(0)
        body = json.dumps({"detail": "slow down"} if status != 200 else {"ok": True}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = HTTPServer(("127.0.0.1", 0), Script)
    made.heard, made.statuses = [], []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    made = Client(f"http://127.0.0.1:{server.server_port}", "token", timeout_s=5)
    yield made
    made.close()


def test_the_connection_is_kept_and_waiting_is_done(server: Any, client: Client) -> None:
    server.statuses = [200, 503, 429, 200]
    assert client.insist("POST", "/x", b"a").json() == {"ok": True}
    assert client.insist("POST", "/x", b"b").status == 200
    assert len({address for address, _ in server.heard}) == 1
    assert [body for _, body in server.heard] == [b"a", b"b", b"b", b"b"]


def test_a_refusal_is_one_sentence(server: Any, client: Client) -> None:
    server.statuses = [401, 422, 503, 503, 503, 503, 503]
    with pytest.raises(XundanError, match=r"/x: slow down \(HTTP 401\)"):
        client.insist("POST", "/x?secret=1", b"a")
    assert client.insist("POST", "/x", b"a", allowed=(422,)).problem == "slow down"
    with pytest.raises(XundanError, match="HTTP 503"):
        client.insist("POST", "/x", b"a")


def test_a_server_that_is_not_there_is_said_so() -> None:
    with Client(f"http://127.0.0.1:{free_port(0)}", timeout_s=1) as client, pytest.raises(Retryable, match="reached"):
        client.request("GET", "/")


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=9), max_size=3)),
    st.integers(1, 60),
    st.integers(1, 4),
)
def test_batches_hold_every_row_once_and_stay_small(rows: list[dict[str, str]], size: int, count: int) -> None:
    batches = list(json_lines(rows, size, count))
    assert [json.loads(line) for body, _ in batches for line in body.splitlines()] == rows
    for body, lines in batches:
        assert body.count(b"\n") == lines <= count
        assert len(body) <= size or lines == 1
