"""One rule for the context of a message, whether it is scored when it comes or later."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.context import TURN_CHARS, context_of
from xundan.domain.ports import Turn
from xundan.domain.records import Message
from xundan.receive.turns import Turns

GAP = 1000


def at(ts: int, id: str = "", text: str = "") -> Message:
    made = Message(shop="1", owner="u", id=id or f"m{ts}", ts=ts, received=ts, source="live", sender="user", text="")
    return replace(made, text=text or f"t{ts}")


def texts(message: Message, *said: Message) -> list[str]:
    return [turn.text for turn in context_of(message, said, GAP)]


def test_three_turns_at_most() -> None:
    assert texts(at(50), *map(at, (10, 20, 30, 40))) == ["t20", "t30", "t40"]
    assert texts(at(50)) == []


def test_each_silence_counts_by_itself() -> None:
    assert texts(at(2500), at(900), at(1700)) == ["t900", "t1700"]
    assert texts(at(2700), at(1700)) == []
    assert texts(at(2500), at(100), at(1600), at(1700)) == ["t1600", "t1700"]


def test_itself_and_what_came_later_do_not_count_but_the_same_instant_does() -> None:
    assert texts(at(50, "me"), at(40), at(50, "other", "same"), at(50, "me"), at(60)) == ["t40", "same"]


def test_a_long_turn_is_cut() -> None:
    assert context_of(at(50), [at(40, text="长" * 1000)], GAP) == (Turn("user", "长" * TURN_CHARS),)


@given(st.lists(st.integers(0, 6000), min_size=1, max_size=12))
def test_the_turns_that_are_remembered_suffice(instants: list[int]) -> None:
    """In order of time, what the intake keeps gives the context that the whole chat gives."""
    chat = [at(ts, f"m{n}") for n, ts in enumerate(sorted(instants))]
    turns = Turns(GAP)
    for n, message in enumerate(chat):
        assert turns.context(message) == context_of(message, chat[:n], GAP)
        turns.add(message)
