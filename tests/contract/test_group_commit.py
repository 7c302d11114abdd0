"""The group committer: company is waited for, an empty room is not; a failed batch fails all its callers, at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from xundan.embedded import group_commit
from xundan.embedded.group_commit import GroupCommitter
from xundan.errors import Overloaded, Retryable


class Disk:
    """Stands for the disk: takes some time, can be held up, can fail."""

    def __init__(self) -> None:
        self.batches: list[list[list[int]]] = []
        self.failure: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def write(self, calls: Sequence[Sequence[int]]) -> list[list[int]]:
        self.free.wait(10)
        time.sleep(0.001)
        if self.failure:
            raise self.failure
        self.batches.append([list(call) for call in calls])
        return [[item * 10 for item in call] for call in calls]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def committer(disk: Disk) -> Iterator[GroupCommitter[int, int]]:
    made = GroupCommitter(disk.write, max_waiting=10, name="test")
    yield made
    disk.free.set()
    made.close()


def test_answers_go_to_their_callers_in_order(committer: GroupCommitter[int, int]) -> None:
    async def many() -> list[list[int]]:
        return await asyncio.gather(*(committer.submit([n, n + 100]) for n in range(5)))

    assert asyncio.run(many()) == [[n * 10, n * 10 + 1000] for n in range(5)]
    assert committer.submit_now([7]) == [70]


def test_what_comes_during_a_commit_shares_the_next(committer: GroupCommitter[int, int], disk: Disk) -> None:
    async def scenario() -> None:
        disk.free.clear()
        first = asyncio.create_task(committer.submit([0]))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(committer.submit([n])) for n in range(1, 6)]
        await asyncio.sleep(0.05)
        disk.free.set()
        await asyncio.gather(first, *others)

    asyncio.run(scenario())
    assert disk.batches == [[[0]], [[1], [2], [3], [4], [5]]]


def test_callers_that_come_again_are_waited_for(committer: GroupCommitter[int, int], disk: Disk) -> None:
    async def caller() -> None:
        for _ in range(20):
            await committer.submit([1])

    async def scenario() -> None:
        await asyncio.gather(*(caller() for _ in range(8)))

    asyncio.run(scenario())
    assert len(disk.batches) < 60, "20 if all come in time, 160 if nobody is waited for"


def test_a_lone_caller_is_never_made_to_wait(
    committer: GroupCommitter[int, int], disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "COMPANY_S", 30.0)
    start = time.monotonic()
    for number in range(20):
        committer.submit_now([number])
    assert time.monotonic() - start < 5


def test_a_failed_batch_fails_all_its_callers_and_the_next_works(
    committer: GroupCommitter[int, int], disk: Disk
) -> None:
    async def scenario() -> list[Any]:
        disk.failure = Retryable("the disk is full")
        return await asyncio.gather(*(committer.submit([n]) for n in range(5)), return_exceptions=True)

    failures = asyncio.run(scenario())
    assert [str(failure) for failure in failures] == ["the disk is full"] * 5
    assert len({id(failure) for failure in failures}) == 5, "an exception raised twice would mix its tracebacks"
    disk.failure = None
    assert committer.submit_now([1]) == [10]


def test_an_unexpected_error_is_retryable_and_says_nothing_of_the_inside(
    committer: GroupCommitter[int, int], disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.failure = ZeroDivisionError("secret detail")
    with pytest.raises(Retryable) as caught:
        committer.submit_now([1])
    assert "secret" not in str(caught.value)
    assert "action=group_commit_failed" in caplog.text


def test_too_much_waiting_is_refused_and_a_large_lone_call_is_not(
    committer: GroupCommitter[int, int], disk: Disk
) -> None:
    assert len(committer.submit_now(list(range(50)))) == 50

    async def scenario() -> None:
        disk.free.clear()
        first = asyncio.create_task(committer.submit([0]))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(committer.submit([1] * 9))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await committer.submit([2, 3])
        third = asyncio.create_task(committer.submit([4]))
        await asyncio.sleep(0)
        disk.free.set()
        await asyncio.gather(first, second, third)
        assert await committer.submit([5]) == [50]

    asyncio.run(scenario())


def test_a_caller_cancelled_while_its_batch_fails(committer: GroupCommitter[int, int], disk: Disk) -> None:
    async def scenario() -> None:
        disk.failure = Retryable("the disk is full")
        disk.free.clear()
        task = asyncio.create_task(committer.submit([1]))
        await asyncio.sleep(0.02)
        task.cancel()
        disk.free.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)

    asyncio.run(scenario())
    disk.failure = None
    assert committer.submit_now([1]) == [10]


def test_close_writes_what_waits_and_refuses_what_comes_later(disk: Disk) -> None:
    committer: GroupCommitter[int, int] = GroupCommitter(disk.write, max_waiting=10, name="test")
    disk.free.clear()
    answers: list[int] = []
    threads = [threading.Thread(target=lambda n=n: answers.extend(committer.submit_now([n]))) for n in range(4)]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    threading.Timer(0.05, disk.free.set).start()
    committer.close()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [0, 10, 20, 30]
    with pytest.raises(Retryable):
        committer.submit_now([1])
    committer.close()
