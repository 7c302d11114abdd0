"""The micro-batcher: in time or None, never an error, counters that add up."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from xundan.domain.ports import Question, Scored, Turn
from xundan.understand.cache import ScoreCache
from xundan.understand.scorer import MAX_BATCH, Scorer


class Fake:
    """Echoes; waits for `gate`, fails on the text "bad"."""

    version = "fake-1"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.batches: list[int] = []

    def classify(self, questions: Sequence[Question]) -> list[Scored]:
        self.entered.set()
        self.gate.wait(5)
        self.batches.append(len(questions))
        if any(question.text == "bad" for question in questions):
            raise RuntimeError("secret text of a customer")
        return [Scored("chitchat", len(question.text) / 100, self.version) for question in questions]


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


def said(text: str) -> Scored:
    return Scored("chitchat", len(text) / 100, "fake-1")


def test_scores_in_the_order_of_the_questions(scorer: Scorer) -> None:
    answers = asyncio.run(scorer.score(asked("a", "bbb", "cc"), 1000))
    assert answers == [said("a"), said("bbb"), said("cc")]
    assert (scorer.scored, scorer.batches, scorer.waiting) == (3, 1, 0)


def test_nothing_asked_nothing_answered(scorer: Scorer) -> None:
    assert asyncio.run(scorer.score([], 1000)) == []
    assert scorer.score_now([]) == []


def test_many_callers_share_batches(scorer: Scorer, fake: Fake) -> None:
    async def all_at_once() -> list[list[Scored | None]]:
        fake.gate.clear()
        first = asyncio.create_task(scorer.score(asked("first"), 5000))
        await asyncio.to_thread(fake.entered.wait, 5)
        calls = [asyncio.create_task(scorer.score(asked("x" * i), 5000)) for i in range(1, 91)]
        await asyncio.sleep(0.05)
        fake.gate.set()
        return await asyncio.gather(first, *calls)

    answers = asyncio.run(all_at_once())
    assert answers == [[said("first")]] + [[said("x" * i)] for i in range(1, 91)]
    assert fake.batches == [1, MAX_BATCH, 90 - MAX_BATCH]


def test_late_is_none_and_is_counted(scorer: Scorer, fake: Fake) -> None:
    fake.gate.clear()
    begin = time.monotonic()
    assert asyncio.run(scorer.score(asked("a", "b"), 20)) == [None, None]
    assert time.monotonic() - begin < 2
    fake.gate.set()
    assert asyncio.run(scorer.score(asked("c"), 1000)) == [said("c")]
    assert scorer.late == 2


def test_who_gave_up_is_not_computed(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        fake.gate.clear()
        first = asyncio.create_task(scorer.score(asked("first"), 5000))
        await asyncio.to_thread(fake.entered.wait, 5)
        assert await scorer.score(asked("a", "b"), 10) == [None, None]
        fake.gate.set()
        await first
        assert await scorer.score(asked("c"), 5000) == [said("c")]

    asyncio.run(run())
    assert fake.batches == [1, 1]


def test_overload_is_none_at_once(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        fake.gate.clear()
        first = asyncio.create_task(scorer.score(asked("first"), 5000))
        await asyncio.to_thread(fake.entered.wait, 5)
        full = asyncio.create_task(scorer.score(asked(*(f"{i}" for i in range(100))), 5000))
        await asyncio.sleep(0.01)
        begin = time.monotonic()
        assert await scorer.score(asked("one more"), 5000) == [None]
        assert time.monotonic() - begin < 1
        fake.gate.set()
        await asyncio.gather(first, full)

    asyncio.run(run())
    assert scorer.overloaded == 1
    assert scorer.scored == 101


def test_a_failing_batch_fails_its_waiters_at_once(scorer: Scorer, caplog: pytest.LogCaptureFixture) -> None:
    begin = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(scorer.score(asked("good", "bad"), 60_000)) == [None, None]
    assert time.monotonic() - begin < 5
    assert scorer.failed == 2
    assert "secret" not in caplog.text
    assert asyncio.run(scorer.score(asked("good"), 1000)) == [said("good")]


def test_score_now_works_without_the_worker(scorer: Scorer, fake: Fake) -> None:
    questions = asked(*(f"{i}" for i in range(150)))
    assert scorer.score_now(questions) == [said(question.text) for question in questions]
    assert fake.batches == [64, 64, 22]
    assert scorer.score_now(asked("bad", "0")) == [None, said("0")]


def test_equal_questions_are_remembered(scorer: Scorer, fake: Fake) -> None:
    for _ in range(3):
        assert asyncio.run(scorer.score(asked("again"), 1000)) == [said("again")]
    assert (scorer.scored, scorer.cached, len(fake.batches)) == (1, 2, 1)


def test_closing_answers_who_waits_and_can_be_repeated(scorer: Scorer, fake: Fake) -> None:
    async def run() -> list[Scored | None]:
        fake.gate.clear()
        first = asyncio.create_task(scorer.score(asked("first"), 5000))
        await asyncio.to_thread(fake.entered.wait, 5)
        second = asyncio.create_task(scorer.score(asked("second"), 5000))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(asyncio.to_thread(scorer.close))
        await asyncio.sleep(0.01)
        fake.gate.set()
        answers = await asyncio.gather(first, second)
        await closing
        return [*answers[0], *answers[1]]

    assert asyncio.run(run()) == [said("first"), None]
    scorer.close()
    assert asyncio.run(scorer.score(asked("after"), 1000)) == [None]


def test_a_caller_that_is_cancelled_leaves_the_worker_well(scorer: Scorer, fake: Fake) -> None:
    async def run() -> None:
        fake.gate.clear()
        call = asyncio.create_task(scorer.score(asked("a"), 5000))
        await asyncio.to_thread(fake.entered.wait, 5)
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
    assert scorer.scored + scorer.cached + scorer.late + scorer.overloaded + scorer.failed == 200


def test_cache_is_bounded_and_forgets_the_least_used() -> None:
    cache = ScoreCache("v", 2)
    for text in ("a", "b"):
        cache.put(Question(text), said(text))
    cache.get(Question("a"))
    cache.put(Question("c"), said("c"))
    assert cache.get(Question("b")) is None
    assert cache.get(Question("a")) == said("a")
    assert len(cache) == 2


def test_cache_tells_text_and_context_apart() -> None:
    cache = ScoreCache("v", 9)
    cache.put(Question("a", (Turn("user", "b"),)), said("1"))
    for other in (Question("a"), Question("a", (Turn("agent", "b"),)), Question("a", (Turn("user", "b\n"),))):
        assert cache.get(other) is None
    assert cache.get(Question("a", (Turn("user", "b"),))) == said("1")


def test_cache_of_size_zero_remembers_nothing() -> None:
    cache = ScoreCache("v", 0)
    cache.put(Question("a"), said("a"))
    assert cache.get(Question("a")) is None
