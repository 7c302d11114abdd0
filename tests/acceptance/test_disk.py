"""A disk that is full, read-only or broken: nothing is acknowledged that is not there, and it goes on by itself."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from evidence import carried_anew, drift, figures, logged
from real_server import Server
from small_disk import SmallDisk, failing, small_disk
from traffic import Row, Traffic

from cli_process import wait_until, xundan
from xundan.client import Client
from xundan.domain.calendar import DAY

READING = (
    "/healthz",
    "/metrics",
    "/v1/shops/1024/report",
    "/v1/shops/1024/report?by=agent&format=csv",
    "/v1/shops/1024/users/known/context",
    "/v1/shops/1024/users/known/intent",
)
NUMBERS = itertools.count()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        yield disk


@pytest.fixture
def moved() -> str:
    """The one file that lies on the small disk; "" for the whole data directory."""
    return ""


@pytest.fixture
def min_free_mb() -> int:
    return 0


@pytest.fixture
def server(tmp_path: Path, disk: SmallDisk, moved: str, min_free_mb: int) -> Iterator[Server]:
    """A server with something in it."""
    folder = tmp_path / "data" if moved else disk.path / "data"
    folder.mkdir(mode=0o700)
    if moved:
        (folder / moved).symlink_to(disk.path / moved)
    with Server(tmp_path, data_dir=folder, min_free_mb=min_free_mb) as server:
        server.start()
        with server.client("intake") as caller:
            assert [post(caller, "known") for _ in range(20)] == [200] * 20
        server.carried()
        yield server


def probe(user: str = "probe") -> Row:
    """A row for each of the addresses, on a day apart from those of a simulated shop."""
    number = next(NUMBERS)
    ids = {f"{name}_id": f"probe{number}" for name in ("message", "event", "link", "order")}
    ts = time.time_ns() // 1_000_000 - 20 * DAY
    return {"user_id": user, "text": "这件有货吗，多久能到" * 20, "alias": "other", "status": "created", "ts": ts} | ids


def post(caller: Client, user: str = "probe") -> int:
    return caller.request("POST", "/coze", json.dumps(probe(user)).encode()).status


def refuses(server: Server, why: str) -> None:
    """It refuses facts as RFC 9457 wants it, says when to come again, and goes on answering whoever reads."""
    for path in ("/coze", "/v1/messages", "/v1/orders", "/v1/links"):
        wait_until(lambda path=path: refused(server, path, why), 30)
    can_be_read(server)
    with server.client("intake") as caller:
        bad = caller.request("POST", "/coze", b'{"user_id": "", "text": "x"}')
        assert (bad.status, bad.json()["field"]) == (422, "user_id"), "what is wrong stays wrong"
        wait_until(lambda: caller.request("GET", "/readyz").status == 503, 30)


def can_be_read(server: Server) -> None:
    with server.client("context", "report") as caller:
        assert [caller.request("GET", path).status for path in READING] == [200] * len(READING)


def refused(server: Server, path: str, why: str) -> bool:
    """Whether a row is refused; False where it was acknowledged."""
    headers = {"Authorization": f"Bearer {server.token('intake')}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(server.settings.host, server.settings.port, timeout=30)) as connection:
        connection.request("POST", path, json.dumps(probe()), headers)
        answer = connection.getresponse()
        body = answer.read().decode()
    if answer.status == 200:
        return False
    assert (answer.status, answer.getheader("Content-Type")) == (503, "application/problem+json"), body
    assert int(answer.getheader("Retry-After") or 0) >= 1
    problem = json.loads(body)
    assert problem.keys() <= {"type", "title", "status", "detail", "code"}
    assert why in problem["detail"]
    assert "Traceback" not in body
    assert str(server.folder) not in body
    return True


def takes_again(server: Server) -> None:
    """Facts are acknowledged again, by the same process."""
    with server.client("intake") as caller:
        wait_until(lambda: post(caller) == 200, 30)
        wait_until(lambda: caller.request("GET", "/readyz").status == 200, 30)
    assert (server.starts, server.alive()) == (1, True)


@pytest.fixture
def traffic(server: Server) -> Iterator[Traffic]:
    made = Traffic(server)
    yield made
    made.senders.stop()


def is_sound(server: Server, folder: Path, traffic: Traffic) -> None:
    """What was acknowledged is there, nothing is there twice, and the store is what the log says."""
    code, seconds = server.end()
    assert (code, seconds < 5) == (0, True)
    assert all("Traceback" not in record["message"] for record in server.logs())
    count = logged(server.files.log)
    assert {fact: n for fact, n in count.items() if n != 1} == {}
    assert traffic.senders.acknowledged - count.keys() == set()
    kept, anew = carried_anew(server, folder)
    assert kept == anew
    assert drift(server.settings, server.files.store) == []


def test_a_disk_that_is_full_again_and_again(server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path) -> None:
    for _ in range(3):
        traffic.some_more()
        disk.fill()
        refuses(server, "the disk is full")
        disk.free()
        takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


def test_a_disk_that_turns_read_only_and_back(
    server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path
) -> None:
    traffic.some_more()
    disk.fill()  # what fails is closed, and opened again where it is read-only now
    refuses(server, "the disk is full")
    with disk.read_only():
        disk.free()
        refuses(server, "Read-only file system")
    takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


@pytest.mark.parametrize("fault", ["pwrite64,ftruncate,fallocate:error=EROFS", "fsync,fdatasync:error=EIO"])
def test_files_that_cannot_be_written_while_they_are_open(
    server: Server, traffic: Traffic, tmp_path: Path, fault: str
) -> None:
    """As where a file system finds itself damaged and turns read-only, or a disk loses its cable."""
    traffic.some_more()
    assert server.process
    with failing(server.process, fault):
        wait_until(lambda: refused(server, "/coze", "the disk reports an error"))
        assert all(refused(server, "/coze", "the disk reports an error") for _ in range(5))
        can_be_read(server)
    takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


@pytest.mark.parametrize("moved", ["store.db"])
def test_what_the_store_cannot_take_waits_in_the_log(
    server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path
) -> None:
    """Only the store's disk is full: intake goes on, reports stay as they were, and then they follow."""
    traffic.some_more()
    disk.fill()
    wait_until(lambda: "store.db cannot be used: the disk is full" in state(server)["runner"], 30)
    assert state(server)["log"] == "ok"
    with server.client("intake") as caller:
        assert [post(caller) for _ in range(20)] == [200] * 20
    can_be_read(server)
    assert state(server)["lag"] >= 20
    disk.free()
    takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


