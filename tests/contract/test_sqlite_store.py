"""What the SQLite store promises beyond the port: journeys, a full disk, a killed process, reading from outside."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_facts import conversation, message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SmallDisk
from xundan.domain.cells import Amount, Cell
from xundan.domain.effects import Effects
from xundan.embedded.sqlite_store import SqliteStore, SqliteStoreReader
from xundan.errors import Retryable, XundanError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    yield made
    made.close()


def save(store: SqliteStore, **parts: bytes | None) -> None:
    store.begin()
    for part, data in parts.items():
        store.save("1024", "u1", part, data)
    store.commit(1)


def test_parts_of_a_journey(store: SqliteStore) -> None:
    assert store.load("1024", "u1", "head") is None
    save(store, head=b"\x00\xff", d1=b"1", d2=b"", d=b"d", e=b"e")
    assert store.load("1024", "u1", "head") == b"\x00\xff"
    assert store.load("1024", "u1", "d2") == b""
    assert store.load("1024", "u2", "head") is None
    assert store.load("1025", "u1", "head") is None
    assert store.parts("1024", "u1", "d") == ["d", "d1", "d2"]
    assert store.parts("1024", "u1", "") == ["d", "d1", "d2", "e", "head"]
    save(store, d1=None, head=b"new")
    assert store.parts("1024", "u1", "d") == ["d", "d2"]
    assert store.load("1024", "u1", "d1") is None
    assert store.load("1024", "u1", "head") == b"new"


PARTS = ["head", "d1", "d2", "d10", "o1"]
moves = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(PARTS), st.one_of(st.none(), st.binary(max_size=3))),
        st.tuples(st.just("preload"), st.lists(st.sampled_from(PARTS)), st.none()),
        st.tuples(st.sampled_from(["commit", "rollback", "begin"]), st.none(), st.none()),
    ),
    max_size=15,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=moves)
def test_journeys_are_read_as_they_were_saved_in_every_order_of_calls(store: SqliteStore, moves: list[tuple]) -> None:  # type: ignore[type-arg]  # three shapes
    owner = f"u{time.monotonic_ns()}"
    durable: dict[str, bytes] = {}
    now: dict[str, bytes] = {}
    store.begin()
    for move, argument, data in moves:
        if move == "save":
            store.save("1024", owner, argument, data)
            now = {name: value for name, value in {**now, argument: data}.items() if value is not None}
        elif move == "preload":
            store.preload(("1024", owner, part) for part in argument)
        else:
            if move == "commit":
                store.commit(1)
                durable = dict(now)
            elif move == "rollback":
                store.rollback()
            store.begin()
            now = dict(durable)
        assert {part: store.load("1024", owner, part) for part in PARTS} == {part: now.get(part) for part in PARTS}
        assert store.parts("1024", owner, "d") == sorted(part for part in now if part.startswith("d"))


def test_owners(store: SqliteStore) -> None:
    store.begin()
    for shop, owner in [("2", "b"), ("1", "c"), ("1", "a"), ("1", "order:1")]:
        store.save(shop, owner, "head", b"x")
        store.save(shop, owner, "tail", b"x")
    store.commit(1)
    assert list(store.owners("1")) == [("1", "a"), ("1", "c"), ("1", "order:1")]
    assert list(store.owners()) == [("1", "a"), ("1", "c"), ("1", "order:1"), ("2", "b")]


def test_many_rows_of_every_kind(store: SqliteStore) -> None:
    """More than fit into one statement, and an awkward number of them."""
    number = 1237
    store.begin()
    for n in range(number):
        owner = f"u{n}"
        store.save("1024", owner, "head", b"%d" % n)
        store.apply(
            "1024", owner, 1, 1, Effects({f"c{n}": conversation(f"c{n}", owner)}, {(f"c{n}", 1): [message("m")]})
        )
        store.add_cubes("1024", {Cell("wrote", n): Amount(1)})
    store.commit(number)
    store.begin()
    store.preload(("1024", f"u{n}", "head") for n in range(number + 5))
    assert [store.load("1024", f"u{n}", "head") for n in range(number + 1)] == [
        *(b"%d" % n for n in range(number)),
        None,
    ]
    assert store.count_messages("1024") == number
    assert len(store.cube_dump("1024")) == 7 * number


def test_the_dump_holds_base_cells_too(store: SqliteStore) -> None:
    store.begin()
    store.add_cubes("1024", {Cell("wrote", 1): Amount(1)})
    store.commit(1)
    assert [row.grouping for row in store.cube_dump("1024")] == [
        "agent",
        "base",
        "channel",
        "intent",
        "label",
        "served_by",
        "total",
    ]
    assert store.cube_dump("1025") == []


def test_a_full_disk_and_recovery_without_a_restart(small_disk: SmallDisk) -> None:
    store = SqliteStore(small_disk.path / "store.db")

    def fill() -> None:
        while True:
            number = store.position() + 1
            store.begin()
            store.save("1024", "u1", f"d{number}", random.randbytes(50_000))
            store.add_cubes("1024", {Cell("wrote", 1): Amount(1)})
            store.commit(number)

    with pytest.raises(Retryable, match="the disk is full"):
        fill()
    number = store.position()
    assert number > 3
    assert (store.position(), store.cube("1024", "total", 1, 1)[0].n) == (number, number)
    with pytest.raises(Retryable):
        store.commit(number + 1)
    small_disk.remount("size=64m")
    store.commit(number + 1)
    assert (store.position(), store.cube("1024", "total", 1, 1)[0].n) == (number + 1, number + 1)
    assert store.check() == []
    store.close()


def test_a_fault_while_writing_leaves_nothing_behind(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.begin()
    store.save("1024", "u1", "head", b"x")
    store.apply("1024", "u1", 1, 1, Effects({"c1": conversation("c1", at="not a time")}))  # type: ignore[arg-type]
    with pytest.raises(Retryable):
        store.commit(1)
    store.rollback()
    assert store.position() == 0
    assert store.load("1024", "u1", "head") is None


def test_a_reader_from_outside_while_the_runner_writes(store: SqliteStore, tmp_path: Path) -> None:
    outside = SqliteStoreReader(tmp_path / "store.db")
    for number in range(1, 4):
        store.begin()
        store.apply("1024", "u1", 1, number, Effects({"c1": conversation("c1", messages=number)}))
        store.commit(number)
        assert outside.position() == outside.count_messages("1024") == number
    outside.close()
    with pytest.raises(XundanError, match="is closed"):
        outside.position()


def test_documents_have_the_names_that_scripts_look_for(store: SqliteStore, tmp_path: Path) -> None:
    store.begin()
    store.apply("1024", "u1", 1, 1, Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1", agent_id="小王")]}))
    store.commit(1)
    raw = sqlite3.connect(tmp_path / "store.db")
    fields = "SELECT doc ->> '_id', doc ->> 'shopId', doc ->> 'userId', doc ->> 'createTime', doc ->> 'servedBy'"
    assert raw.execute(f"{fields} FROM conversations").fetchall() == [("c1", "1024", "u1", 1_700_000_000_000, "human")]
    assert raw.execute("SELECT docs ->> '$[0].from', docs ->> '$[0].agentId' FROM messages").fetchall() == [
        ("user", "小王")
    ]
    raw.close()


RUNNER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from contract_facts import conversation
from xundan.domain.cells import Amount, Cell
from xundan.domain.effects import Effects
from xundan.embedded.sqlite_store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
epoch = store.next_epoch()
while True:
    number = store.position() + 1
    store.begin()
    for owner in range(20):
        store.save("1024", f"u{owner}", "head", str(number).encode() * 500)
        store.apply("1024", f"u{owner}", epoch, number, Effects({"c": conversation("c", f"u{owner}", messages=number)}))
    store.add_cubes("1024", {Cell("wrote", 0): Amount(1), Cell("wrote", number): Amount(1)})
    store.commit(number)
    print(number, flush=True)
"""


