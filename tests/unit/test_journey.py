"""The heart: whatever the order and the repetition of the facts, the same documents and the same cubes."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import naive
import strategies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import World

from xundan.domain.ports import GROUPINGS, CubeRow
from xundan.domain.rules import Rules
from xundan.measure.figures import figures

SLOW = settings(
    deadline=None,
    max_examples=int(os.environ.get("XUNDAN_EXAMPLES", "150")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


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
            value: {
                day: figures(row for row in rows if row.day == day).to_dict() for day in {row.day for row in rows}
            }
            for value, rows in _cube(world, grouping).items()
        }
        assert found == {value: days for value, days in expected.items() if days}, grouping
