"""The contract of `EventLog`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from contract_facts import appends, link, message, order, scored

from xundan.domain.ports import Append, Appended, EventLog
from xundan.domain.records import Fact, Message
from xundan.errors import Rejected

OpenLog = Callable[..., EventLog]


def facts_of(log: EventLog) -> list[object]:
    return [logged.fact for logged in log.read(0, 1_000_000)]


def append_async(log: EventLog, items: list[Append]) -> list[Appended]:
    return asyncio.run(log.append(items))


@pytest.fixture(params=["now", "async"])
def append(request: pytest.FixtureRequest) -> Callable[[EventLog, list[Append]], list[Appended]]:
    return append_async if request.param == "async" else lambda log, items: log.append_now(items)


Appender = Callable[[EventLog, list[Append]], list[Appended]]


def test_an_empty_log(log: EventLog) -> None:
    assert log.last_offset() == 0
    assert log.read(0, 10) == []
    assert log.find("1024", "key") is None
    assert log.append_now([]) == []


def test_facts_come_back_as_they_went_in(log: EventLog, append: Appender) -> None:
    facts: list[Fact] = [
        message("m1", text='你好\n"quoted" \x00 \\ 👍', pii={"[手机号1]": "token"}, agent_id="小王", channel="web"),
        scored("m2", order_id="o1", product_id="p1", conversation_id="c1"),
        order("e1", "", amount_fen=None, items=[{"sku": "a", "n": 2}], part="deposit", refund_id="r", coupon_id="c"),
        link("l1"),
    ]
    answers = append(log, appends(*facts))
    assert [answer.fact for answer in answers] == facts
    assert not any(answer.duplicate for answer in answers)
    assert [tuple(logged) for logged in log.read(0, 10)] == [(a.offset, a.fact) for a in answers]
    assert log.last_offset() == answers[-1].offset


def test_offsets_ascend_and_reading_goes_on_where_it_ended(log: EventLog) -> None:
    for number in range(5):
        log.append_now(appends(message(f"a{number}"), message(f"b{number}")))
    first = log.read(0, 4)
    rest = log.read(first[-1].offset, 100)
    offsets = [logged.offset for logged in first + rest]
    assert len(first) == 4
    assert len(offsets) == 10
    assert offsets == sorted(set(offsets))
    assert log.read(offsets[-1], 10) == []


def test_it_is_all_there_after_opening_again(open_log: OpenLog) -> None:
    log = open_log()
    log.append_now([Append(message("m1"), "key")])
    log.close()
    log = open_log()
    assert facts_of(log) == [message("m1")]
    assert log.find("1024", "key") == message("m1")
    assert log.append_now(appends(message("m1")))[0].duplicate


def test_a_duplicate_is_answered_with_the_first_copy(log: EventLog, append: Appender) -> None:
    (first,) = append(log, appends(message("m1", text="first")))
    (second,) = append(log, appends(message("m1", text="second", received=message("m1").received + 1)))
    assert second == Appended(first.offset, True, first.fact)
    assert facts_of(log) == [first.fact]


def test_two_equal_facts_in_one_call(log: EventLog) -> None:
    answers = log.append_now(appends(message("m1"), message("m2"), message("m1")))
    assert [answer.duplicate for answer in answers] == [False, False, True]
    assert answers[2].offset == answers[0].offset
    assert facts_of(log) == [message("m1"), message("m2")]


@pytest.mark.parametrize(
    "other",
    [message("x", shop="1025"), message("x", owner="u2"), order("x"), link("x", owner="u1"), message("x2")],
    ids=["shop", "owner", "order", "link", "id"],
)
def test_another_shop_owner_kind_or_id_is_no_duplicate(log: EventLog, other: Message) -> None:
    answers = log.append_now(appends(message("x"), other))
    assert not any(answer.duplicate for answer in answers)


def test_names_cannot_be_shifted_into_each_other(log: EventLog) -> None:
    answers = log.append_now(appends(message("b", "a:"), message(":b", "a"), message("", 'a","b'), message("b", "a")))
    assert not any(answer.duplicate for answer in answers)


def test_a_known_idempotency_key_is_a_duplicate(log: EventLog, append: Appender) -> None:
    append(log, [Append(message("m1"), "key")])
    (answer,) = append(log, [Append(message("random id of the retry"), "key")])
    assert answer.duplicate
    assert answer.fact == message("m1")
    assert facts_of(log) == [message("m1")]
    assert log.append_now(appends(message("random id of the retry")))[0].fact == message("m1"), "its id is known too"


def test_an_idempotency_key_that_comes_with_a_known_fact_is_remembered(log: EventLog) -> None:
    log.append_now(appends(message("m1")))
    assert log.find("1024", "key") is None
    assert log.append_now([Append(message("m1"), "key")])[0].duplicate
    assert log.find("1024", "key") == message("m1")
    assert log.append_now([Append(message("m2"), "key")])[0].fact == message("m1")


def test_an_idempotency_key_is_known_within_its_shop(log: EventLog) -> None:
    log.append_now([Append(message("m1"), "key")])
    assert log.find("1025", "key") is None
    assert not log.append_now([Append(message("m1", shop="1025"), "key")])[0].duplicate
    assert log.find("1025", "key") == message("m1", shop="1025")


def test_a_key_that_looks_like_a_fact_is_none(log: EventLog) -> None:
    log.append_now([Append(message("m1"), "m1"), Append(message("m2"), "message")])
    assert log.find("1024", "m2") is None


def test_a_duplicate_that_brings_an_intent_is_logged_as_well(log: EventLog, append: Appender) -> None:
    (first,) = append(log, [Append(message("m1"), "key")])
    (better,) = append(log, appends(scored("m1")))
    assert better == Appended(first.offset, True, message("m1")), "the copy that was kept until now"
    assert facts_of(log) == [message("m1"), scored("m1")]
    (again,) = append(log, appends(message("m1")))
    assert again.duplicate
    assert again.fact == scored("m1"), "from now on the scored copy"
    assert log.find("1024", "key") == scored("m1")
    assert log.append_now([Append(message("other"), "key")])[0].fact == scored("m1")
    assert log.append_now(appends(scored("m1", intent="bargain")))[0].fact == scored("m1"), "nothing is rescored"
    assert len(facts_of(log)) == 2


def test_the_scored_copy_may_come_in_the_same_call(log: EventLog) -> None:
    answers = log.append_now(appends(message("m1"), scored("m1"), message("m1")))
    assert [answer.duplicate for answer in answers] == [False, True, True]
    assert answers[2].fact == scored("m1")
    assert facts_of(log) == [message("m1"), scored("m1")]


def test_a_retry_under_another_id_never_makes_a_second_message(log: EventLog) -> None:
    log.append_now([Append(message("m1"), "key")])
    assert log.append_now([Append(scored("m2"), "key")])[0].fact == message("m1")
    assert facts_of(log) == [message("m1")]


def test_a_fact_that_cannot_be_encoded_fails_its_caller_alone(log: EventLog) -> None:
    async def both() -> tuple[object, object]:
        bad = log.append(appends(message("bad", text="half a pair: \ud83d")))
        return await asyncio.gather(log.append(appends(message("m1"))), bad, return_exceptions=True)

    good, bad = asyncio.run(both())
    assert isinstance(bad, Rejected)
    assert isinstance(good, list)
    with pytest.raises(Rejected):
        log.append_now([Append(message("m2"), "\ud83d")])
    assert facts_of(log) == [message("m1")]


def test_many_tasks_and_threads_at_once(log: EventLog) -> None:
    """Each fact is sent twice, from a task and a thread: exactly one of them is the first."""
    ids = [f"m{number}" for number in range(300)]
    answers: dict[str, list[bool]] = {id: [] for id in ids}

    def from_thread() -> None:
        for start in range(0, len(ids), 10):
            batch = ids[start : start + 10]
            for id, answer in zip(batch, log.append_now(appends(*map(message, batch))), strict=True):
                answers[id].append(answer.duplicate)

    async def from_task(mine: list[str]) -> None:
        for id in mine:
            (answer,) = await log.append(appends(message(id)))
            answers[id].append(answer.duplicate)

    async def all_tasks() -> None:
        await asyncio.gather(*(from_task(ids[start::20]) for start in range(20)))

    thread = threading.Thread(target=from_thread)
    thread.start()
    asyncio.run(all_tasks())
    thread.join()
    assert {tuple(sorted(pair)) for pair in answers.values()} == {(False, True)}
    assert len(facts_of(log)) == len(ids)


def test_reading_while_another_thread_writes(log: EventLog) -> None:
    """A reader never sees a gap that is filled later."""
    done = threading.Event()

    def write() -> None:
        for number in range(100):
            log.append_now(appends(message(f"a{number}"), message(f"b{number}")))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen: list[int] = []
    while True:
        ended = done.is_set()
        got = log.read(seen[-1] if seen else 0, 7)
        seen += [logged.offset for logged in got]
        if ended and not got:
            break
    thread.join()
    assert seen == [logged.offset for logged in log.read(0, 1000)]
    assert len(seen) == 200


def test_a_cancelled_caller_harms_nobody(log: EventLog) -> None:
    async def scenario() -> None:
        gone = [asyncio.create_task(log.append(appends(message(f"gone{n}")))) for n in range(20)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        kept = await asyncio.gather(*(log.append(appends(message(f"kept{n}"))) for n in range(20)))
        assert all(not answers[0].duplicate for answers in kept)
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*gone, return_exceptions=True)
        )

    asyncio.run(scenario())
    assert {f"kept{n}" for n in range(20)} <= {logged.fact.id for logged in log.read(0, 1000)}


def test_a_loop_that_is_closed_harms_nobody(log: EventLog) -> None:
    async def leave() -> None:
        task = asyncio.create_task(log.append(appends(message("left"))))
        await asyncio.sleep(0)
        task.cancel()

    for _ in range(5):
        asyncio.run(leave())
    assert not log.append_now(appends(message("m1")))[0].duplicate


def test_close_finishes_what_waits(open_log: OpenLog) -> None:
    log = open_log()
    answers: list[Appended] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.extend(log.append_now(appends(message(f"m{n}")))))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    while len(answers) < 1:
        time.sleep(0.001)
    for thread in threads:
        thread.join()
    log.close()
    log.close()
    assert len(open_log().read(0, 100)) == len(answers) == 20


def test_a_lone_caller_is_served_at_once(log: EventLog) -> None:
    """As fast as the disk: well under the fsync's own time more."""
    log.append_now(appends(message("warm")))
    times = []
    for number in range(20):
        start = time.perf_counter()
        log.append_now(appends(message(f"m{number}")))
        times.append(time.perf_counter() - start)
    assert sorted(times)[5] < 0.1


def test_a_fact_with_other_content_and_the_same_identity_is_a_duplicate(log: EventLog) -> None:
    log.append_now(appends(order("e1")))
    answer = log.append_now(appends(replace(order("e1"), status="refunded", amount_fen=1)))[0]
    assert answer.duplicate
    assert answer.fact == order("e1")
