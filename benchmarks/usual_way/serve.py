"""The usual way's server as a process of its own: gunicorn, as `settings` has it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from benchmarks.bert import Size
from benchmarks.chats import ROOT
from benchmarks.server import SECRET
from benchmarks.usual_way import settings, variables
from xundan.client import Client
from xundan.errors import MissingExtra, Retryable, XundanError
from xundan.understand.cpus import threads

NEEDED = ("torch", "transformers", "flask", "gunicorn", "jwt")
UP_S = 300
"""Two processes that read PyTorch at once: on a machine that does other work it takes minutes."""

STOP_S = 30


def check() -> None:
    """Raise `MissingExtra` unless everything is installed."""
    if not all(map(find_spec, NEEDED)):
        raise MissingExtra("the usual way to serve a model", "bench")


@contextmanager
def serving(size: Size, folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and the number of the process that has the workers; ended with the block.

    The cores are shared out among the workers.

    Raises `XundanError` where it does not start.
    """
    each = max(1, threads() // settings.workers)
    environ = os.environ | {variables.SIZE: size.name, variables.SECRET: SECRET, variables.THREADS: str(each)}
    address, log = f"127.0.0.1:{_free_port()}", folder / "usual_way.log"
    command = [sys.executable, "-m", "gunicorn", "--config", f"python:{settings.__name__}", "--bind", address]
    command.append("benchmarks.usual_way.app:create()")
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait_until_up(process, f"http://{address}", log)
        yield f"http://{address}", process.pid
    finally:
        process.terminate()
        process.wait(STOP_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once every worker has answered."""
    deadline, workers = time.monotonic() + UP_S, set[int]()
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(Retryable), Client(url, timeout_s=UP_S) as client:
            workers.add(client.request("GET", "/readyz").json()["worker"])
            if len(workers) == settings.workers:
                return
        time.sleep(0.05)
    raise XundanError(f"the usual way's server did not start; see {log}")
