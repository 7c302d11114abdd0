"""GET /healthz and /readyz: whether the process lives, and whether it can do its work."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from xundan.errors import XundanError
from xundan.receive.services import Services

PROBE = ".writable"
FRESH_S = 1.0


class Alive(msgspec.Struct):
    """The process answers."""

    status: str


class Ready(msgspec.Struct):
    """`log` and `runner` are "ok" or say what is wrong; `lag` counts entries the reports do not contain yet.

    `model` is the version that scores, "off" where scoring is switched off; `model_fault` says why an activated model
    does not, "" when all is well.
    """

    ready: bool
    log: str
    runner: str
    lag: int
    position: int
    model: str
    model_fault: str = ""


class Health:
    """The handlers. The disk is tried once a second at most."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._log = ""
        self._tried = float("-inf")

    async def healthz(self, request: Request) -> Response:
        """Always 200 while the process can answer at all."""
        return Response(msgspec.json.encode(Alive("ok")), media_type="application/json")

    async def readyz(self, request: Request) -> Response:
        """200 when the log can be written and the runner works, else 503."""
        ready = await run_in_threadpool(self._ready)
        headers = None if ready.ready else {"Retry-After": "5"}
        return Response(msgspec.json.encode(ready), 200 if ready.ready else 503, headers, "application/json")

    def _ready(self) -> Ready:
        if time.monotonic() >= self._tried + FRESH_S:
            self._log = self._log_state()
            self._tried = time.monotonic()
        status = self._services.runner.status()
        runner = str(status["error"] or "ok")
        ready = self._log == runner == "ok"
        model, models = self._services.intake.model, self._services.models
        fault = "" if models is None else models.fault
        return Ready(ready, self._log, runner, status["lag"], status["position"], model, fault)

    def _log_state(self) -> str:
        try:
            self._services.intake.check_room()
            self._services.log.last_offset()
            _try_to_write(self._services.settings.data_dir)
        except XundanError as error:
            return str(error)
        except OSError as error:
            return f"the data directory cannot be written: {error.strerror}"
        return "ok"


def _try_to_write(directory: Path) -> None:
    probe = directory / PROBE
    with probe.open("wb") as file:
        file.write(b"1")
        file.flush()
        os.fsync(file.fileno())
    probe.unlink()
