"""Hot swap: when another model is activated, a running server loads and checks it beside the old one and switches."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from xundan.errors import XundanError
from xundan.understand.model import OnnxClassifier
from xundan.understand.registry import BUILT_IN, Registry, plain
from xundan.understand.scorer import Scorer

log = logging.getLogger(__name__)

EVERY_S = 1.0
CLOSE_S = 0.5


class ModelWatch:
    """Looks at the registry every second, on a thread of its own; a model that fails its check changes nothing.

    Args:
        active: the directory of the model that `scorer` has now, None for the one in the package.
        load: loads a model and checks it; raises `XundanError`.

    `switched` and `refused` count activations that were followed and that were not; `fault` names the last one that was
    not and says why, "" where it was.
    """

    def __init__(
        self,
        registry: Registry,
        scorer: Scorer,
        active: Path | None,
        load: Callable[[Path | None], OnnxClassifier],
        every_s: float = EVERY_S,
    ) -> None:
        self.switched = self.refused = 0
        self.fault = ""
        self._registry = registry
        self._scorer = scorer
        self._load = load
        self._every = every_s
        self._seen: tuple[int, ...] | None = None
        self._active = active
        self._end = Event()
        self._thread = Thread(target=self._watch, name="xundan-models", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a model that is being loaded is not waited for. Idempotent."""
        self._end.set()
        self._thread.join(CLOSE_S)

    def _watch(self) -> None:
        while not self._end.wait(self._every):
            stamp = self._registry.stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._follow()

    def _follow(self) -> None:
        name = ""
        try:
            wanted = self._registry.active()
            name = BUILT_IN if wanted is None else wanted.name
            if wanted != self._active:
                self._scorer.use(self._load(wanted))
                self._active = wanted
                self.switched += 1
                log.info("model switched", extra={"action": "model_switched", "model": self._scorer.version})
            self.fault = ""
        except XundanError as error:
            self._refuse(name, plain(error))
        except Exception as error:  # whatever a model does, the old one goes on
            self._refuse(name, f"cannot be loaded: {type(error).__name__}")

    def _refuse(self, name: str, why: str) -> None:
        fault = f"{name}: {why}"
        log.error("model refused, %s stays: %s", self._scorer.version, fault, extra={"action": "model_refused"})
        self.refused += 1
        self.fault = fault
