"""`xundan demo`: a simulated shop sends a fortnight of chats and orders to a real server, and its report is shown.

Everything goes the way it goes for a real shop: a server process of its own, signed tokens, the HTTP interface.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xundan.client import Client
from xundan.config_file import new_secret, toml_lines, write_private
from xundan.errors import Retryable, XundanError
from xundan.serve import free_port
from xundan.settings import PREFIX, Settings, load
from xundan.wiring import refuse_if_in_use
from xundan.words import lang, say

if TYPE_CHECKING:
    from xundan.feed import Fed
    from xundan.simulate import Simulation

SHOP = "1024"
MARKER = ".made-by-xundan-demo"
SERVER_LOG = "server.log"
UP_S = 60
"""How long the server may take to start, in seconds."""

CARRIED_S = 300
STOP_S = 6
PAUSE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What to show. `port` None takes the usual one, or any free one; `leave` ends after the report."""

    days: int
    customers: int
    seed: int
    port: int | None
    data_dir: Path
    leave: bool
    overrides: Mapping[str, object] = field(default_factory=dict)


def run(demo: Demo) -> None:
    """The whole demonstration. Raises `XundanError` with the reason when it cannot be shown."""
    from xundan.demo_report import check, make, text

    signal.signal(signal.SIGTERM, _as_interrupt)
    config = prepare(demo)
    settings = load(config, environ={})
    with server(config, settings) as process:
        _out(say("demo.simulating", days=demo.days, customers=demo.customers))
        simulation = imagine(demo, settings)
        url = wait_until_up(process, settings)
        fed = send(url, settings, simulation)
        wait_until_carried(process, url)
        report = make(settings, simulation)
        _out("\n" + text(report) + "\n")
        _out("\n".join(check(report, simulation, fed)))
        if not demo.leave:
            _out(invitation(url, settings, config))
            _wait_for_end(process, settings)
    _out(say("demo.bye"))


def prepare(demo: Demo) -> Path:
    """A fresh data directory with a settings file in it. Raises `XundanError` where something else is there."""
    folder = demo.data_dir
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise XundanError(say("demo.not_ours", path=folder))
    if folder.exists():
        refuse_if_in_use("embedded", folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARKER).touch()
    values = {"shop_id": SHOP, "coze_secret": new_secret(), "profile": "embedded", "lang": lang()}
    values |= {"data_dir": str(folder), "host": "127.0.0.1", "port": str(demo.port or free_port(8720))}
    values |= {name: str(value) for name, value in demo.overrides.items()}
    config = folder / "xundan.toml"
    write_private(config, toml_lines(values))
    return config


def imagine(demo: Demo, settings: Settings) -> Simulation:
    """The fortnight that ends now."""
    from xundan.simulate import SimConfig, simulate

    return simulate(
        SimConfig(
            end=time.time_ns() // 1_000_000,
            shop=settings.shop_id,
            seed=demo.seed,
            days=demo.days,
            customers_per_day=demo.customers,
            zone=settings.zone,
        )
    )


@contextmanager
def server(config: Path, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A server process of its own, ended with the block."""
    command = [sys.executable, "-P", "-m", "xundan", "serve", "--config", str(config)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with (settings.data_dir / SERVER_LOG).open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_until_up(process: subprocess.Popen[bytes], settings: Settings) -> str:
    """The server's address, once it answers. Raises `XundanError` with the server's own words when it does not."""
    url = f"http://{settings.host}:{settings.port}"
    deadline = time.monotonic() + UP_S
    while process.poll() is None and time.monotonic() < deadline:
        with Client(url, timeout_s=5) as client, suppress(Retryable):
            if client.request("GET", "/readyz").status == 200:
                return url
        time.sleep(PAUSE_S)
    raise XundanError(say("demo.start_failed", why=_last_words(settings)))


def send(url: str, settings: Settings, simulation: Simulation) -> Fed:
    """Feed the server, with a progress bar for each way in."""
    from xundan.commands.progress import bars
    from xundan.feed import LIVE, Feed

    live = min(LIVE, len(simulation.messages))
    totals = {"links": len(simulation.links), "orders": len(simulation.orders)}
    totals |= {"messages": len(simulation.messages) - live, "live": live}
    with bars() as progress:
        tasks = {kind: progress.add_task(say(f"demo.{kind}"), total=total, rows="0") for kind, total in totals.items()}
        done = dict.fromkeys(tasks, 0)

        def sent(kind: str, count: int) -> None:
            done[kind] += count
            progress.update(tasks[kind], completed=done[kind], rows=f"{done[kind]:,}")

        return Feed(url, settings, sent).run(simulation)


def wait_until_carried(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until the reports contain everything that was sent. Raises `XundanError` when that does not come."""
    from xundan.commands.progress import bars

    deadline = time.monotonic() + CARRIED_S
    with Client(url) as client, bars() as progress:
        total = lag = _lag(client)
        task = progress.add_task(say("working"), total=total or 1, rows="")
        while lag and process.poll() is None and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
            lag = _lag(client)
            progress.update(task, completed=total - lag, rows=f"{total - lag:,}")
        progress.update(task, completed=(total or 1) if not lag else total - lag)
    if lag:
        raise XundanError(say("demo.slow", seconds=CARRIED_S, lag=lag))


def _lag(client: Client) -> int:
    answer = client.request("GET", "/readyz").json()
    if answer["runner"] != "ok":
        raise XundanError(say("demo.died", why=answer["runner"]))
    return int(answer["lag"])


def invitation(url: str, settings: Settings, config: Path) -> str:
    """How to send a message by hand, and how to see it: lines to be pasted as they are."""
    from xundan.receive.tokens import mint

    token = mint(settings, settings.shop_id, 1, ["intake", "context"])
    body = json.dumps({"user_id": "guest", "text": say("demo.text")}, ensure_ascii=False)
    headers = ("-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json")
    curl = shlex.join(["curl", "-sS", f"{url}/coze", *headers, "-d", body])
    beside = Path(sys.executable).with_name("xundan")
    program = [str(beside)] if beside.exists() else [sys.executable, "-m", "xundan"]
    tail = shlex.join([*program, "tail", "--follow", "--config", str(config)])
    return say("demo.now", url=url, curl=curl, tail=tail)


def _wait_for_end(process: subprocess.Popen[bytes], settings: Settings) -> None:
    try:
        process.wait()
    except KeyboardInterrupt:
        return
    raise XundanError(say("demo.died", why=_last_words(settings)))


def _last_words(settings: Settings) -> str:
    lines = (settings.data_dir / SERVER_LOG).read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), say("demo.silent"))


def _out(text: str) -> None:
    print(text, flush=True)


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