def test_killed_in_the_middle_of_commits(tmp_path: Path) -> None:
    """Position, journeys, documents and cubes are always of one moment, and never before the last one told."""
    path = tmp_path / "store.db"
    for round in range(5):
        arguments = [sys.executable, "-c", RUNNER, str(path), str(Path(__file__).parent)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.03 + 0.05 * round)
        process.send_signal(signal.SIGKILL)
        told = int(((first + process.stdout.read()).split("\n"))[-2])
        process.stdout.close()
        process.wait()
        store = SqliteStore(path)
        at = store.position()
        assert at >= told
        assert store.load("1024", "u7", "head") == str(at).encode() * 500
        assert store.count_messages("1024") == 20 * at
        assert sum(row.n for row in store.cube("1024", "total", 0, 10**6)) == 2 * at
        assert store.check() == []
        store.close()


@pytest.mark.parametrize("grouping", ["total", "agent"])
def test_a_cube_of_a_year_is_read_fast(store: SqliteStore, grouping: str) -> None:
    store.begin()
    for family in ("wrote", "answered", "inquiries", "ordered", "paid", "kept"):
        store.add_cubes("1024", {Cell(family, day, lag=lag): Amount(1) for day in range(365) for lag in range(4)})
    store.commit(1)

    def seconds(read: Callable[[], object]) -> float:
        start = time.perf_counter()
        read()
        return time.perf_counter() - start

    assert min(seconds(lambda: store.cube("1024", grouping, 0, 364)) for _ in range(5)) < 0.1
