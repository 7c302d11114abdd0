"""A shop whose true figures are known, sent in as its systems would: the report is the truth, all days, all figures."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence import figures, report
from real_server import Server
from traffic import Piece, Row, Senders, batch, pieces, single

from xundan.domain.calendar import DAY
from xundan.domain.ports import GROUPINGS
from xundan.domain.rules import SALE_RULES
from xundan.simulate import SimConfig, Simulation, simulate


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        server.start()
        yield server


def shop(days: int, customers: int, **more: Any) -> Simulation:
    """A shop whose last day is today, with more than the usual share of what is awkward."""
    now = time.time_ns() // 1_000_000
    awkward = {"other_id": 0.3, "no_buyer": 0.15, "late": 0.08, "duplicates": 0.05} | more
    return simulate(SimConfig(seed=11, end=now, days=days, customers_per_day=customers, **awkward))


def sent(server: Server, requests: list[Piece], connections: int) -> Senders:
    senders = Senders(lambda: server.client("intake", "import"), connections)
    senders.waiting.extend(requests)
    senders.start()
    senders.join(300)
    assert senders.faults == []
    assert len(senders.done) == len(requests)
    server.carried()
    return senders


def days(simulation: Simulation) -> tuple[str, str]:
    return simulation.truth["first_day"], simulation.truth["last_day"]


def every_report(server: Server, simulation: Simulation) -> dict[str, Any]:
    """The report by everything it can be asked for, without what tells when it was made."""
    asked: list[dict[str, Any]] = [{"by": by} for by in GROUPINGS[1:]] + [{"unit": "conversation"}]
    asked += [{"rule": rule, "window": window} for rule in SALE_RULES for window in (1, 2, 7, 15)]
    as_of = simulation.config.end
    found = {str(one): report(server, *days(simulation), as_of=as_of, **one) for one in asked}
    for one in found.values():
        del one["made_at"], one["position"]
    return found


def test_in_order_of_arrival(server: Server) -> None:
    simulation = shop(days=14, customers=16)
    sent(server, list(pieces(simulation, random.Random(1), singles=0.9)), connections=1)
    found = report(server, *days(simulation))
    assert figures(found) == simulation.truth["days"]
    says_the_same_everywhere(server, simulation, found)


def says_the_same_everywhere(server: Server, simulation: Simulation, found: Any) -> None:
    """The command's report is the server's; the sums of a report are those of its days, its groups and the rules."""
    first, last = days(simulation)
    printed = server.command("report", "--from", first, "--to", last, "--format", "json")
    assert figures(json.loads(printed)) == figures(found)
    total = found["total"]["figures"]
    truth = simulation.truth["days"].values()
    for name in ("wrote", "answered", "inquiries", "conversations", "conversations_ordered"):
        assert total[name] == sum(day[name] for day in truth)
    orders = simulation.truth["orders"].values()
    paid = [order for order in orders if order["paid"] is not None]
    assert total["sales"]["paid"]["total"]["fen"] == sum(order["amount_fen"] for order in paid)
    assert total["refunds"]["fen"] == sum(order["refunded_fen"] for order in orders)
    for by in GROUPINGS[1:]:
        groups = report(server, first, last, by=by)["groups"]
        assert sum(group["figures"]["inquiries"] for group in groups) == total["inquiries"]
        assert (
            sum(group["figures"]["sales"]["paid"]["total"]["fen"] for group in groups)
            == (total["sales"]["paid"]["total"]["fen"])
        )


def test_in_no_order_and_more_than_once(server: Server) -> None:
    """Shuffled, over several connections, singles and batches mixed; then all of it again, which changes nothing."""
    simulation = shop(days=8, customers=12)
    chance = random.Random(2)
    requests = list(pieces(simulation, chance, most=4))
    chance.shuffle(requests)
    sent(server, requests, connections=6)
    assert figures(report(server, *days(simulation))) == simulation.truth["days"]
    before = every_report(server, simulation)
    chance.shuffle(requests)
    again = sent(server, requests[: len(requests) // 2], connections=6)
    assert again.accepted.total() == 0
    assert every_report(server, simulation) == before


def test_history_and_what_comes_after_it(server: Server) -> None:
    """Seven weeks: what is too old to come live comes as history, after the rest, so that much of it moves figures."""
    simulation = shop(days=49, customers=4)
    old = simulation.config.end - 25 * DAY
    chance = random.Random(3)
    live: list[Piece] = []
    history: list[Piece] = []
    for kind in ("message", "order", "link"):
        rows: list[Row] = getattr(simulation, f"{kind}s")
        past = [row for row in rows if row["ts"] < old]
        history += [batch(kind, past[n : n + 50], source="?source=import") for n in range(0, len(past), 50)]
        live += [single(row, chance) if kind == "message" else batch(kind, [row]) for row in rows if row["ts"] >= old]
    sent(server, live, connections=4)
    assert figures(report(server, *days(simulation))) != simulation.truth["days"]
    sent(server, history, connections=2)
    assert figures(report(server, *days(simulation))) == simulation.truth["days"]
