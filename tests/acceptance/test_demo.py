"""The demonstration, small: it ends with a report that is true, or serves until Ctrl-C, and leaves nothing running."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import CLEAN, xundan
from xundan.client import Client
from xundan.errors import Retryable
from xundan.serve import free_port

SMALL = ("demo", "--days", "3", "--customers", "4", "--set", "scoring=false")


def test_with_exit_it_ends_with_a_true_report(tmp_path: Path) -> None:
    said = xundan(*SMALL, "--exit", "--port", free_port(0), cwd=tmp_path, timeout=120)
    assert (said.code, said.err) == (0, "")
    assert "询单转化报告" in said.out
    assert re.search(r"已与模拟的真实账目核对：[\d,]+ 项数字全部一致", said.out)
    assert (tmp_path / "var" / "demo" / "log.db").exists()
    again = xundan("--lang", "en", *SMALL, "--exit", "--port", free_port(0), cwd=tmp_path, timeout=120)
    assert again.code == 0
    assert "figures agree" in again.out


def test_without_exit_it_serves_what_it_says_until_interrupted(tmp_path: Path) -> None:
    port = free_port(0)
    command = [sys.executable, "-m", "xundan", *SMALL, "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=CLEAN, stdout=subprocess.PIPE) as demo:
        assert demo.stdout
        lines: list[str] = []
        while "Ctrl-C" not in (lines or [""])[-1]:
            line = demo.stdout.readline().decode()
            assert line, f"ended early: {lines[-3:]}"
            lines.append(line)
        curl = next(line for line in lines if line.startswith("curl "))
        tail = next(line for line in lines if " tail " in line)
        answer = json.loads(paste(curl))
        shown = subprocess.run(shlex.split(tail.replace("--follow", "-n 1")), cwd="/", env=CLEAN, capture_output=True)
        assert "黑色" in shown.stdout.decode()
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=15)
    assert answer["duplicate"] is False
    assert demo.returncode == 0
    assert "演示结束" in rest.decode()
    with Client(f"http://127.0.0.1:{port}", timeout_s=1) as client, pytest.raises(Retryable):
        client.request("GET", "/healthz")


def paste(curl: str) -> str:
    """What the line prints when it is pasted into a terminal; where there is no curl, what it asks for."""
    words = shlex.split(curl)
    if shutil.which("curl"):
        return subprocess.run(words, capture_output=True, check=True).stdout.decode()
    base, token, body = words[2], words[4].removeprefix("Authorization: Bearer "), words[-1]
    with Client(base.removesuffix("/coze"), token) as client:
        return client.insist("POST", "/coze", body.encode()).body.decode()
