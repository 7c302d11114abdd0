"""The heart: whatever the order and the repetition of the facts, the same documents and the same cubes."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive
import strategies
from world import DictParts, World
from xundan.domain.ports import GROUPINGS, CubeRow
from xundan.domain.rules import Rules
from xundan.measure.figures import figures

T = TypeVar("T")

SLOW = settings(
    deadline=None,
    max_examples=int(os.environ.get("XUNDAN_EXAMPLES", "150")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _cube(world: World, grouping: str) -> dict[str, list[CubeRow]]:
    """The cells of one grouping by value; an assisted order names its agent for the shop as a whole, too."""
    rows: dict[str, list[CubeRow]] = defaultdict(list)
    for cell, amount in world.cubes.items():
        assisted = cell.family.startswith("assisted.")
        if assisted and grouping not in ("total", "agent"):
            continue
        value = "" if grouping == "total" else getattr(cell.dims, grouping)
        name = cell.dims.agent if assisted else value
        rows[value].append(CubeRow(cell.day, cell.family, name, cell.lag, cell.lag2, *amount))
    return rows


def _run(facts: list[dict[str, Any]], rules: dict[str, Any], seed: int = 0) -> World:
    return World(Rules(**rules), seed).take(strategies.to_record(fact) for fact in facts)


@SLOW
@given(st.data(), strategies.facts(), strategies.rules(), st.integers(0, 1000))
def test_any_order_and_repetition_ends_in_the_same_world(
    data: st.DataObject, facts: list[dict[str, Any]], rules: dict[str, Any], seed: int
) -> None:
    shuffled = data.draw(strategies.arrivals(facts))
    assert _run(shuffled, rules, seed).outcome() == _run(facts, rules).outcome()


@SLOW
@given(strategies.facts(), strategies.rules())
def test_documents_are_those_of_the_naive_reading(facts: list[dict[str, Any]], rules: dict[str, Any]) -> None:
    world = _run(facts, rules)
    expected = naive.conversations(facts, rules)
    assert world.conversations.keys() == expected.keys()
    for id, document in expected.items():
        found = world.conversations[id]
        messages = [m.id for day in sorted(world.messages[id]) for m in world.messages[id][day]]
        assert messages == document["messages"]
        for name in document.keys() - {"messages"}:
            assert getattr(found, name) == document[name], name
    orders = naive.orders(facts, rules)
    assert world.orders.keys() == orders.keys()
    for key, order in orders.items():
        for name in order:
            assert getattr(world.orders[key], name) == order[name], name


@SLOW
@given(strategies.facts(), strategies.rules())
def test_figures_are_those_of_the_naive_reading(facts: list[dict[str, Any]], rules: dict[str, Any]) -> None:
    world = _run(facts, rules)
    for grouping in GROUPINGS:
        expected = {"": naive.figures(facts, rules)} if grouping == "total" else naive.grouped(facts, rules, grouping)
        found = {
            value: {day: figures(row for row in rows if row.day == day).to_dict() for day in {row.day for row in rows}}
            for value, rows in _cube(world, grouping).items()
        }
        assert found == {value: days for value, days in expected.items() if days}, grouping


def _buyers(*named: tuple[str, str, int]) -> list[dict[str, Any]]:
    """An event of an order for each (buyer, order, ts)."""
    return [strategies.event(buyer, f"e{n}", ts, order_id, "shipped") for n, (buyer, order_id, ts) in enumerate(named)]


def test_a_circle_that_a_late_link_opens_comes_to_rest() -> None:
    """c2 and a1 point at each other by two orders; then a1 turns out to be somebody else."""
    facts = _buyers(("c2", "q0", 10), ("a1", "q0", 11), ("a1", "q1", 2), ("c2", "q1", 3))
    facts.append(strategies.link("a1", "z9", "l1", 1))
    for seed in range(50):
        world = _run(facts, strategies.DEFAULT_RULES, seed)
        assert {key for key, _ in world.orders} == {"c2"}


def test_what_is_said_at_once_costs_no_more_days_than_it_touches() -> None:
    """A long history is not read again for a new message: the parts read stay as few as for a short one."""
    assert _parts_read(history_days=400) == _parts_read(history_days=20)


def test_an_order_that_turns_out_to_be_paid_earlier_takes_its_place_before_the_others() -> None:
    day = strategies.DAY
    chat = strategies.message("c1", "m1", 9 * day)
    later = strategies.event("c1", "e1", 9 * day + 2000, "o1", "paid")
    other = strategies.event("c1", "e2", 9 * day + 1000, "o2", "paid")
    earlier = strategies.event("c1", "e3", 9 * day + 500, "o1", "paid")
    world = _run([chat, later, other], strategies.DEFAULT_RULES)
    assert [c.order_id for c in world.conversations.values()] == ["o2"]
    world.take([strategies.to_record(earlier)])
    assert [c.order_id for c in world.conversations.values()] == ["o1"]


def test_a_conversation_whose_first_message_has_copies_on_two_days_is_counted_once() -> None:
    """While links are still being learnt, copies with another instant come by several ways; the last word is one."""
    day = strategies.DAY
    facts = [
        strategies.link("c3", "c2", "m11", 25 * day),
        strategies.event("c2", "m0", 10 * day, "q0", "created"),
        strategies.link("c2", "c1", "m4", 10 * day),
        strategies.message("c3", "m8", 10 * day, order_id="o1"),
        strategies.message("c3", "m8", 9 * day, order_id="o1"),
    ]
    expected = _run(facts, strategies.DEFAULT_RULES).outcome()
    for seed in range(200):
        shuffled = random.Random(seed).sample(facts, len(facts))
        assert _run(shuffled, strategies.DEFAULT_RULES, seed).outcome() == expected, seed


def _parts_read(history_days: int) -> int:
    day = strategies.DAY
    world = _run([strategies.message("c1", f"m{n}", n * day) for n in range(history_days)], strategies.DEFAULT_RULES)
    counting = world.journeys["c1"] = _Counting(world.journeys["c1"])
    world.take([strategies.to_record(strategies.message("c1", "new", history_days * day))])
    return len(counting.read)


class _Counting(DictParts):
    """Notes which parts are read."""

    def __init__(self, parts: DictParts) -> None:
        self.values = parts.values
        self.read: set[str] = set()

    def get(self, name: str, kind: type[T]) -> T | None:
        self.read.add(name)
        return super().get(name, kind)
