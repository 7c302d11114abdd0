"""The composition root: which class stands behind which port in which profile, and how they are put together.

The sole place that knows profiles. A class is imported only when its profile is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xundan.domain.labels import Labels
from xundan.domain.ports import DeadLetters, EventLog, Store
from xundan.errors import ConfigError
from xundan.settings import Settings

if TYPE_CHECKING:
    from xundan.embedded.rebuild import Rebuilt
    from xundan.receive.letters import Letters
    from xundan.receive.services import Services
    from xundan.serving import Scoring

ADAPTERS: dict[tuple[str, str], str] = {
    ("embedded", "Lock"): "xundan.embedded.lock:DataDirLock",
    ("embedded", "EventLog"): "xundan.embedded.sqlite_log:SqliteLog",
    ("embedded", "EventLogReader"): "xundan.embedded.sqlite_log:SqliteLogReader",
    ("embedded", "Store"): "xundan.embedded.sqlite_store:SqliteStore",
    ("embedded", "StoreReader"): "xundan.embedded.sqlite_store:SqliteStoreReader",
    ("embedded", "DeadLetters"): "xundan.embedded.sqlite_dead:SqliteDeadLetters",
    ("embedded", "Labels"): "xundan.embedded.sqlite_labels:SqliteLabels",
    ("embedded", "Cache"): "xundan.embedded.memory_cache:MemoryCache",
    ("embedded", "Runner"): "xundan.embedded.runner:InProcessRunner",
    ("embedded", "arithmetic"): "xundan.embedded.arithmetic:claim",
    ("embedded", "rebuild"): "xundan.embedded.rebuild:rebuild",
    ("embedded", "KeyService"): "xundan.protect.keyfile:KeyFile",
}
"""(profile, port) -> "module:Class"."""

ADDRESS = "server.url"
"""The file in the data directory that holds a running server's address."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What can be read, also while another process writes."""

    settings: Settings
    log: EventLog
    store: Store
    dead: DeadLetters


@dataclass(frozen=True)
class Files:
    """Where the embedded profile keeps what, below the data directory."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.db"

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def dead(self) -> Path:
        return self.folder / "dead.db"

    @property
    def labels(self) -> Path:
        return self.folder / "labels.db"

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"


def adapter(profile: str, port: str) -> Any:
    """The class behind a port, imported now."""
    module, _, name = ADAPTERS[profile, port].partition(":")
    return getattr(import_module(module), name)


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Everything a server stands on, opened for this process alone; the runner runs until the block is left.

    Raises:
        ConfigError: another process has the data directory, or it or the key file cannot be used.
        XundanError: there is no model where `model_dir` says.
    """
    from xundan.measure.report import build
    from xundan.protect.protector import Protector
    from xundan.receive.intake import Intake
    from xundan.receive.services import Services

    part = partial(adapter, settings.profile)
    files = Files(make_folder(settings.data_dir))
    with ExitStack() as stack:
        stack.enter_context(part("Lock")(settings.data_dir))
        scorer, models = _scoring(settings, stack)
        log = stack.enter_context(closing(part("EventLog")(files.log)))
        store = stack.enter_context(closing(part("Store")(files.store)))
        dead = stack.enter_context(closing(part("DeadLetters")(files.dead)))
        cache = part("Cache")()
        protector = Protector(part("KeyService")(files.keys))
        runner = part("Runner")(log, store, dead, settings.rules, scorer and scorer.score_now)
        stack.callback(runner.stop)
        runner.start()
        yield Services(
            settings=settings,
            log=log,
            store=store,
            cache=cache,
            dead=dead,
            runner=runner,
            models=models,
            intake=Intake(log, protector, scorer, dead, cache, settings),
            report=lambda query: build(query, store, settings.rules, min_overlap=settings.min_overlap),
        )


def _scoring(settings: Settings, stack: ExitStack) -> Scoring | tuple[None, None]:
    """What understands messages; loaded only where scoring is on."""
    if not settings.scoring:
        return None, None
    from xundan.serving import open_scoring

    return open_scoring(settings, stack)


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """The data for reading only; it takes no lock and changes nothing. Raises `XundanError` where there is none yet."""
    files = Files(settings.data_dir)
    part = partial(adapter, settings.profile)
    with ExitStack() as stack:
        yield Reader(
            settings=settings,
            log=stack.enter_context(closing(part("EventLogReader")(files.log))),
            store=stack.enter_context(closing(part("StoreReader")(files.store))),
            dead=stack.enter_context(closing(part("DeadLetters")(files.dead))),
        )


def damage(settings: Settings) -> list[str]:
    """What is wrong with the databases, in their own words; [] for sound ones."""
    files = Files(settings.data_dir)
    found: list[str] = []
    kept = [("EventLogReader", files.log), ("StoreReader", files.store)]
    if files.labels.exists():
        kept.append(("Labels", files.labels))
    for port, path in kept:
        with closing(adapter(settings.profile, port)(path)) as database:
            found += database.check()
    return found


def refuse_other_arithmetic(settings: Settings) -> None:
    """Raise `ConfigError` when the stored figures were computed by other settings than these."""
    with closing(adapter(settings.profile, "StoreReader")(Files(settings.data_dir).store)) as store:
        if store.arithmetic() is not None:
            adapter(settings.profile, "arithmetic")(store, settings.rules)


@contextmanager
def open_letters(settings: Settings) -> Iterator[Letters]:
    """The dead letters for writing, beside a running server."""
    from xundan.protect.protector import Protector
    from xundan.receive.letters import Letters

    files = Files(settings.data_dir)
    protector = Protector(adapter(settings.profile, "KeyService")(files.keys))
    with closing(adapter(settings.profile, "DeadLetters")(files.dead)) as dead:
        yield Letters(dead, protector)


@contextmanager
def open_labels(settings: Settings) -> Iterator[Labels]:
    """The labelled messages, for reading and writing, beside a running server."""
    labels: Labels = adapter(settings.profile, "Labels")(Files(make_folder(settings.data_dir)).labels)
    with closing(labels):
        yield labels


def rebuild(settings: Settings, *, keep: bool, progress: Callable[[int], None]) -> Rebuilt:
    """Compute the store anew from the facts, alone on the data directory; `keep` puts the new one in its place.

    Raises `ConfigError` while another process has the data directory.
    """
    files = Files(make_folder(settings.data_dir))
    with adapter(settings.profile, "Lock")(settings.data_dir):
        made: Rebuilt = adapter(settings.profile, "rebuild")(files.store, settings.rules, keep=keep, progress=progress)
    return made


def make_folder(folder: Path) -> Path:
    """Make the data directory, readable by its owner alone. Raises `ConfigError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"data_dir {folder} cannot be made: {error.strerror}") from None
    return folder


def refuse_if_in_use(profile: str, data_dir: Path) -> None:
    """Raise `ConfigError` naming the process that has the data directory, if one has it."""
    adapter(profile, "Lock")(data_dir).release()


def server_url(settings: Settings) -> str | None:
    """The address of the server that has the data directory, None when no process has it.

    Raises `ConfigError` when one has it that is no server (an import, say).
    """
    make_folder(settings.data_dir)
    try:
        refuse_if_in_use(settings.profile, settings.data_dir)
    except ConfigError:
        try:
            return (settings.data_dir / ADDRESS).read_text(encoding="utf-8").strip()
        except OSError:
            pass
        raise
    return None
