"""What can be relied on in the rows of a simulated shop, whatever its seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xundan.domain.calendar import DAY, HOUR, day_number, day_of
from xundan.domain.rules import SALE_RULES, Rules
from xundan.errors import ConfigError
from xundan.simulate import SimConfig, Simulation, simulate, stream, write
from xundan.simulate.tally import Tally

END = 1_790_000_000_000  # 2026-09-21 22:13 in Shanghai


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SimConfig(end=END))


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    config = SimConfig(seed=7, end=END, customers_per_day=6)
    code = f"from pathlib import Path; from xundan.simulate import *; write(simulate({config!r}), Path('.'))"
    for hash_seed in ("1", "2"):
        (tmp_path / hash_seed).mkdir()
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path / hash_seed, env=env, check=True)
    for name in ("messages.jsonl", "orders.jsonl", "links.jsonl", "truth.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_another_seed_or_shop_gives_another_life() -> None:
    kinds = [{}, {"seed": 2}, {"shop": "1025"}]
    texts = {json.dumps(simulate(SimConfig(end=END, customers_per_day=3, **kind)).messages) for kind in kinds}  # type: ignore[arg-type]
    assert len(texts) == 3


def test_files_hold_the_rows_and_the_truth(tmp_path: Path) -> None:
    simulation = simulate(SimConfig(end=END, customers_per_day=4))
    write(simulation, tmp_path / "new")
    for name in ("messages", "orders", "links"):
        lines = (tmp_path / "new" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == getattr(simulation, name)
    assert json.loads((tmp_path / "new" / "truth.json").read_text(encoding="utf-8")) == simulation.truth


def test_a_default_fortnight_has_the_size_of_a_demo(shop: Simulation) -> None:
    assert 8_000 <= len(shop.messages) <= 13_000
    assert 700 <= shop.truth["counts"]["orders"] <= 1_200
    days = shop.truth["days"].values()
    inquiries = sum(day["inquiries"] for day in days)
    for window in (2, 15):
        assert 0.33 <= sum(day["converted"]["ordered"][window - 1] for day in days) / inquiries <= 0.56


def test_nothing_happens_or_arrives_after_the_end(shop: Simulation) -> None:
    first = day_number(shop.truth["first_day"])
    for at, _, row in shop.timeline:
        assert row["ts"] <= at <= END
        assert first <= day_of(row["ts"], "Asia/Shanghai") <= day_number(shop.truth["last_day"])


def test_rows_come_in_order_of_arrival_and_a_few_come_late_or_twice(shop: Simulation) -> None:
    arrivals = [at for at, _, _ in shop.timeline]
    assert arrivals == sorted(arrivals)
    lags = [at - row["ts"] for at, _, row in shop.timeline]
    assert sum(lag > HOUR for lag in lags) > 50
    assert sum(lag > DAY for lag in lags) > 10
    assert max(lags) < 30 * DAY, "live rows must not be refused as too late"
    for rows, name in ((shop.messages, "message_id"), (shop.orders, "event_id")):
        copies: dict[str, list[Any]] = {}
        for row in rows:
            copies.setdefault(row[name], []).append(row)
        again = [same for same in copies.values() if len(same) > 1]
        assert again
        assert all(row == same[0] for same in again for row in same)


def test_a_stream_is_the_simulation_row_by_row() -> None:
    config = SimConfig(end=END, customers_per_day=5)
    simulation = simulate(config)
    tally = Tally(Rules())
    assert list(stream(config, tally)) == [(kind, row) for _, kind, row in simulation.timeline]
    assert tally.truth()["days"] == simulation.truth["days"]


def test_money_adds_up_and_rates_stay_below_one(shop: Simulation) -> None:
    assert sum(day["refunds"]["fen"] for day in shop.truth["days"].values()) > 0
    for day in shop.truth["days"].values():
        assert day["answered"] <= day["wrote"] >= day["inquiries"]
        for counts in day["converted"].values():
            assert counts == sorted(counts)
            assert counts[-1] <= day["inquiries"]
        for rule in SALE_RULES:
            sales = day["sales"][rule]
            for attributed, silent in zip(sales["attributed"], sales["silent"], strict=True):
                for name, total in sales["total"].items():
                    assert attributed[name] + silent[name] + sales["unmatched"][name] == total


def test_what_happens_in_shops_happens_here(shop: Simulation) -> None:
    """Every peculiarity that docs/simulate.md promises is there, in a fortnight of the default shop."""
    status = Counter((row["status"], row.get("part")) for row in shop.orders)
    for one in ("created", "paid", "shipped", "received", "refunded", "cancelled"):
        assert status[one, None] > 5
    assert status["paid", "deposit"] > status["paid", "balance"] > 5
    assert {row.get("user_id") for row in shop.orders} >= {None, "t***8"}
    assert any("amount" in row for row in shop.orders)
    assert any("amount_fen" not in row and "amount" not in row and row["status"] == "paid" for row in shop.orders)
    assert any(row["alias"].startswith("order:") for row in shop.links)
    assert any(row["alias"] == row["user_id"] for row in shop.links)
    assert len({row["channel"] for row in shop.messages if "channel" in row}) == 3
    assert {row.get("agent_id") for row in shop.messages if row["from"] == "agent"} >= {*SimConfig(end=END).agents}
    assert shop.truth["claims"]["said"] > shop.truth["claims"]["without_order"] > 10
    assert shop.truth["unmatched_orders"]


def test_chats_are_handed_over_and_cross_midnight(shop: Simulation) -> None:
    servers: dict[str, set[Any]] = {}
    nights = 0
    last: dict[str, int] = {}
    for row in sorted(shop.messages, key=lambda row: row["ts"]):
        name = row["user_id"]
        if row["from"] != "user":
            servers.setdefault(name, set()).add(row.get("agent_id", "agent") if row["from"] == "agent" else "bot")
        before = last.get(name, 0)
        crossed = day_of(before, "Asia/Shanghai") < day_of(row["ts"], "Asia/Shanghai")
        nights += crossed and row["ts"] - before < HOUR / 2
        last[name] = row["ts"]
    assert sum("bot" in who and len(who) > 1 for who in servers.values()) > 50
    assert sum(len(who - {"bot"}) > 1 for who in servers.values()) > 30
    assert nights > 3


@pytest.mark.parametrize(
    "wrong",
    [{"conversion": 1.2}, {"days": 0}, {"customers_per_day": 0}, {"zone": "Asia/Nowhere"}, {"agents": ()}],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SimConfig(end=END, **wrong)
