"""`xundan serve` as a process with data of its own: started, killed and started again, all that it says kept."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Container, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from cli_process import CLEAN, client, settings_file, wait_until, xundan
from xundan.client import Client
from xundan.errors import Retryable
from xundan.receive.tokens import mint
from xundan.settings import Settings, load
from xundan.wiring import Files

START_S = 60
"""How long a server may take to start on a machine that others use too."""


class Server:
    """One data directory (`folder/data` unless `data_dir` is given) and the processes that serve it, one at a time.

    `options` are settings that every start uses. A context manager: at the end no process is left.
    """

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.config = settings_file(folder)
        self.options = options
        self.settings: Settings = load(self.config, environ={}, override={k: str(v) for k, v in options.items()})
        self.files = Files(self.settings.data_dir)
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self, *, wait: bool = True, **options: object) -> None:
        """Start a process and wait until it answers."""
        command = [sys.executable, "-m", "xundan", "serve", "--config", str(self.config)]
        command += assignments(self.options | options)
        self.starts += 1
        with (self.folder / "out").open("ab") as out, (self.folder / "err").open("ab") as err:
            self.process = subprocess.Popen(command, cwd=self.folder, env=CLEAN, stdout=out, stderr=err)
        if wait:
            wait_until(lambda: not self.alive() or self.answers(), START_S)
            assert self.alive(), f"start {self.starts} failed: {self.said()[-2000:]}"

    @property
    def set(self) -> list[str]:
        """The options for a command that is to have this server's settings."""
        return assignments(self.options)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def answers(self) -> bool:
        """Whether it answers at all, ready or not."""
        try:
            with self.client() as caller:
                return caller.request("GET", "/healthz").status == 200
        except Retryable:
            return False

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> tuple[int, float]:
        """SIGTERM: the exit code, and after how many seconds."""
        assert self.process is not None
        started = time.monotonic()
        self.process.terminate()
        code = self.process.wait(60)
        return code, time.monotonic() - started

    def said(self) -> str:
        """All that its processes have printed, on stdout and then on stderr."""
        return "".join((self.folder / name).read_text(encoding="utf-8") for name in ("out", "err"))

    def logs(self) -> list[dict[str, Any]]:
        """The log records of all its processes; a line that is none, such as a stack trace, fails."""
        return [json.loads(line) for line in (self.folder / "err").read_text(encoding="utf-8").splitlines()]

    def client(self, *scopes: str) -> Client:
        return client(self.settings, *scopes)

    @property
    def url(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    def token(self, *scopes: str) -> str:
        return mint(self.settings, self.settings.shop_id, 1, scopes)

    def get(self, path: str) -> Any:
        """What an address answers, as JSON."""
        with self.client("context", "report", "metrics") as caller:
            answer = caller.insist("GET", path)
        return answer.json()

    def carried(self, timeout: float = 120) -> None:
        """Wait until the store contains the whole log."""
        with self.client() as caller:
            wait_until(lambda: caller.request("GET", "/readyz").json()["lag"] == 0, timeout)

    def command(self, *arguments: object, codes: Container[int] = (0,)) -> str:
        """What a command of the program prints, with this server's settings; fails where it ends with another code."""
        said = xundan(*arguments, "--config", self.config, *self.set, cwd=self.folder, timeout=120)
        assert said.code in codes, said.err + said.out
        return said.out

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.alive():
            self.kill()


def assignments(options: Mapping[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
