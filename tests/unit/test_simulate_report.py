"""Journeys and report over a simulated shop give its truth: late, repeated, linked and unmatched rows and all."""

from __future__ import annotations

from typing import Any

import pytest
from measure_fakes import FakeStore

from world import World
from xundan.domain.rules import Rules
from xundan.measure.figures import ASSISTED, figures
from xundan.receive.parse import parse_link, parse_message, parse_order
from xundan.simulate import SimConfig, Simulation, simulate

END = 1_790_000_000_000
PARSE: dict[str, Any] = {"message": parse_message, "order": parse_order, "link": parse_link}


def journeys(simulation: Simulation) -> World:
    world = World(Rules())
    for at, kind, row in simulation.timeline:
        world.steps = 0  # its limit is for the facts of one customer
        world.take([PARSE[kind](row, shop="1024", received=at, source="live", rules=Rules())])
    return world


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_report_is_the_truth(seed: int) -> None:
    simulation = simulate(SimConfig(seed=seed, end=END, customers_per_day=4, other_id=0.4, late=0.1, duplicates=0.1))
    store = FakeStore(journeys(simulation).cubes)
    found: dict[str, Any] = {}
    rows = store.cube("1024", "total", 0, 10**6) + [
        row for row in store.cube("1024", "agent", 0, 10**6) if row.family in ASSISTED
    ]
    for day in sorted({row.day for row in rows}):
        found[str(day)] = figures(row for row in rows if row.day == day).to_dict()
    assert found == simulation.truth["days"]
