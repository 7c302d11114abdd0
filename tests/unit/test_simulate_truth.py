"""The truth that the stories tell equals what the naive reading of the definitions finds in the rows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive
from xundan.domain.calendar import DAY
from xundan.domain.rules import Rules
from xundan.receive.parse import parse_link, parse_message, parse_order
from xundan.simulate import SimConfig, Simulation, simulate

END = 1_790_000_000_000  # 2026-09-21 22:13 in Shanghai
PARSE: dict[str, Any] = {"message": parse_message, "order": parse_order, "link": parse_link}

shares = st.floats(0, 0.6)
shops = st.builds(
    SimConfig,
    end=st.integers(END - 400 * DAY, END),
    seed=st.integers(0, 10**6),
    days=st.integers(1, 40),
    customers_per_day=st.integers(1, 3),
    zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
    silent=shares,
    comes_back=shares,
    other_id=st.floats(0, 0.5),
    no_buyer=st.floats(0, 0.5),
    duplicates=shares,
    late=shares,
)


def facts(simulation: Simulation, *, understood: bool = False) -> list[dict[str, Any]]:
    """Every row as an accepted fact, repetitions and all; `understood` adds the true labels as a model would."""
    config = simulation.config
    found = []
    for at, kind, row in simulation.timeline:
        fact = PARSE[kind](row, shop=config.shop, received=at, source="live", rules=Rules(zone=config.zone))
        found.append({"kind": kind, **asdict(fact)})
        label = simulation.truth["labels"].get(fact.id)
        if understood and label:
            found[-1].update(intent=label[0], buy_score=float(label[1]), model="truth")
    return found


def rules(simulation: Simulation, **changed: Any) -> dict[str, Any]:
    return {**asdict(Rules(zone=simulation.config.zone)), **changed}


def by_day(figures: dict[int, Any]) -> dict[str, Any]:
    return {str(day): page for day, page in figures.items()}


def same(found: object, true: object) -> None:
    assert json.dumps(found, sort_keys=True) == json.dumps(true, sort_keys=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shops)
def test_the_report_over_any_shop_is_the_truth(config: SimConfig) -> None:
    simulation = simulate(config)
    same(by_day(naive.figures(facts(simulation), rules(simulation), "total")), simulation.truth["days"])


@pytest.fixture(scope="module", params=[1, 2])
def shop(request: pytest.FixtureRequest) -> Simulation:
    return simulate(SimConfig(seed=request.param, end=END, customers_per_day=12, days=24, other_id=0.4))


def test_inquiries_by_true_intent(shop: Simulation) -> None:
    found = naive.figures(facts(shop, understood=True), rules(shop, inquiry_rule="intent"), "total")
    kept = {day: {n: page[n] for n in ("inquiries", "converted")} for day, page in by_day(found).items()}
    same({day: page for day, page in kept.items() if page["inquiries"]}, shop.truth["intent_rule"]["days"])


def test_orders_and_their_owners(shop: Simulation) -> None:
    found = naive.orders(facts(shop), rules(shop))
    names = ("matched", "amount_fen", "refunded_fen", "created", "paid")
    told = {
        order_id: {"owner": owner if order["matched"] else None, **{name: order[name] for name in names}}
        for (owner, order_id), order in found.items()
    }
    same(told, shop.truth["orders"])
    assert shop.truth["unmatched_orders"] == sorted(name for name, order in told.items() if not order["matched"])


def test_final_owners(shop: Simulation) -> None:
    everything = facts(shop)
    ids = {fact["owner"] for fact in everything if fact["kind"] != "order"} | set(shop.truth["owners"])
    ids |= {"order:" + fact["order_id"] for fact in everything if fact["kind"] == "order"}
    reading = naive.Shop(everything, rules(shop))
    assert {name: reading.final(name) for name in ids} == {name: shop.truth["owners"].get(name, name) for name in ids}
    assert len(shop.truth["owners"]) > 20


def test_conversations_with_a_purchase_intent(shop: Simulation) -> None:
    found = naive.conversations(facts(shop, understood=True), rules(shop))
    assert sum(one["label"] == "high" for one in found.values()) == shop.truth["counts"]["conversations_with_buy"]
