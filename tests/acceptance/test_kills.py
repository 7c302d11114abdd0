"""SIGKILL at any moment: what was acknowledged is there exactly once, and the figures are those of a rebuild."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from evidence import carried_anew, contexts, drift, facts, figures, logged, report
from real_server import Server
from traffic import Piece, Senders, pieces, single, statuses

from xundan.domain.calendar import DAY
from xundan.domain.records import Identity
from xundan.simulate import SimConfig, Simulation, simulate

KILLS = 30
SECONDS = 120
"""How long a round may take on a machine that others use too."""


@pytest.fixture
def chance() -> random.Random:
    seed = os.environ.get("XUNDAN_TEST_SEED") or str(time.time_ns() % 1_000_000)
    print(f"XUNDAN_TEST_SEED={seed}")  # shown when the test fails
    return random.Random(seed)


def shop(chance: random.Random, days: int, customers: int) -> Simulation:
    """One whose days end now, for live facts must not be old."""
    now = time.time_ns() // 1_000_000
    return simulate(SimConfig(seed=chance.randrange(10**6), end=now, days=days, customers_per_day=customers))


def passing(simulation: Simulation, number: int, chance: random.Random) -> Piece:
    """A message that nobody sends again, of a customer and a day apart from the others."""
    ts = simulation.config.end - 20 * DAY
    row = {"user_id": f"passing{number % 7}", "message_id": f"p{number}", "ts": ts, "text": "你好，在吗"}
    return single(row, chance, again=False)


def until_killed(server: Server, senders: Senders, share: int, chance: random.Random) -> None:
    """One life of the server: it is killed while it starts, or around the time `share` requests have been answered."""
    server.start(wait=False)
    if chance.random() < 0.1:
        time.sleep(chance.uniform(0, 1.5))
        server.kill()
        return
    enough = len(senders.done) + chance.randint(0, 2 * share)
    started = time.monotonic()
    while not server.answers():
        assert server.alive(), server.said()[-2000:]
        assert time.monotonic() < started + SECONDS
        time.sleep(0.01)
    senders.start()
    while len(senders.done) < enough and senders.waiting:
        assert time.monotonic() < started + SECONDS, f"only {len(senders.done)} of {enough} answers"
        time.sleep(0.001)
    if chance.random() < 0.5:
        while_it_is_written(server.files.store)
    time.sleep(chance.uniform(0, 0.02))
    server.kill()
    senders.join()


def while_it_is_written(database: Path) -> None:
    """Wait until a transaction is on its way into a database: for the runner that is a small part of its time."""
    wal = database.with_name(database.name + "-wal")
    before, deadline = wal.stat(), time.monotonic() + 0.5
    while wal.stat().st_mtime_ns == before.st_mtime_ns and time.monotonic() < deadline:
        time.sleep(0.0005)


def everything_sent(server: Server, senders: Senders, chance: random.Random) -> None:
    """A last life, which nobody ends: what was not acknowledged is sent again, and some of what was."""
    server.start()
    senders.start()
    senders.join()
    assert senders.faults == []
    with server.client("intake") as caller:
        for piece in chance.sample(senders.done, len(senders.done) // 10):
            answer = caller.request("POST", piece.address, piece.body, piece.kind)
            assert set(statuses(answer.json())) == {"duplicate"}, f"{piece.address} was acknowledged and is not known"
    server.carried()


def killed_again_and_again(server: Server, senders: Senders, simulation: Simulation, chance: random.Random) -> None:
    senders.waiting.extend(pieces(simulation, chance))
    share = len(senders.waiting) // (KILLS + 3)
    for number in range(KILLS):
        for n in range(4):
            at = chance.randrange(min(2 * share, len(senders.waiting)) + 1)
            senders.waiting.insert(at, passing(simulation, 4 * number + n, chance))
        until_killed(server, senders, share, chance)
        assert senders.faults == []


def test_killed_thirty_times(tmp_path: Path, chance: random.Random) -> None:
    simulation = shop(chance, days=5, customers=24)
    with Server(tmp_path) as server:
        senders = Senders(lambda: server.client("intake"))
        killed_again_and_again(server, senders, simulation, chance)
        assert len(senders.done) > 10 * KILLS
        assert senders.broken >= KILLS / 2, "the kills did not hit requests under way"
        everything_sent(server, senders, chance)
        days = simulation.truth["first_day"], simulation.truth["last_day"]
        assert figures(report(server, *days)) == simulation.truth["days"]
        the_histories_hold_each_message_once(server, senders, simulation)
        assert server.end()[0] == 0
        assert {line["level"] for line in server.logs()} <= {"info", "warning"}

    count = logged(server.files.log)
    assert {fact: n for fact, n in count.items() if n != 1} == {}
    assert {fact: n for fact, n in senders.accepted.items() if n != 1} == {}
    assert senders.acknowledged - count.keys() == set()
    assert count.keys() - senders.sent == set()
    kept, anew = carried_anew(server, tmp_path)
    assert kept == anew
    assert drift(server.settings, server.files.store) == []


def the_histories_hold_each_message_once(server: Server, senders: Senders, simulation: Simulation) -> None:
    owners = simulation.truth["owners"]

    def place(fact: Identity) -> tuple[str, str]:
        return owners.get(fact[1], fact[1]), fact[2]

    acknowledged = {place(fact) for fact in senders.acknowledged if fact[0] == "message"}
    sent = {place(fact) for fact in senders.sent if fact[0] == "message"}
    found = contexts(server, sorted({owner for owner, _ in acknowledged}))
    assert {message: n for message, n in found.items() if n != 1} == {}
    assert acknowledged <= found.keys() <= sent
    assert len(acknowledged) > 0.9 * len(sent)


def test_killed_while_messages_are_scored(tmp_path: Path, chance: random.Random) -> None:
    """Scores are facts: a rebuild does not ask the model again, and a repeat is not scored into a second message."""
    simulation = shop(chance, days=3, customers=8)
    with Server(tmp_path, scoring=True) as server:
        senders = Senders(lambda: server.client("intake"))
        senders.waiting.extend(pieces(simulation, chance))
        share = len(senders.waiting) // 6
        for number in range(4):
            server.options["scoring"] = number != 2  # what comes unscored is scored by the next life
            until_killed(server, senders, share, chance)
        server.options["scoring"] = True
        everything_sent(server, senders, chance)
        days = simulation.truth["first_day"], simulation.truth["last_day"]
        assert figures(report(server, *days)) == simulation.truth["days"]
        the_histories_hold_each_message_once(server, senders, simulation)
        assert server.end()[0] == 0
    count = logged(server.files.log)
    assert {fact: n for fact, n in count.items() if n != 1} == {}
    assert count.keys() == senders.acknowledged
    assert drift(server.settings, server.files.store) == []
    assert any(getattr(fact, "intent", None) for fact in facts(server.files.log))
