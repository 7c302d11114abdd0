"""The server as a process: it says where it is, serves, drains on SIGTERM, and never shares its data or its port."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli_process import SECRET, client, serving, settings_file, wait_until, xundan
from xundan.client import Client
from xundan.errors import Retryable
from xundan.settings import Settings, load
from xundan.wiring import open_reader

END_S = 5


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settings_file(tmp_path)


@pytest.fixture
def settings(config: Path) -> Settings:
    return load(config, environ={})


@pytest.fixture
def caller(settings: Settings) -> Iterator[Client]:
    with client(settings, "intake") as made:
        yield made


@pytest.fixture
def server(config: Path, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with serving(config, settings) as process:
        yield process


def message(number: int) -> bytes:
    return json.dumps({"user_id": "u1", "message_id": f"m{number}", "text": "在吗"}).encode()


def test_it_says_where_it_is_and_ends_in_time_on_sigterm(
    server: subprocess.Popen[bytes], settings: Settings, config: Path, caller: Client
) -> None:
    taken: list[int] = []

    def send() -> None:
        for number in range(100_000):
            with suppress(Retryable):
                if caller.request("POST", "/coze", message(number)).status == 200:
                    taken.append(number)
                    continue
            return

    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: len(taken) > 20)
    started = time.monotonic()
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=END_S)
    assert time.monotonic() - started < END_S
    sender.join()
    assert server.returncode == 0
    assert f"http://127.0.0.1:{settings.port}" in out.decode()
    assert all(json.loads(line)["level"] in ("info", "warning") for line in err.decode().splitlines())
    assert not (settings.data_dir / "server.url").exists()
    with open_reader(settings) as reader:
        logged = {entry.fact.id for entry in reader.log.read(0, 200_000)}
    assert {f"m{number}" for number in taken} <= logged


def test_an_idle_connection_does_not_hold_it_up(server: subprocess.Popen[bytes], settings: Settings) -> None:
    with socket.create_connection((settings.host, settings.port)) as idle:
        idle.sendall(b"POST /coze HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        time.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=END_S)
    assert server.returncode == 0


def test_a_second_server_is_refused_with_a_sentence(
    server: subprocess.Popen[bytes], settings: Settings, config: Path, tmp_path: Path
) -> None:
    same_data = xundan("serve", "--config", config, cwd=tmp_path)
    assert same_data.code == 2
    assert f"（{server.pid}）" in same_data.err
    same_port = xundan("serve", "--config", config, "--data-dir", tmp_path / "other", cwd=tmp_path)
    assert same_port.code == 1
    assert f"--port {settings.port + 1}" in same_port.err
    for said in (same_data, same_port):
        assert said.err.count("\n") == 1


def test_a_weak_secret_is_refused(tmp_path: Path, config: Path) -> None:
    said = xundan("serve", "--config", config, "--set", "coze_secret=short", cwd=tmp_path)
    assert said.code == 2
    assert "32 字节" in said.err


def test_beside_a_running_server_commands_go_through_it(
    server: subprocess.Popen[bytes], settings: Settings, config: Path, tmp_path: Path, caller: Client
) -> None:
    (tmp_path / "m.csv").write_text(
        "user_id,text,ts\nu1,我的手机13800138000,2026-11-02 10:00:00\nu1,在吗,2026-11-02 10:00:00\n"
        "u1,在吗,2026-11-02 10:00:00\n张*,在吗,2026-11-02 10:00:00\n"
    )
    (tmp_path / "o.csv").write_text("order_id,user_id,status,ts,amount\no1,张*,paid,2026-11-02 11:00:00,1.00\n")
    for expected in ("收 3 行，重复 0 行，拒 1 行", "收 0 行，重复 3 行，拒 1 行"):
        said = xundan("import", "messages", "m.csv", "--config", config, cwd=tmp_path)
        assert said.code == 0
        assert expected in said.out
        assert str(settings.port) in said.err
    assert "收 1 行" in xundan("import", "orders", "o.csv", "--config", config, cwd=tmp_path).out
    wait_until(lambda: caller.request("GET", "/readyz").json()["lag"] == 0)
    asked = ("report", "--from", "2026-11-02", "--to", "2026-11-02", "--format", "json", "--config", config)
    figures = json.loads(xundan(*asked, cwd=tmp_path).out)["total"]["figures"]
    assert (figures["wrote"], figures["sales"]["paid"]["unmatched"]["fen"]) == (1, 100)
    assert "我的手机[手机号1]" in xundan("tail", "--config", config, cwd=tmp_path).out
    replayed = xundan("dead", "replay", "--all", "--yes", "--config", config, cwd=tmp_path)
    assert replayed.code == 1
    assert "必须对应一个人" in replayed.out
    assert xundan("rebuild", "--yes", "--config", config, cwd=tmp_path).code == 2
    assert "服务运行正常" in xundan("doctor", "--config", config, cwd=tmp_path).out


def test_a_dead_letter_is_replayed_through_the_server(
    server: subprocess.Popen[bytes], settings: Settings, config: Path, tmp_path: Path
) -> None:
    from xundan.wiring import open_letters

    row = {"user_id": "u7", "text": "我的手机[手机号1]", "answer": "好的"}
    with open_letters(settings) as letters:
        token = letters._protector.protect("1024", "13800138000")[1]["[手机号1]"]
        letter = row | {"pii": {"text": {"[手机号1]": token}}}
        letters.dead.put("1024", "coze", "too_late", "once", json.dumps(letter))
    assert xundan("dead", "replay", "1", "--yes", "--config", config, cwd=tmp_path).code == 0
    lines = xundan("tail", "--config", config, cwd=tmp_path).out.splitlines()
    assert ["我的手机[手机号1]" in lines[0], "好的" in lines[1], len(lines)] == [True, True, 2]
    assert xundan("dead", "list", "--config", config, cwd=tmp_path).out == "没有被拒收的数据\n"


def test_following_shows_what_comes(server: subprocess.Popen[bytes], config: Path, caller: Client) -> None:

    command = [sys.executable, "-m", "xundan", "tail", "--follow", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as follower:
        assert follower.stdout
        time.sleep(1)
        caller.insist("POST", "/coze", message(1))
        assert "u1  顾客  在吗" in follower.stdout.readline().decode()
        follower.send_signal(signal.SIGINT)
        _, err = follower.communicate(timeout=10)
    assert follower.returncode == 130
    assert "Traceback" not in err.decode()


def test_secrets_are_nowhere_in_the_logs(server: subprocess.Popen[bytes], caller: Client) -> None:
    caller.request("POST", "/coze", b'{"user_id": "u1", "text": 5, "x": "13800138000"}')
    caller.request("POST", "/v1/messages", b"13800138000", "application/jsonl")
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=END_S)
    for secret in (SECRET, "13800138000"):
        assert secret not in out.decode() + err.decode()
