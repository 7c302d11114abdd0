from __future__ import annotations

import asyncio
import json

import pytest
from receive_fakes import NOW, SHOP, World, message

from xundan.domain.ports import Append, Question, Turn
from xundan.domain.records import Fact, Message, OrderEvent
from xundan.errors import Rejected, Retryable
from xundan.receive.intake import Outcome
from xundan.receive.letters import Refused
from xundan.receive.replay import replay_now

MINUTE = 60_000


def take(world: World, *facts: Fact, key: str = "") -> list[Outcome]:
    return asyncio.run(world.intake.take([Append(fact, key) for fact in facts]))


def logged(world: World) -> list[Message]:
    return [fact for fact in world.log.facts if isinstance(fact, Message)]


def test_a_message_is_protected_scored_and_appended() -> None:
    world = World()
    (outcome,) = take(world, message("我的电话13800138000，多少钱"))
    (fact,) = logged(world)
    assert outcome == Outcome("accepted", fact)
    assert fact.text == "我的电话[手机号1]，多少钱"
    assert fact.pii == {"[手机号1]": f"sealed for {SHOP}"}
    assert (fact.intent, fact.buy_score, fact.model) == ("price_query", 0.9, "fake-1")
    assert world.scorer.asked == [Question(fact.text)]


def test_personal_data_in_the_items_of_an_order_goes() -> None:
    world = World()
    order = OrderEvent(
        shop=SHOP,
        owner="u",
        id="e",
        ts=NOW,
        received=NOW,
        source="live",
        order_id="1",
        status="paid",
        items=[{"note": ["送到 13800138000"], "n": 1}],
    )
    take(world, order)
    (fact,) = world.log.facts
    assert isinstance(fact, OrderEvent)
    assert fact.items == [{"note": ["送到 [手机号1]"], "n": 1}]


def test_only_customers_are_scored() -> None:
    world = World()
    take(world, message(sender="bot"), message(id="m2", sender="agent"))
    assert world.scorer.asked == []
    assert [fact.intent for fact in logged(world)] == [None, None]


def test_up_to_three_turns_before_a_message_are_its_context() -> None:
    world = World()
    for n in range(5):
        take(world, message(f"第{n}句", f"m{n}", ts=NOW + n, sender="bot" if n % 2 else "user"))
    assert world.scorer.asked[-1] == Question(
        "第4句", (Turn("bot", "第1句"), Turn("user", "第2句"), Turn("bot", "第3句"))
    )


def test_turns_within_a_batch_are_context_for_the_later_ones() -> None:
    world = World()
    take(
        world, message("a", "1"), message("x", "1", "u2"), message("b", "2", ts=NOW + 1), message("c", "3", ts=NOW + 2)
    )
    contexts = {question.text: [turn.text for turn in question.context] for question in world.scorer.asked}
    assert contexts == {"a": [], "x": [], "b": ["a"], "c": ["a", "b"]}


def test_another_conversation_a_later_turn_and_itself_are_no_context() -> None:
    world = World()
    take(world, message("gone", "0", ts=NOW - 90 * MINUTE), message("old", "1", ts=NOW - 30 * MINUTE))
    take(world, message("late", "9", ts=NOW + 1), message("b", "2"))
    take(world, message("b", "2"))
    assert [question.context for question in world.scorer.asked[-2:]] == [(), ()]


def test_threads_take_history_with_its_context() -> None:
    world = World()
    first = world.intake.take_now([Append(message("a", "1", source="import"))])
    second = world.intake.take_now([Append(message("b", "2", ts=NOW + 1, source="import"))])
    assert [o.status for o in first + second] == ["accepted", "accepted"]
    assert [turn.text for turn in world.scorer.asked[-1].context] == ["a"]
    assert world.cache.values == {}
    world.intake.take_now([Append(message("c", "3"))], score=False)
    assert logged(world)[-1].intent is None


@pytest.mark.parametrize("fault", ["raises", "answers nothing", "no cache", "off"])
def test_no_fault_of_model_or_cache_costs_a_message(fault: str) -> None:
    world = World(scoring=fault != "off")
    world.scorer.fault = RuntimeError("boom") if fault == "raises" else None
    world.scorer.missing = fault == "answers nothing"
    world.cache.fault = OSError("gone") if fault == "no cache" else None
    (outcome,) = take(world, message())
    assert outcome.status == "accepted"
    assert (logged(world)[0].intent is None) == (fault != "no cache")


def test_a_duplicate_is_answered_with_the_copy_kept_first() -> None:
    world = World()
    (first,) = take(world, message())
    world.scorer.score_of = 0.1
    (again,) = take(world, message("changed"))
    assert again == Outcome("duplicate", first.fact)
    assert len(world.log.facts) == 1


def test_nothing_is_acknowledged_when_the_log_is_away() -> None:
    world = World()
    world.log.fault = Retryable("no disk")
    with pytest.raises(Retryable):
        take(world, message())
    assert world.cache.values == {}
    world.log.fault = None
    assert take(world, message())[0].status == "accepted"


def test_a_full_disk_is_refused_before_the_log_is() -> None:
    world = World(min_free_mb=10**6)
    with pytest.raises(Retryable, match="free"):
        take(world, message())
    assert world.log.facts == []


