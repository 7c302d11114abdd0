"""The real server, `xundan serve`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import SHOP
from xundan.client import Client
from xundan.errors import Retryable, XundanError
from xundan.receive.tokens import SCOPES, mint
from xundan.settings import PREFIX, Settings, load
from xundan.wiring import ADDRESS

SECRET = "a secret for benchmarks, long enough for HS256"
UP_S = 60
STOP_S = 30


@dataclass(frozen=True)
class Server:
    """A running server. `token` allows everything."""

    url: str
    pid: int
    token: str
    settings: Settings

    def lag(self) -> int:
        """How many entries of the log the reports do not contain yet."""
        with Client(self.url) as client:
            answer = client.request("GET", "/readyz").json()
        if answer["runner"] != "ok":
            raise XundanError(f"the runner does not run: {answer['runner']}")
        return int(answer["lag"])

    def metrics(self) -> dict[str, float]:
        """Every sample of `/metrics`, by its name and labels as they are written there."""
        with Client(self.url) as client:
            text = client.request("GET", "/metrics").body.decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def wait_until_carried(self, pause_s: float = 0.05) -> float:
        """Return once the reports contain everything that was acknowledged; says how many seconds that took."""
        began = time.perf_counter()
        while self.lag():
            time.sleep(pause_s)
        return time.perf_counter() - began


def settings_for(folder: Path, *, scoring: bool, model: Path | None = None) -> Settings:
    """A shop's settings, its data in a folder; `model` None for the model in the package."""
    given = {"shop_id": SHOP, "coze_secret": SECRET, "data_dir": str(folder), "scoring": scoring, "port": 0}
    return load(environ={}, override=given | ({"model_dir": str(model)} if model else {}))


def environment(settings: Settings) -> dict[str, str]:
    """These settings as a process of its own reads them."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    names = ("shop_id", "data_dir", "scoring", "port", *(["model_dir"] if settings.model_dir else []))
    said = {PREFIX + name.upper(): str(getattr(settings, name)) for name in names}
    return ours | said | {PREFIX + "COZE_SECRET": SECRET, "PYTHONUNBUFFERED": "1"}


def request(url: str, token: str, message: Mapping[str, object]) -> bytes:
    """A request to `POST /coze` as it goes over the wire."""
    body = json.dumps(message, ensure_ascii=False).encode()
    head = (
        f"POST /coze HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """A server over the settings' data directory, ended with the block. Raises `XundanError` where none starts."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "server.log").open("wb") as log:
        command = [sys.executable, "-P", "-m", "xundan", "serve"]
        process = subprocess.Popen(
            command, cwd=settings.data_dir, env=environment(settings), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        token = mint(settings, SHOP, 1, SCOPES)
        yield Server(_wait_until_up(process, settings), process.pid, token, settings)
    finally:
        process.terminate()
        process.wait(STOP_S)


def _wait_until_up(process: subprocess.Popen[bytes], settings: Settings) -> str:
    deadline = time.monotonic() + UP_S
    address = settings.data_dir / ADDRESS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, Retryable):
            url = address.read_text(encoding="utf-8").strip()
            with Client(url, timeout_s=5) as client:
                if client.request("GET", "/readyz").status == 200:
                    return url
        time.sleep(0.02)
    raise XundanError(f"the server did not start; see {settings.data_dir / 'server.log'}")
