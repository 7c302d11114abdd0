"""One process at a time may write a data directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from xundan.errors import ConfigError


class DataDirLock:
    """Holds a data directory until `release`, or until the process ends in whatever way. A context manager too.

    Raises `ConfigError` naming the process that holds it.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / "lock"
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"data_dir {data_dir} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise ConfigError(
                f"data_dir {data_dir} is in use by another Xundan (process {holder}): stop it, or set another data_dir"
            ) from None
        with suppress(OSError):  # on a full disk the lock holds all the same, only its owner's number is missing
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> DataDirLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()
