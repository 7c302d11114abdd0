"""The embedded runner over the real log and store: what journeys say the store answers, and a rebuild agrees."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from world import SHOP, World
from xundan.domain.context import context_of
from xundan.domain.journey import advance
from xundan.domain.ports import Append, Question, Scored
from xundan.domain.records import Fact, Message
from xundan.domain.rules import Rules
from xundan.embedded import carrier, runner
from xundan.embedded.rebuild import rebuild
from xundan.embedded.runner import InProcessRunner
from xundan.embedded.sqlite_dead import SqliteDeadLetters
from xundan.embedded.sqlite_log import SqliteLog
from xundan.embedded.sqlite_store import SqliteStore
from xundan.errors import ConfigError

RULES = Rules()


class Embedded:
    """A log, a store and a runner in one folder."""

    def __init__(self, folder: Path, rules: Rules = RULES, batch: int = 2000, score: Any = None) -> None:
        self.folder, self.rules = folder, rules
        self.log = SqliteLog(folder / "log.db")
        self.store = SqliteStore(folder / "store.db")
        self.dead = SqliteDeadLetters(folder / "dead.db")
        try:
            self.runner = InProcessRunner(self.log, self.store, self.dead, rules, score, batch)
        except ConfigError:
            self.close_files()
            raise
        self.runner.start()

    def take(self, facts: Sequence[Fact]) -> Embedded:
        self.log.append_now([Append(fact) for fact in facts])
        self.runner.catch_up()
        return self

    def close(self) -> None:
        self.runner.stop()
        self.close_files()

    def close_files(self) -> None:
        self.log.close()
        self.store.close()
        self.dead.close()


def _message(id: str, ts: int, owner: str = "c1", **fields: Any) -> Fact:
    return strategies.to_record(strategies.message(owner, id, ts, **fields))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.facts(), strategies.rules())
def test_the_store_answers_what_the_journeys_said_and_a_rebuild_agrees(
    facts: list[dict[str, Any]], rules: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = [strategies.to_record(fact) for fact in facts]
        embedded = Embedded(Path(folder), Rules(**rules), batch=3).take(records)
        world = World(Rules(**rules)).take(_as_logged(records))
        found = {
            (row.day, row.family, row.value, row.lag, row.lag2): (row.n, row.fen, row.refunded)
            for row in embedded.store.cube_dump(SHOP)
            if row.grouping == "base"
        }
        assert found == {
            (c.day, c.family, "\x1f".join(c.dims), c.lag, c.lag2): tuple(amount) for c, amount in world.cubes.items()
        }
        for owner in {key for key, _ in world.orders} | {c.user_id for c in world.conversations.values()}:
            answered = embedded.store.conversations(SHOP, owner, limit=1000)
            assert {c.id: c for c, _ in answered} == {
                c.id: c for c in world.conversations.values() if c.user_id == owner
            }
            for conversation, messages in answered:
                days = world.messages[conversation.id]
                assert messages == [m for day in sorted(days) for m in days[day]]
            orders = embedded.store.orders(SHOP, owner, limit=1000)
            assert {o.order_id: o for o in orders} == {id: o for (key, id), o in world.orders.items() if key == owner}
        for alias, target in world.aliases.items():
            assert embedded.store.final_owner(SHOP, alias) == target or world.aliases.get(target, target) != target
        dump, position = embedded.store.cube_dump(SHOP), embedded.store.position()
        embedded.close()

        rebuilt = rebuild(Path(folder) / "store.db", Rules(**rules), keep=True)
        assert rebuilt.differing == []
        store = SqliteStore(Path(folder) / "store.db")
        assert (store.cube_dump(SHOP), store.position()) == (dump, position)
        store.close()


def _as_logged(records: Sequence[Fact]) -> list[Fact]:
    """What the log keeps: the first copy of each identity, and a later one that brings an intent it lacked."""
    kept: dict[tuple[str, str, str], bool] = {}
    logged = []
    for record in records:
        scored = isinstance(record, Message) and record.intent is not None
        if record.identity not in kept or (scored and not kept[record.identity]):
            logged.append(record)
            kept[record.identity] = scored
    return logged


def test_a_fact_that_breaks_a_journey_is_put_aside_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = advance

    def breaks_on_poison(shop: str, key: str, *rest: Any) -> Any:
        if key == "poison":
            raise ZeroDivisionError
        return real(shop, key, *rest)

    monkeypatch.setattr(carrier, "advance", breaks_on_poison)
    facts = [_message(f"m{n}", n * 1000, "poison" if n == 5 else f"c{n}") for n in range(10)]
    embedded = Embedded(tmp_path).take(facts)
    assert embedded.store.count_messages(SHOP) == 9
    (letter,) = embedded.dead.list(SHOP)
    assert (letter.source, embedded.runner.status()["dead"]) == ("runner", 1)
    assert "ZeroDivisionError" in letter.reason
    embedded.close()


def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    Embedded(tmp_path).take([_message("m1", 0)]).close()
    embedded = Embedded(tmp_path).take([_message("m1", 0), _message("m2", 1000)])
    ((conversation, messages),) = embedded.store.conversations(SHOP, "c1")
    assert [m.id for m in messages] == ["m1", "m2"]
    assert conversation.messages == 2
    embedded.close()


def test_what_arrived_unscored_is_scored_with_its_context_before_the_journey(tmp_path: Path) -> None:
    asked: list[Question] = []

    def score(questions: Sequence[Question]) -> list[Scored]:
        asked.extend(questions)
        return [Scored("bargain", 0.9, "m1") for _ in questions]

    embedded = Embedded(tmp_path, score=score)
    embedded.take([_message("m1", 0, text="在吗"), _message("m2", 1000, "c1", sender="bot", text="在的")])
    embedded.take([_message("m3", 2000, text="便宜点")])
    ((conversation, _),) = embedded.store.conversations(SHOP, "c1")
    assert (conversation.intent, conversation.label) == ("bargain", "high")
    assert [turn.text for turn in asked[-1].context] == ["在吗", "在的"]
    embedded.close()


def test_a_slow_model_holds_up_neither_what_is_scored_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SCORING_S", 0.05)
    sizes: list[int] = []

    def score(questions: Sequence[Question]) -> list[Scored]:
        sizes.append(len(questions))
        time.sleep(0.03)
        return [Scored("bargain", 0.9, "m1") for _ in questions]

    embedded = Embedded(tmp_path, score=score)
    embedded.log.append_now([Append(_message(f"m{n:03}", n * 1000)) for n in range(400)])
    while embedded.store.position() < 20:
        time.sleep(0.005)
    begin = time.monotonic()
    embedded.runner.stop()
    assert time.monotonic() - begin < 1
    position = embedded.store.position()
    assert 20 <= position < 400, "what was scored has been carried"
    assert max(sizes) <= runner.SCORED_AT_ONCE
    embedded.close_files()
    again = Embedded(tmp_path, score=lambda questions: [Scored("bargain", 0.9, "m1") for _ in questions])
    again.runner.catch_up()
    ((conversation, messages),) = again.store.conversations(SHOP, "c1")
    assert conversation.messages == len(messages) == 400
    assert {message.intent for message in messages} == {"bargain"}
    again.close()


MIDNIGHT = 1_795_017_600_000
"""Of a day in Shanghai, in UTC ms."""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-150, 150), min_size=1, max_size=12, unique=True), st.integers(1, 4))
def test_what_is_scored_later_has_the_context_it_would_have_had_at_once(minutes: list[int], at_once: int) -> None:
    asked: list[Question] = []

    def score(questions: Sequence[Question]) -> list[Scored]:
        asked.extend(questions)
        return [Scored("bargain", 0.9, "m1") for _ in questions]

    arriving = [_message(f"m{n}", MIDNIGHT + n * 60_000, text=f"t{n}") for n in minutes]
    with tempfile.TemporaryDirectory() as folder:
        embedded = Embedded(Path(folder), score=score)
        for start in range(0, len(arriving), at_once):
            embedded.take(arriving[start : start + at_once])
        embedded.close()
    assert [question.text for question in asked] == [f"t{n}" for n in minutes]
    for place, (message, question) in enumerate(zip(arriving, asked, strict=True)):
        assert isinstance(message, Message)
        said = sorted((m for m in arriving[:place] if isinstance(m, Message)), key=lambda turn: turn.ts)
        assert question.context == context_of(message, said, RULES.session_gap_ms)


def test_a_store_that_cannot_be_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Embedded(tmp_path).take([_message("m1", 0)])
    blocker = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    embedded.log.append_now([Append(_message("m2", 1000))])
    for _ in range(1000):
        if embedded.runner.status()["error"]:
            break
        embedded.runner._stop.wait(0.05)
    assert embedded.runner.status()["error"]
    blocker.execute("ROLLBACK")
    blocker.close()
    embedded.runner.catch_up()
    assert embedded.store.count_messages(SHOP) == 2
    embedded.close()


def test_other_settings_are_refused_until_a_rebuild(tmp_path: Path) -> None:
    Embedded(tmp_path).take([_message("m1", 0), _message("m2", 10 * 60_000)]).close()
    other = Rules(session_gap_ms=5 * 60_000)
    with pytest.raises(ConfigError, match=r"session_gap_ms 1800000 -> 300000.*xundan rebuild"):
        Embedded(tmp_path, other)
    rebuild(tmp_path / "store.db", other, keep=True)
    embedded = Embedded(tmp_path, other)
    assert len(embedded.store.conversations(SHOP, "c1")) == 2
    embedded.close()


def test_what_only_decides_what_is_let_in_asks_for_no_rebuild(tmp_path: Path) -> None:
    Embedded(tmp_path).close()
    Embedded(tmp_path, Rules(late_days=60)).close()
