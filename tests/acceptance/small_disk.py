"""Disks that fail under a running process: full to the last byte, read-only, or with errors of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

BLOCK = 4096


class SmallDisk:
    """A tmpfs of `megabytes`, seen at `path`."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        self._below = path.with_name(path.name + "-below")
        self._ballast = self._below / "ballast"
        for folder in (self._below, self.path):
            folder.mkdir()
        done = _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self._below)
        if done.returncode:
            pytest.skip(f"mounting a small file system is not permitted here: {done.stderr.partition(chr(10))[0]}")
        _run("mount", "--bind", self._below, self.path).check_returncode()

    def fill(self) -> None:
        """Take what room there is left."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * BLOCK)

    def leave(self, megabytes: int) -> None:
        """Take room until only so much is left."""
        room = os.statvfs(self._below)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - megabytes * 2**20)

    def free(self) -> None:
        """Give back what `fill` or `leave` took."""
        self._ballast.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """What is opened by its path now lies on a read-only file system; what is open already stays as it is.

        No disk can be remounted read-only while a process has a file on it open for writing, so a read-only view is
        laid over it.
        """
        _run("mount", "--bind", self._below, self.path).check_returncode()
        try:
            _run("mount", "-o", "remount,bind,ro", self.path).check_returncode()
            yield
        finally:
            _run("umount", "-l", self.path).check_returncode()

    def unmount(self) -> None:
        for folder in (self.path, self._below):
            _run("umount", "-l", folder)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    disk = SmallDisk(path, megabytes)
    try:
        yield disk
    finally:
        disk.unmount()


@contextmanager
def failing(process: subprocess.Popen[bytes], fault: str) -> Iterator[None]:
    """While the block runs, system calls of a process fail: `fault` is CALL,CALL:error=NAME."""
    if shutil.which("strace") is None:
        pytest.skip("no strace to make system calls fail with")
    calls = fault.partition(":")[0]
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={fault}"]
    with subprocess.Popen([*command, "-p", str(process.pid)], stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not look at another process here: {said.strip()}")
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)


def _run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)
