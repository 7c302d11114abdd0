"""The log's index of what it has seen: kept in memory at first, written bucket by bucket, whole again after a crash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_facts import appends, message, scored

from xundan.domain.ports import Append
from xundan.embedded.seen import identity_hash
from xundan.embedded.sqlite_log import SqliteLog


class Crashing:
    """A log whose process can be killed: what is on the disk stays, what is in memory goes."""

    def __init__(self, place: Path, recent: int) -> None:
        self._place = place
        self._recent = recent
        self._lives = 0
        (place / "0").mkdir()
        self.log = self._open()

    def kill(self) -> None:
        old, self._lives = self._place / str(self._lives), self._lives + 1
        new = self._place / str(self._lives)
        new.mkdir()
        for name in ("log.db", "log.db-wal"):
            shutil.copy(old / name, new / name)
        self.log.close()
        self.log = self._open()

    def _open(self) -> SqliteLog:
        return SqliteLog(self._place / str(self._lives) / "log.db", recent=self._recent)


@pytest.fixture(params=[0, 70, 300, 100_000])
def crashing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crashing]:
    made = Crashing(tmp_path, request.param)
    yield made
    made.log.close()


def append(log: SqliteLog, items: list[Append], size: int = 40) -> None:
    for start in range(0, len(items), size):
        log.append_now(items[start : start + size])


def test_all_that_was_seen_is_known_after_a_crash(crashing: Crashing) -> None:
    items = [Append(message(f"m{n}"), f"k{n}" if n % 3 else "") for n in range(400)]
    append(crashing.log, items)
    crashing.kill()
    assert all(answer.duplicate for answer in crashing.log.append_now(items))
    assert [crashing.log.find("1024", f"k{n}") for n in range(400)] == [
        message(f"m{n}") if n % 3 else None for n in range(400)
    ]
    more = [Append(message(f"n{n}")) for n in range(400)]
    append(crashing.log, more)
    crashing.kill()
    crashing.kill()
    assert all(answer.duplicate for answer in crashing.log.append_now(items + more))


def test_scored_copies_do_not_hide_their_neighbours_from_the_index(crashing: Crashing) -> None:
    """A copy that replaces an early one must not make what came between them look written."""
    names = [f"m{n}" for n in range(250)]
    append(crashing.log, appends(*map(message, names)))
    first_of_bucket = {identity_hash(message(name))[0] >> 2: name for name in reversed(names)}
    append(crashing.log, appends(*map(scored, first_of_bucket.values())))
    more = [f"more{n}" for n in range(60)]
    append(crashing.log, appends(*map(message, more)))
    crashing.kill()
    answers = crashing.log.append_now(appends(*map(message, names + more)))
    assert all(answer.duplicate for answer in answers)
    assert {answer.fact.id for answer in answers if answer.fact == scored(answer.fact.id)} == {
        *first_of_bucket.values()
    }


def test_an_idempotency_key_stays_with_the_fact_that_brought_it(crashing: Crashing) -> None:
    crashing.log.append_now([Append(message("a"), "key"), Append(message("b"))])
    crashing.log.append_now([Append(scored("b"), "key")])
    assert crashing.log.find("1024", "key") == message("a")
    crashing.kill()
    assert crashing.log.find("1024", "key") == message("a")
    assert crashing.log.append_now(appends(message("b")))[0].fact == scored("b")


def test_memory_stays_bounded(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", recent=300)
    append(log, [Append(message(f"m{n}"), f"k{n}") for n in range(1000)])
    assert sum(len(bucket) for bucket in log._seen._recent) <= 300
    log.close()
