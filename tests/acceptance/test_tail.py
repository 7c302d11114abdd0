"""The first message of a new user, sent by a line that was pasted, shows up in `xundan tail`, understood."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import Server

from cli_process import CLEAN, wait_until
from xundan.client import Client
from xundan.demo import invitation

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, scoring=True, score_budget_ms=10_000) as server:
        server.start()
        yield server


def pasted(line: str) -> bytes:
    """What a curl line prints; where there is no curl, what it asks for is asked for without it."""
    words = shlex.split(line)
    if shutil.which(words[0]):
        return subprocess.run(line, shell=True, capture_output=True, check=True, timeout=60).stdout
    headers = dict(word.split(": ", 1) for word in words[3:-1] if ": " in word)
    base, _, path = words[2].rpartition("/")
    with Client(base, headers["Authorization"].removeprefix("Bearer ")) as caller:
        return caller.insist("POST", f"/{path}", words[-1].encode(), headers.get("Content-Type", FORM)).body


def test_the_line_shown_for_pasting(server: Server) -> None:
    shown = invitation(server.url, server.settings, server.config)
    (curl,) = (line for line in shown.splitlines() if line.startswith("curl "))
    answer = json.loads(pasted(curl))
    assert answer["duplicate"] is False
    assert answer["intent"]
    line = server.command("tail", "-n", "1").strip()
    found = re.search(r"  guest  顾客  这款还有黑色吗.*  \[\S+ (\d\.\d\d) [高低]\S*\]$", line)
    assert found, line
    assert found[1] == f"{answer['buyScore']:.2f}"


def test_a_form_with_the_bots_answer_is_followed(server: Server) -> None:
    """The shortest line a person types. Whoever follows sees question and answer as they come."""
    curl = ["curl", "-sS", f"{server.url}/coze", "-H", f"Authorization: Bearer {server.token('intake')}"]
    line = shlex.join([*curl, "-d", "user_id=u7&text=黑色有货吗？我的手机 13812345678&answer=有的，今天就发"])
    seen = server.folder / "seen"

    def shown() -> bool:
        """What is sent before the follower listens is not followed, so it is sent until it shows."""
        pasted(line)
        time.sleep(0.5)
        return seen.read_text(encoding="utf-8").count("\n") >= 2

    command = [sys.executable, "-m", "xundan", "tail", "--follow", "--config", str(server.config), *server.set]
    with seen.open("wb") as out, subprocess.Popen(command, stdout=out, env=CLEAN) as follower:
        try:
            wait_until(shown)
        finally:
            follower.kill()
    question, answer = seen.read_text(encoding="utf-8").splitlines()[:2]
    assert re.search(r"  u7  顾客  黑色有货吗？我的手机 \[手机号1\]  \[\S+ \d\.\d\d \S+\]$", question)
    assert answer.endswith("  u7  机器人  有的，今天就发")
