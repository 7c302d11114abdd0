"""One process per data directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SmallDisk
from xundan.embedded.lock import DataDirLock
from xundan.errors import ConfigError

HOLDER = """
import sys
from pathlib import Path
from xundan.embedded.lock import DataDirLock
lock = DataDirLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_it_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ConfigError, match=rf"in use by another Xundan \(process {holder.pid}\)"):
            DataDirLock(tmp_path)
        holder.kill()
    with DataDirLock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_it_can_be_let_go_and_taken_again(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    with pytest.raises(ConfigError):
        DataDirLock(tmp_path)
    lock.release()
    lock.release()
    DataDirLock(tmp_path).release()


def test_a_directory_that_cannot_be_written(tmp_path: Path, small_disk: SmallDisk) -> None:
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        DataDirLock(tmp_path / "nowhere")
    small_disk.remount("ro")
    with pytest.raises(ConfigError, match="cannot be written: Read-only file system"):
        DataDirLock(small_disk.path)
