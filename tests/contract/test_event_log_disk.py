"""The log on a disk that is full, read-only or locked, and of a process that is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from contract_facts import appends, message

from conftest import SmallDisk
from xundan.embedded import sqlite
from xundan.embedded.sqlite_log import SqliteLog, SqliteLogReader
from xundan.errors import ConfigError, Retryable, XundanError

LONG = "这件衣服有货吗？" * 200


def fill(log: SqliteLog, name: str) -> list[str]:
    """Append until the disk is full; the ids that were acknowledged."""
    done: list[str] = []
    while True:
        batch = [f"{name}{len(done) + n}" for n in range(10)]
        try:
            log.append_now(appends(*(message(id, text=LONG) for id in batch)))
        except Retryable:
            return done
        done += batch


def ids(log: SqliteLog | SqliteLogReader) -> list[str]:
    return [logged.fact.id for logged in log.read(0, 1_000_000)]


def test_a_full_disk_and_recovery_without_a_restart(small_disk: SmallDisk) -> None:
    log = SqliteLog(small_disk.path / "log.db")
    acknowledged = fill(log, "a")
    assert acknowledged
    assert ids(log) == acknowledged, "what was refused is not there, what was acknowledged is, and reading works"
    for _ in range(3):
        with pytest.raises(Retryable, match="the disk is full"):
            log.append_now(appends(message("refused", text=LONG * 10)))
    small_disk.remount("size=64m")
    answers = log.append_now(appends(*(message(id, text=LONG) for id in [*acknowledged, "new"])))
    assert [answer.duplicate for answer in answers] == [True] * len(acknowledged) + [False]
    log.close()
    again = SqliteLog(small_disk.path / "log.db")
    assert ids(again) == [*acknowledged, "new"]
    again.close()


def test_a_disk_that_turns_read_only_and_back(small_disk: SmallDisk) -> None:
    log = SqliteLog(small_disk.path / "log.db")
    acknowledged = fill(log, "a")
    small_disk.remount("ro")
    for _ in range(2):
        with pytest.raises(Retryable, match=r"[Rr]ead-only"):
            log.append_now(appends(message("refused")))
    small_disk.remount("rw,size=64m")
    log.append_now(appends(message("new")))
    assert ids(log) == [*acknowledged, "new"]
    log.close()


def test_a_read_only_disk_can_be_read(small_disk: SmallDisk) -> None:
    log = SqliteLog(small_disk.path / "log.db")
    log.append_now(appends(message("m1")))
    log.close()
    small_disk.remount("ro")
    with pytest.raises(Retryable, match=r"log\.db cannot be opened: Read-only file system"):
        SqliteLog(small_disk.path / "log.db")
    reader = SqliteLogReader(small_disk.path / "log.db")
    assert ids(reader) == ["m1"]
    reader.close()


def test_a_file_that_another_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    log = SqliteLog(tmp_path / "log.db")
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="another process is writing it"):
        log.append_now(appends(message("m1")))
    other.execute("ROLLBACK")
    other.close()
    assert not log.append_now(appends(message("m1")))[0].duplicate
    log.close()


def test_two_writers_never_log_a_fact_twice(tmp_path: Path) -> None:
    """It should not happen, a lock on the directory forbids it; if it does, each sees what the other wrote."""
    one, two = SqliteLog(tmp_path / "log.db"), SqliteLog(tmp_path / "log.db")
    for number in range(10):
        assert not one.append_now(appends(message(f"one{number}")))[0].duplicate
        assert two.append_now(appends(message(f"one{number}")))[0].duplicate
        assert not two.append_now(appends(message(f"two{number}")))[0].duplicate
        assert one.append_now(appends(message(f"two{number}")))[0].duplicate
    one.close()
    two.close()


def test_a_log_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    SqliteLog(tmp_path / "log.db").close()
    raw = sqlite3.connect(tmp_path / "log.db")
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(ConfigError, match=r"newer Xundan \(schema 99"):
        SqliteLog(tmp_path / "log.db")


def test_a_fact_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    log.append_now(appends(message("m1"), message("m2")))
    log.close()
    raw = sqlite3.connect(tmp_path / "log.db")
    raw.execute("""UPDATE events SET data = '{"v":7,"message":{"moved":1}}' WHERE offset = 2""")
    raw.commit()
    raw.close()
    reader = SqliteLogReader(tmp_path / "log.db")
    assert len(reader.read(0, 1)) == 1
    with pytest.raises(XundanError, match=r"offset 2: .* schema version 7, this Xundan knows 1"):
        reader.read(0, 10)
    reader.close()


def test_damage_is_found(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    log.append_now(appends(*(message(f"m{n}") for n in range(500))))
    assert log.check() == []
    log.close()
    with (tmp_path / "log.db").open("r+b") as file:
        file.seek(3 * 8192)
        file.write(os.urandom(8192))
    reader = SqliteLogReader(tmp_path / "log.db")
    assert problems(reader)
    reader.close()


def problems(reader: SqliteLogReader) -> list[str]:
    try:
        return reader.check()
    except Retryable as error:
        return [str(error)]


def test_a_log_that_does_not_exist_yet(tmp_path: Path) -> None:
    with pytest.raises(XundanError, match="does not exist yet"):
        SqliteLogReader(tmp_path / "log.db").last_offset()
    assert list(tmp_path.iterdir()) == []


def test_its_files_are_the_owners_alone(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    log.append_now(appends(message("m1")))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["log.db"], "nothing is left beside it"


APPENDER = """
import asyncio, os, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from contract_facts import appends, message
from xundan.embedded.sqlite_log import SqliteLog

log = SqliteLog(Path(sys.argv[1]), recent=200)
round = sys.argv[2]

def acknowledge(names):
    os.write(1, "".join(name + "\\n" for name in names).encode())

def thread(who):
    number = 0
    while True:
        names = [f"{round}-{who}-{number}-{n}" for n in range(7)]
        log.append_now(appends(*map(message, names)))
        acknowledge(names)
        number += 1

async def task(who):
    number = 0
    while True:
        await log.append(appends(message(f"{round}-{who}-{number}")))
        acknowledge([f"{round}-{who}-{number}"])
        number += 1

async def tasks():
    await asyncio.gather(*(task(f"task{n}") for n in range(8)))

threading.Thread(target=thread, args=("thread",), daemon=True).start()
asyncio.run(tasks())
"""


def append_until_killed(path: Path, round: int, seconds: float) -> list[str]:
    """What a process acknowledged before SIGKILL, sent `seconds` after its first acknowledgement."""
    arguments = [sys.executable, "-c", APPENDER, str(path), str(round), str(Path(__file__).parent)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    lines = (first + rest).decode().split("\n")
    return lines[:-1]


def test_killed_in_the_middle_of_appends(tmp_path: Path) -> None:
    """Whatever was acknowledged is there exactly once, and is known to the next process."""
    path = tmp_path / "log.db"
    acknowledged: list[str] = []
    for round in range(6):
        acknowledged += append_until_killed(path, round, 0.05 + 0.1 * round)
    log = SqliteLog(path, recent=200)
    count = Counter(ids(log))
    assert len(acknowledged) > 200
    assert [id for id in acknowledged if count[id] != 1] == []
    assert [id for id, number in count.items() if number != 1] == []
    assert all(answer.duplicate for answer in log.append_now(appends(*map(message, count))))
    assert log.check() == []
    log.close()
