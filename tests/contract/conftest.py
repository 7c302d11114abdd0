"""Every adapter of a port passes the same tests: a new one is a new entry in a table here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from xundan.domain.cells import Contributions
from xundan.domain.effects import Effects
from xundan.domain.labels import Labels
from xundan.domain.ports import Cache, DeadLetters, EventLog, Store
from xundan.embedded.memory_cache import MemoryCache
from xundan.embedded.sqlite_dead import SqliteDeadLetters
from xundan.embedded.sqlite_labels import SqliteLabels
from xundan.embedded.sqlite_log import SqliteLog
from xundan.embedded.sqlite_store import SqliteStore


class WritableStore(Store, Protocol):
    """A store and the part of its writer that the contract speaks of."""

    def begin(self) -> None: ...
    def apply(self, shop: str, owner: str, epoch: int, seq: int, effects: Effects) -> None: ...
    def add_cubes(self, shop: str, contributions: Contributions) -> None: ...
    def commit(self, position: int) -> None: ...
    def rollback(self) -> None: ...
    def next_epoch(self) -> int: ...
    def close(self) -> None: ...


class ClosableDeadLetters(DeadLetters, Protocol):
    def close(self) -> None: ...


LOGS: dict[str, Callable[..., EventLog]] = {"sqlite": lambda place, **options: SqliteLog(place / "log.db", **options)}
STORES: dict[str, Callable[[Path], WritableStore]] = {"sqlite": lambda place: SqliteStore(place / "store.db")}
DEAD: dict[str, Callable[[Path], ClosableDeadLetters]] = {"sqlite": lambda place: SqliteDeadLetters(place / "dead.db")}
LABELS: dict[str, Callable[[Path], Labels]] = {"sqlite": lambda place: SqliteLabels(place / "labels.db")}
CACHES: dict[str, Callable[..., Cache]] = {"memory": MemoryCache}


class Opener:
    """Opens an adapter in one place, again and again; closes what is left open."""

    def __init__(self, make: Callable[..., Any], place: Path) -> None:
        self._make = make
        self._place = place
        self._opened: list[Any] = []

    def __call__(self, **options: Any) -> Any:
        self._opened.append(self._make(self._place, **options))
        return self._opened[-1]

    def close(self) -> None:
        for adapter in self._opened:
            adapter.close()


@pytest.fixture(params=LOGS)
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., EventLog]]:
    opener = Opener(LOGS[request.param], tmp_path)
    yield opener
    opener.close()


@pytest.fixture
def log(open_log: Callable[..., EventLog]) -> EventLog:
    return open_log()


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., WritableStore]]:
    opener = Opener(STORES[request.param], tmp_path)
    yield opener
    opener.close()


@pytest.fixture
def store(open_store: Callable[..., WritableStore]) -> WritableStore:
    return open_store()


@pytest.fixture(params=DEAD)
def open_dead(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., ClosableDeadLetters]]:
    opener = Opener(DEAD[request.param], tmp_path)
    yield opener
    opener.close()


@pytest.fixture(params=LABELS)
def open_labels(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Labels]]:
    opener = Opener(LABELS[request.param], tmp_path)
    yield opener
    opener.close()


@pytest.fixture(params=CACHES)
def make_cache(request: pytest.FixtureRequest) -> Callable[..., Cache]:
    return CACHES[request.param]


class SmallDisk:
    """A file system of 2 MiB that can be enlarged and made read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting a small file system is not permitted here: {done.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True, capture_output=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", self.path], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.unmount()