@pytest.mark.parametrize("moved", ["log.db"])
def test_only_the_disk_of_the_log_is_full(server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path) -> None:
    traffic.some_more()
    disk.fill()
    wait_until(lambda: refused(server, "/coze", "log.db cannot be used: the disk is full"), 30)
    server.carried()
    can_be_read(server)
    disk.free()
    takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


def state(server: Server) -> dict[str, Any]:
    with server.client() as caller:
        found: dict[str, Any] = caller.request("GET", "/readyz").json()
    return found


@pytest.mark.parametrize("min_free_mb", [8])
def test_it_stops_taking_before_the_disk_is_full(
    server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path
) -> None:
    traffic.some_more()
    disk.leave(megabytes=7)
    refuses(server, "less than 8 MB free")
    disk.free()
    takes_again(server)
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


def test_a_start_on_a_full_disk_is_refused_with_a_sentence(
    server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path
) -> None:
    traffic.some_more()
    server.kill()
    disk.fill()
    says_why(server, "磁盘满了")
    disk.free()
    server.start()
    traffic.arrives()
    is_sound(server, tmp_path, traffic)


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_on_a_read_only_disk_can_be_read(
    server: Server, disk: SmallDisk, traffic: Traffic, tmp_path: Path, killed: bool
) -> None:
    """Also what a killed server has left in its write-ahead log."""
    traffic.arrives()
    if killed:
        server.kill()
    else:
        assert server.end()[0] == 0
    with disk.read_only():
        days = ("--from", traffic.truth["first_day"], "--to", traffic.truth["last_day"])
        assert figures(json.loads(server.command("report", *days, "--format", "json"))) == traffic.truth["days"]
        assert "known" in server.command("tail", "-n", "2000")
        says_why(server, "Read-only file system")
    server.start()
    is_sound(server, tmp_path, traffic)


def says_why(server: Server, why: str) -> None:
    """A start that cannot be made ends with one sentence."""
    said = xundan("serve", "--config", server.config, *server.set, cwd=server.folder)
    assert said.code != 0
    assert why in said.err
    assert said.err.count("\n") == 1