def test_the_latest_intent_is_the_newest_message_s() -> None:
    world = World()
    take(world, message(id="new"), message(id="older", ts=NOW - 1000))
    latest = asyncio.run(world.intake.latest_intent(SHOP, "u1"))
    assert latest is not None
    assert (latest.message_id, latest.intent, latest.buy_score, latest.ts) == ("new", "price_query", 0.9, NOW)
    assert asyncio.run(world.intake.latest_intent("7", "u1")) is None


def test_history_is_nobody_s_latest_intent() -> None:
    world = World()
    take(world, message(ts=NOW - 301_000))
    assert asyncio.run(world.intake.latest_intent(SHOP, "u1")) is None


def test_what_was_taken_is_counted() -> None:
    world = World()
    take(world, message(), message())
    assert world.intake.counts["message", "live", "accepted"] == 1
    assert world.intake.counts["message", "live", "duplicate"] == 1
    assert world.intake.counts["score", "made"] == 2


def refuse(world: World, source: str, *raws: object, code: str = "too_late") -> None:
    refused = [Refused(Rejected("why", code=code), raw) for raw in raws]
    asyncio.run(world.intake.letters.put(SHOP, source, refused))


def test_a_refused_message_is_kept_protected_and_replayed_as_it_was() -> None:
    world = World()
    refuse(
        world, "coze", {"user_id": 7, "text": "打 13800138000", "answer": "好的13800138000", "note": ["13800138000"]}
    )
    (letter,) = world.dead.list(None)
    assert "13800138000" not in letter.payload
    assert (letter.shop, letter.source, letter.code, letter.reason) == (SHOP, "coze", "too_late", "why")

    assert replay_now(world.intake, letter)[:2] == (2, 0)
    question, answer = logged(world)
    assert (question.owner, question.text, question.pii) == ("7", "打 [手机号1]", {"[手机号1]": f"sealed for {SHOP}"})
    assert (answer.sender, answer.text) == ("bot", "好的[手机号1]")
    assert world.dead.list(None) == []
    assert replay_now(world.intake, letter)[:2] == (0, 2)


def test_lines_refused_for_one_reason_share_a_letter() -> None:
    world = World()
    refuse(
        world, "links", {"alias": "a", "user_id": "b"}, {"alias": "c", "user_id": "d"}, {"alias": "*", "user_id": "d"}
    )
    (letter,) = world.dead.list(None)
    accepted, _, rejected = replay_now(world.intake, letter)
    assert (accepted, [r.code for r in rejected]) == (2, ["unusable_id"])
    (rest,) = world.dead.list(None)
    with pytest.raises(Rejected):
        replay_now(world.intake, rest)
    assert world.dead.list(None) == [rest]


def test_personal_data_in_a_field_of_another_kind_goes_too() -> None:
    """As where the columns of an export have moved by one. What is an id as a whole stays readable."""
    world = World()
    moved = {"from": "打 13800138000", "ts": "打 13800138000", "user_id": "我 13800138000", "打 13800138000": 1}
    refuse(world, "messages", moved | {"agent_id": ["13800138000"], "message_id": "13900139000"})
    (letter,) = world.dead.list(None)
    assert "13800138000" not in letter.payload
    assert json.loads(letter.payload)["message_id"] == "13900139000"


def test_personal_data_does_not_hide_behind_escapes() -> None:
    world = World()
    refuse(world, "messages", '{"text": "打 \\u00313800138000', "text=%E6%89%93 %313800138000&", "打 13800138000")
    (letter,) = world.dead.list(None)
    assert letter.payload.count("打 [手机号1]") == 3


def test_what_nests_without_end_is_refused_like_anything_else() -> None:
    world = World()
    nested = json.loads("[" * 900 + '"13800138000"' + "]" * 900)
    refuse(world, "messages", {"user_id": "*", "memo": nested}, nested)
    assert "13800138000" not in world.dead.list(None)[0].payload


def test_what_is_refused_again_keeps_its_originals() -> None:
    world = World()
    refuse(world, "messages", {"user_id": "u", "text": "好"}, {"user_id": "*", "text": "打 13800138000"})
    (letter,) = world.dead.list(None)
    assert replay_now(world.intake, letter).accepted == 1
    (again,) = world.dead.list(None)
    assert again.payload == letter.payload.split("\n")[1]


def test_history_is_replayed_as_history() -> None:
    world = World()
    refuse(world, "orders:import", {"order_id": "1", "status": "paid", "ts": "2020-01-01"})
    replay_now(world.intake, world.dead.list(None)[0])
    assert world.log.facts[0].source == "import"


def test_what_was_no_object_is_kept_but_not_replayed() -> None:
    world = World()
    refuse(world, "messages", "{13800138000\n", [1], b"\xff", code="not_json")
    refuse(world, "smoke signals", {"a": 1})
    payloads = [letter.payload for letter in world.dead.list(None)]
    assert payloads == ['{[手机号1] \n[1]\n"/w=="', '{"a":1}']
    for letter in world.dead.list(None):
        with pytest.raises(Rejected):
            replay_now(world.intake, letter)


def test_a_letter_that_cannot_be_kept_costs_nobody_their_answer() -> None:
    world = World()
    world.dead.fault = Retryable("no disk")
    refuse(world, "messages", {"user_id": "u"})
    assert world.dead.list(None) == []
