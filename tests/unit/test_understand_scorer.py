"""The micro-batcher: in time or a reason, never an error, counters that add up."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.ports import Missed, Question, Scored
from xundan.understand.cache import ScoreCache
from xundan.understand.calls import Answer
from xundan.understand.pace import Pace
from xundan.understand.prepared import MOST, PASS_COST, TOKENS, Prepared
from xundan.understand.scorer import CHUNK, Scorer


class Fake:
    """Echoes; waits for `gate`, fails on the text "bad", cannot read "unreadable"."""

    def __init__(self, version: str = "fake-1") -> None:
        self.version = version
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.batches: list[list[str]] = []

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]:
        if any(question.text == "unreadable" for question in questions):
            raise ValueError("secret text of a customer")
        return [Prepared(question.text.encode(), len(question.text), question.text) for question in questions]

    def compute(self, prepared: Sequence[Prepared]) -> list[Scored]:
        self.entered.set()
        self.gate.wait(5)
        self.batches.append([one.form for one in prepared])
        if any(one.form == "bad" for one in prepared):
            raise RuntimeError("secret text of a customer")
        return [said(one.form, self.version) for one in prepared]


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def scorer(fake: Fake) -> Iterator[Scorer]:
    made = Scorer(fake, max_waiting=100)
    yield made
    fake.gate.set()
    made.close()


def asked(*texts: str) -> list[Question]:
    return [Question(text) for text in texts]


def said(text: str, version: str = "fake-1") -> Scored:
    return Scored("chitchat", len(text) / 100, version)


async def held(scorer: Scorer, fake: Fake) -> asyncio.Task[list[Answer]]:
    """A call whose pass is under way until the gate is opened."""
    fake.gate.clear()
    fake.entered.clear()
    first = asyncio.create_task(scorer.score(asked("first"), 5000))
    await asyncio.to_thread(fake.entered.wait, 5)
    return first


def test_scores_in_the_order_of_the_questions(scorer: Scorer) -> None:
    answers = asyncio.run(scorer.score(asked("a", "bbb", "cc"), 1000))
    assert answers == [said("a"), said("bbb"), said("cc")]
    assert scorer.status() == {
        "scored": 3,
        "late": 0,
        "overloaded": 0,
        "failed": 0,
        "batches": 1,
        "hits": 0,
        "misses": 3,
        "waiting": 0,
    }


def test_nothing_asked_nothing_answered(scorer: Scorer) -> None:
    assert asyncio.run(scorer.score([], 1000)) == []
    assert scorer.score_now([]) == []


def test_many_callers_share_batches_of_like_length(fake: Fake) -> None:
    scorer = Scorer(fake, batch_ms=10_000)
    texts = [("x" if i % 2 else "long" * 10) + f"{i:02}" for i in range(90)]

    async def all_at_once() -> list[list[Answer]]:
        first = await held(scorer, fake)
        calls = [asyncio.create_task(scorer.score(asked(text), 5000)) for text in texts]
        await asyncio.sleep(0.05)
        fake.gate.set()
        return await asyncio.gather(first, *calls)

    assert asyncio.run(all_at_once()) == [[said("first")]] + [[said(text)] for text in texts]
    scorer.close()
    assert [len(batch) for batch in fake.batches] == [1, 45, 45]
    assert all(len({len(text) for text in batch}) == 1 for batch in fake.batches)


def test_the_oldest_is_in_the_next_batch(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        calls = [await held(scorer, fake), asyncio.create_task(scorer.score(asked("odd one" * 8), 5000))]
        await asyncio.sleep(0)
        calls += [asyncio.create_task(scorer.score(asked(f"{i}"), 5000)) for i in range(80)]
        await asyncio.sleep(0.02)
        fake.gate.set()
        await asyncio.gather(*calls)

    asyncio.run(run())
    assert fake.batches[1] == ["odd one" * 8]


def test_a_batch_takes_no_longer_than_it_should() -> None:
    class Slow(Fake):
        def compute(self, prepared: Sequence[Prepared]) -> list[Scored]:
            time.sleep(0.002 * len(prepared))
            return super().compute(prepared)

    slow = Slow()
    scorer = Scorer(slow, batch_ms=20)
    asyncio.run(scorer.score(asked(*(f"{i:02}" * 8 for i in range(40))), 10_000))
    scorer.close()
    assert max(map(len, slow.batches[3:])) <= 12


def test_late_is_said_and_counted(scorer: Scorer, fake: Fake) -> None:
    fake.gate.clear()
    begin = time.monotonic()
    assert asyncio.run(scorer.score(asked("a", "b"), 20)) == [Missed.LATE] * 2
    assert time.monotonic() - begin < 2
    fake.gate.set()
    assert asyncio.run(scorer.score(asked("c"), 1000)) == [said("c")]
    assert scorer.late == 2


def test_what_was_computed_too_late_is_remembered(scorer: Scorer, fake: Fake) -> None:
    fake.gate.clear()
    assert asyncio.run(scorer.score(asked("a"), 20)) == [Missed.LATE]
    fake.gate.set()
    while not scorer.batches:
        time.sleep(0.001)
    assert scorer.score_now(asked("a")) == [said("a")]
    assert fake.batches == [["a"]]


def test_answers_that_are_ready_by_then_are_given(scorer: Scorer, fake: Fake) -> None:
    assert scorer.score_now(asked("known")) == [said("known")]
    fake.gate.clear()
    assert asyncio.run(scorer.score(asked("new", "known"), 20)) == [Missed.LATE, said("known")]


def test_who_gave_up_is_not_computed(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        first = await held(scorer, fake)
        await asyncio.gather(*(scorer.score(asked(text), 10) for text in ("a", "b")))
        fake.gate.set()
        await first
        assert await scorer.score(asked("c"), 5000) == [said("c")]

    asyncio.run(run())
    assert fake.batches == [["first"], ["c"]]


def test_overload_is_said_at_once(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        first = await held(scorer, fake)
        full = asyncio.create_task(scorer.score(asked(*(f"{i}" for i in range(105))), 5000))
        await asyncio.sleep(0.1)
        assert scorer.status()["waiting"] == 100
        begin = time.monotonic()
        assert await scorer.score(asked("one more"), 5000) == [Missed.OVERLOADED]
        assert time.monotonic() - begin < 1
        fake.gate.set()
        await first
        assert await full == [said(f"{i}") for i in range(100)] + [Missed.OVERLOADED] * 5

    asyncio.run(run())
    assert scorer.overloaded == 6
    assert scorer.scored == 101


def test_what_would_be_late_does_not_wait(fake: Fake) -> None:
    class Slow(Fake):
        def compute(self, prepared: Sequence[Prepared]) -> list[Scored]:
            time.sleep(0.01 * len(prepared))
            return super().compute(prepared)

    scorer = Scorer(Slow(), batch_ms=10)

    async def run() -> list[list[Answer]]:
        await scorer.score(asked(*(f"{i:02}" * 10 for i in range(8))), 5000)
        calls = [scorer.score(asked(f"{i:03}" * 7), 100) for i in range(60)]
        return await asyncio.gather(*calls)

    answers = [answer for call in asyncio.run(run()) for answer in call]
    scorer.close()
    assert scorer.overloaded > 30
    assert sum(isinstance(answer, Scored) for answer in answers) >= 3
    assert scorer.late <= 10


def test_a_slow_past_never_shuts_anybody_out(scorer: Scorer, fake: Fake) -> None:
    fake.gate.clear()
    asyncio.run(scorer.score(asked("a"), 300))
    fake.gate.set()
    for i in range(20):
        assert asyncio.run(scorer.score(asked(f"b{i}"), 50)) == [said(f"b{i}")]


def test_a_failing_batch_fails_its_waiters_at_once(scorer: Scorer, caplog: pytest.LogCaptureFixture) -> None:
    begin = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(scorer.score(asked("good", "bad"), 60_000)) == [Missed.FAILED] * 2
        assert asyncio.run(scorer.score(asked("good", "unreadable"), 60_000)) == [Missed.FAILED] * 2
    assert time.monotonic() - begin < 5
    assert scorer.failed == 4
    assert "secret" not in caplog.text
    assert asyncio.run(scorer.score(asked("good"), 1000)) == [said("good")]


def test_score_now_computes_like_lengths_together(scorer: Scorer, fake: Fake) -> None:
    questions = asked(*(f"{i:03}" for i in range(150)))
    assert scorer.score_now(questions) == [said(question.text) for question in questions]
    assert [len(batch) for batch in fake.batches] == [64, 64, 22]
    assert scorer.score_now(asked("bad", "000")) == [Missed.FAILED, said("000")]
    assert scorer.score_now(asked("unreadable")) == [Missed.FAILED]


def test_score_now_lets_live_questions_go_first(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        first = await held(scorer, fake)
        later = asyncio.create_task(asyncio.to_thread(scorer.score_now, asked("history")))
        await asyncio.sleep(0.05)
        live = asyncio.create_task(scorer.score(asked("live"), 5000))
        await asyncio.sleep(0.05)
        fake.gate.set()
        await asyncio.gather(first, live, later)

    asyncio.run(run())
    assert fake.batches == [["first"], ["live"], ["history"]]


def test_score_now_is_not_shut_out_by_live_questions(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        later = asyncio.create_task(asyncio.to_thread(scorer.score_now, asked("history")))
        asked_so_far = 0
        while not later.done():
            asked_so_far += 1
            await asyncio.gather(*(scorer.score(asked(f"{asked_so_far}.{i}"), 1000) for i in range(20)))
        assert await later == [said("history")]

    asyncio.run(asyncio.wait_for(run(), 20))


def test_equal_questions_are_computed_once(scorer: Scorer, fake: Fake) -> None:
    for _ in range(3):
        assert asyncio.run(scorer.score(asked("again", "again"), 1000)) == [said("again")] * 2
    assert fake.batches == [["again"]]
    assert (scorer.scored, scorer.cache.hits, scorer.cache.misses) == (2, 4, 2)


def test_many_questions_of_one_caller_are_all_answered(fake: Fake) -> None:
    scorer = Scorer(fake, max_waiting=100_000)
    questions = asked(*(f"{i:04}" for i in range(3 * CHUNK + 7)))
    answers = asyncio.run(scorer.score(questions, 20_000))
    scorer.close()
    assert answers == [said(question.text) for question in questions]
    assert max(map(len, fake.batches)) <= MOST


def test_closing_answers_who_waits_and_can_be_repeated(scorer: Scorer, fake: Fake) -> None:
    async def run() -> list[Answer]:
        first = await held(scorer, fake)
        second = asyncio.create_task(scorer.score(asked("second"), 5000))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(asyncio.to_thread(scorer.close))
        await asyncio.sleep(0.01)
        fake.gate.set()
        answers = await asyncio.gather(first, second)
        await closing
        return [*answers[0], *answers[1]]

    assert asyncio.run(run()) == [said("first"), Missed.OVERLOADED]
    scorer.close()
    assert asyncio.run(scorer.score(asked("after"), 1000)) == [Missed.OVERLOADED]
    assert scorer.score_now(asked("still")) == [said("still")]


def test_a_caller_that_is_cancelled_leaves_the_worker_well(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        call = await held(scorer, fake)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(run())
    fake.gate.set()
    assert asyncio.run(scorer.score(asked("b"), 1000)) == [said("b")]


def test_every_question_is_counted_once(scorer: Scorer) -> None:
    async def run() -> None:
        calls = [scorer.score(asked(f"{i % 40}", "bad" if i % 50 == 0 else f"x{i}"), 2000) for i in range(100)]
        await asyncio.gather(*calls)

    asyncio.run(run())
    status = scorer.status()
    assert sum(status[name] for name in ("scored", "hits", "late", "overloaded", "failed")) == 200


def test_a_switch_happens_between_batches(scorer: Scorer, fake: Fake) -> None:
    other = Fake("fake-2")

    async def run() -> None:
        first = await held(scorer, fake)
        waiting = asyncio.create_task(scorer.score(asked("waiting"), 5000))
        await asyncio.sleep(0.01)
        scorer.use(other)
        new = asyncio.create_task(scorer.score(asked("new"), 5000))
        await asyncio.sleep(0.01)
        fake.gate.set()
        assert [await first, await waiting] == [[said("first")], [said("waiting")]]
        assert await new == [said("new", "fake-2")]

    asyncio.run(run())
    assert scorer.version == "fake-2"
    assert scorer.score_now(asked("first")) == [said("first", "fake-2")]
    scorer.use(fake)
    assert scorer.score_now(asked("first")) == [said("first")]
    assert (fake.batches, other.batches) == ([["first"], ["waiting"]], [["new"], ["first"]])


@pytest.mark.parametrize("way", ["live", "now"])
def test_switching_to_and_fro_never_fails_a_question(way: str) -> None:
    models = [Fake("fake-1"), Fake("fake-2")]
    scorer = Scorer(models[0])
    stop = threading.Event()

    def switch() -> None:
        while not stop.is_set():
            for model in models:
                scorer.use(model)

    thread = threading.Thread(target=switch)
    thread.start()
    questions = asked(*(f"{i}" * (i % 9) for i in range(600)))
    answers: Sequence[Any] = (
        scorer.score_now(questions) if way == "now" else asyncio.run(scorer.score(questions, 20_000))
    )
    stop.set()
    thread.join()
    scorer.close()
    for question, answer in zip(questions, answers, strict=True):
        assert answer in (said(question.text), said(question.text, "fake-2"))


# the cache


def test_cache_is_bounded_and_forgets_the_least_used() -> None:
    cache = ScoreCache(2)
    for key in (b"a", b"b"):
        cache.put("v", key, said("a"))
    cache.get("v", b"a")
    cache.put("v", b"c", said("a"))
    assert cache.get("v", b"b") is None
    assert cache.get("v", b"a") == said("a")
    assert len(cache) == 2
    assert (cache.hits, cache.misses) == (2, 1)


def test_cache_forgets_in_time() -> None:
    now = [100.0]
    cache = ScoreCache(9, ttl_s=60, clock=lambda: now[0])
    cache.put("v", b"a", said("a"))
    now[0] = 159.9
    assert cache.get("v", b"a") == said("a")
    now[0] = 160.0
    assert cache.get("v", b"a") is None
    assert len(cache) == 0


def test_cache_tells_versions_apart() -> None:
    cache = ScoreCache(9)
    cache.put("v1", b"a", said("a"))
    assert cache.get("v2", b"a") is None
    assert cache.get("v1", b"a") == said("a")


def test_cache_of_size_zero_remembers_nothing() -> None:
    cache = ScoreCache(0)
    cache.put("v", b"a", said("a"))
    assert cache.get("v", b"a") is None


# the pace


@given(st.integers(1, 5000), st.floats(1e-4, 1))
def test_pace_is_what_it_learnt(tokens: int, seconds: float) -> None:
    pace = Pace()
    for _ in range(100):
        pace.learn(tokens, seconds)
    assert pace.seconds(tokens) == pytest.approx(seconds, rel=1e-3)
    assert pace.tokens(seconds) == pytest.approx(min(TOKENS, tokens), rel=0.01, abs=1)


def test_one_disturbed_pass_is_soon_forgotten() -> None:
    pace = Pace()
    pace.learn(84, 5.0)
    assert pace.seconds(84) < 0.015
    for _ in range(20):
        pace.learn(84, 0.01)
    assert pace.seconds(84) == pytest.approx(0.01, rel=0.01)
    assert pace.tokens(0.01) == pytest.approx(84, abs=1)
    assert pace.tokens(0) == 1
    assert pace.seconds(0, 2) == pytest.approx(2 * PASS_COST * 0.0001, rel=0.01)
