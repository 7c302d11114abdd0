"""The server process: one uvicorn, no access log, and an end within five seconds of SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from xundan.errors import ConfigError, XundanError
from xundan.logs import configure
from xundan.settings import MIN_SECRET, Settings
from xundan.wiring import ADDRESS, make_folder, open_services, refuse_if_in_use
from xundan.words import say

if TYPE_CHECKING:
    import uvicorn

DRAIN_S = 2
"""How long requests under way may take after SIGTERM, in seconds; the rest of the five is for runner and log."""

END_S = 4.5
"""After so many seconds a server that still has not ended is ended."""

KEEP_ALIVE_S = 75
"""How long an idle connection is kept, in seconds: longer than most callers keep theirs, so that they close first."""

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while the event loop waits for it, in seconds (Python has 0.005)."""

_LOCAL = ("127.0.0.1", "localhost", "::1")
log = logging.getLogger(__name__)


def serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is told once the address answers, else it is printed.

    Raises `ConfigError` for a weak secret, `XundanError` when the port is taken or another process has the data.
    """
    from xundan.receive.app import create_app

    refuse_weak_secrets(settings)
    refuse_if_in_use(settings.profile, make_folder(settings.data_dir))  # rather than complain of its port
    configure(settings.log_level)
    sys.setswitchinterval(SWITCH_S)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # while opening, as Ctrl-C
    with listen(settings.host, settings.port) as listening, open_services(settings) as services:
        url = url_of(settings.host, listening)
        with address_file(settings.data_dir, url):
            log.info("started", extra={"action": "started", "url": url})
            started = partial(announce or _print, _ready(settings, url))
            server = _server(create_app(services), started, services.runner.stop)
            _end_by_signal(server)
            server.run(sockets=[listening])
    log.info("stopped", extra={"action": "stopped"})


def refuse_weak_secrets(settings: Settings) -> None:
    """Raise `ConfigError` for a secret that could be guessed: HS256 wants at least 32 bytes (RFC 7518, 3.2)."""
    for kid, secret in settings.coze_secret.items():
        if len(secret.encode()) < MIN_SECRET:
            raise ConfigError(say("serve.weak", kid=kid, least=MIN_SECRET))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes any free one. Raises `XundanError` with what to do when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise XundanError(say("serve.port_taken", host=host, port=port, why=why, other=port + 1)) from None


def free_port(wanted: int) -> int:
    """This port of the loopback where it is free, else any that is."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    return wanted


def url_of(host: str, listening: socket.socket) -> str:
    """The address a process on this machine reaches the socket by."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{listening.getsockname()[1]}"


@contextmanager
def address_file(data_dir: Path, url: str) -> Iterator[None]:
    """Leave the server's address in the data directory while it runs, for the commands that talk to it."""
    path = data_dir / ADDRESS
    path.write_text(url, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _end_by_signal(server: uvicorn.Server) -> None:
    """For the moment before uvicorn listens to signals, and for after it: it raises each once more when it has ended,
    and closing must go on undisturbed.
    """

    def end(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _print(text: str) -> None:
    print(text, flush=True)


def _ready(settings: Settings, url: str) -> str:
    ready = say("serve.ready", url=url, shop=settings.shop_id, data_dir=settings.data_dir)
    return ready if settings.host in _LOCAL else ready + "\n" + say("serve.public", host=settings.host)


def _server(app: Any, started: Callable[[], None], ending: Callable[[], None]) -> uvicorn.Server:
    """`started` is called once the address answers, `ending` on a thread of its own while requests still drain."""
    import uvicorn

    from xundan.one_write import OneWriteProtocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                started()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            for thread in (threading.Timer(END_S, _end_hard), threading.Thread(target=ending)):
                thread.daemon = True
                thread.start()
            super().handle_exit(sig, frame)

    return Server(
        uvicorn.Config(
            app,
            loop="uvloop" if find_spec("uvloop") else "asyncio",
            http=OneWriteProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )


def _end_hard() -> None:
    """What was acknowledged is on disk already; what is under way will be read from the log again."""
    log.warning("did not end in time and was ended", extra={"action": "ended_hard"})
    os._exit(1)
