"""The models of a data directory: one folder a version, and a file that says which of them is active."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xundan.errors import ConfigError, XundanError
from xundan.understand.directory import CARD, ModelDirectory, read_directory
from xundan.understand.model import DEFAULT_MODEL

BUILT_IN = "built-in"
POINTER = "active.json"
REMEMBERED = 20
"""Activations that `rollback` can go back over."""

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


@dataclass(frozen=True)
class Known:
    """A model that can be activated. `path` is None for the one in the package, `fault` is "" for a sound one."""

    version: str
    path: Path | None
    card: dict[str, Any]
    fault: str = ""


class Registry:
    """The models below `folder`, which need not exist. Every change is one atomic rename.

    Several processes may read and change it; the active version is a file's content, so all of them see it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / POINTER

    def all(self) -> list[Known]:
        """The model in the package first, then the added ones by version; broken ones too, with what is wrong."""
        built_in = read_directory(DEFAULT_MODEL)
        return [Known(built_in.version, None, built_in.card), *self._added()]

    def active(self) -> Path | None:
        """The active model's directory, None for the one in the package. Raises `ConfigError` for a broken pointer."""
        name = self._state()["active"]
        return None if name == BUILT_IN else self._folder / name

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever another model is activated."""
        try:
            found = self._pointer.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def add(self, source: Path, check: Callable[[Path], object]) -> str:
        """Copy a model directory in, once `check` has found nothing wrong with it; its version.

        Raises `ConfigError` where the directory is broken, or another model has its version.
        """
        found = _sound(source)
        version = found.version
        if not _VERSION.fullmatch(version) or version == BUILT_IN:
            raise ConfigError(f"{source / CARD}: version {version!r} cannot be a folder's name")
        if version == read_directory(DEFAULT_MODEL).version:
            raise ConfigError(f"{source}: version {version} is the built-in model")
        target = self._folder / version
        if target.exists():
            if _sound(target).card == found.card:
                return version
            raise ConfigError(f"{source}: another model has the version {version} already")
        check(source)
        self._copy(found, target)
        return version

    def activate(self, version: str) -> None:
        """Make a model the active one; running servers notice. Raises `ConfigError` for one that is not there."""
        name = self._name_of(version)
        state = self._state(broken_ok=True)
        if state["active"] != name:
            before = [*state["before"], state["active"]][-REMEMBERED:]
            self._write({"active": name, "before": before})

    def previous(self) -> str:
        """What `rollback` would make active. Raises `ConfigError` where nothing was active before."""
        before = self._state()["before"]
        if not before:
            raise ConfigError("no model was active before this one")
        return str(before[-1])

    def rollback(self) -> str:
        """Make the model active again that was so before the active one; its version, or `BUILT_IN`."""
        name = self.previous()
        self._write({"active": name, "before": self._state()["before"][:-1]})
        return name

    def path_of(self, version: str) -> Path | None:
        """A model's directory, None for the one in the package. Raises `ConfigError` for one that is not there."""
        name = self._name_of(version)
        return None if name == BUILT_IN else self._folder / name

    def _name_of(self, version: str) -> str:
        if version in (BUILT_IN, read_directory(DEFAULT_MODEL).version):
            return BUILT_IN
        if not _VERSION.fullmatch(version) or not (self._folder / version).is_dir():
            raise ConfigError(f"there is no model {version!r}; `xundan model list` shows those there are")
        return version

    def _added(self) -> Iterator[Known]:
        folders = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        for folder in folders:
            if folder.is_dir() and _VERSION.fullmatch(folder.name):
                try:
                    yield Known(folder.name, folder, _sound(folder).card)
                except ConfigError as error:
                    yield Known(folder.name, folder, {}, str(error))

    def _copy(self, found: ModelDirectory, target: Path) -> None:
        """A half copied model is never seen under its name."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        coming = Path(tempfile.mkdtemp(prefix=".coming-", dir=self._folder))
        try:
            for name in (CARD, *found.card["files"]):
                shutil.copyfile(found.path / name, coming / name)
                _to_disk(coming / name)
            read_directory(coming)
            coming.rename(target)
            _to_disk(self._folder)
        finally:
            shutil.rmtree(coming, ignore_errors=True)

    def _state(self, *, broken_ok: bool = False) -> dict[str, Any]:
        try:
            state = json.loads(self._pointer.read_text(encoding="utf-8"))
            names = [state["active"], *state["before"]]
            if all(isinstance(name, str) and _VERSION.fullmatch(name) for name in names):
                return {"active": names[0], "before": names[1:]}
        except FileNotFoundError:
            return {"active": BUILT_IN, "before": []}
        except (OSError, ValueError, TypeError, KeyError):
            pass
        if broken_ok:
            return {"active": "", "before": []}
        raise ConfigError(f"{self._pointer} cannot be read; `xundan model activate VERSION` writes it anew")

    def _write(self, state: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state["before"] = [name for name in state["before"] if name]
        coming = self._pointer.with_suffix(f".{os.getpid()}")
        coming.write_text(json.dumps(state), encoding="utf-8")
        _to_disk(coming)
        coming.replace(self._pointer)
        _to_disk(self._folder)


def _sound(path: Path) -> ModelDirectory:
    try:
        return read_directory(path)
    except ConfigError as error:
        raise ConfigError(plain(error)) from None


def plain(error: XundanError) -> str:
    """What is wrong with a model directory that no setting named."""
    return str(error).removeprefix("model_dir: ")


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
