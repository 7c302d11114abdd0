"""The program as its users start it: commands in this process or another, and a server of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from xundan import cli, words
from xundan.client import Client
from xundan.errors import Retryable
from xundan.receive.tokens import mint
from xundan.serve import free_port
from xundan.settings import Settings

SECRET = "a-secret-for-tests-of-more-than-32-bytes"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("XUNDAN_")}
if CLEAN.pop("PYTHONDONTWRITEBYTECODE", ""):  # a process that compiles all it imports takes twice as long to start
    CLEAN["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


class Shell:
    """Runs commands in this process, in a directory of its own, without any model."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys
        patch.chdir(directory)
        for name in os.environ:
            if name.startswith("XUNDAN_"):
                patch.delenv(name)
        patch.setenv("XUNDAN_SCORING", "false")

    def __call__(self, *arguments: object) -> Said:
        words.use("zh")
        code = cli.run([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return Said(code, said.out, said.err)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path


def xundan(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 60) -> Said:
    """Run a command in a process of its own; the environment holds no XUNDAN_ but what is given."""
    command = [sys.executable, "-m", "xundan", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=CLEAN | dict(env or {}), capture_output=True, timeout=timeout)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def settings_file(directory: Path, **more: object) -> Path:
    """A settings file for a server on a free port, without a model."""
    values = {"shop_id": "1024", "coze_secret": SECRET, "profile": "embedded", "data_dir": str(directory / "data")}
    lines = [f'{name} = "{value}"' for name, value in values.items()]
    lines += [f"port = {free_port(0)}", "scoring = false", *(f'{name} = "{value}"' for name, value in more.items())]
    path = directory / "xundan.toml"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    return path


@contextmanager
def serving(config: Path, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers."""
    command = [sys.executable, "-m", "xundan", "serve", "--config", str(config)]
    process = subprocess.Popen(command, cwd=config.parent, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: process.poll() is not None or answers(settings))
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def answers(settings: Settings) -> bool:
    with client(settings) as caller, suppress(Retryable):
        return caller.request("GET", "/readyz").status == 200
    return False


def client(settings: Settings, *scopes: str) -> Client:
    """A connection to the server with a token of its own."""
    token = mint(settings, settings.shop_id, 1, scopes) if scopes else ""
    return Client(f"http://{settings.host}:{settings.port}", token, timeout_s=20)


def wait_until(condition: object, timeout: float = 60) -> None:
    """Wait for `condition()`; fails after `timeout` seconds."""
    assert callable(condition)
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
