"""POST /coze under a load that does not wait: 50, 200, 500 messages a second, ours and the usual way side by side."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import models
from benchmarks import serving as understanding
from benchmarks.bert import SIZES
from benchmarks.chats import REAL, Asked, as_they_come, real_chats, written_chats
from benchmarks.open_loop import PATIENCE_S, Offered, offer
from benchmarks.results import Result, Row, Target, cell, portion
from benchmarks.rows import SHOP, live_messages
from benchmarks.server import request, serving, settings_for
from benchmarks.usage import Usage, family_usage
from benchmarks.usual_way import serve as usual_way
from xundan.domain.records import Message
from xundan.embedded.rebuild import facts_held
from xundan.embedded.sqlite_store import SqliteStore
from xundan.errors import MissingExtra
from xundan.receive.tokens import SCOPES, mint
from xundan.understand.model import DEFAULT_MODEL

RATES = (50, 200, 500)
SECONDS = 20
ALONE_S = 2.0
ROUNDS = 3
WARM_UP = 200
WARM_UP_RATE = 20.0
SIZE = SIZES["BERT-base"]
DEFAULT, USUAL = "default model", f"usual way, {SIZE.name}"

COLUMNS = {
    "what": "what",
    "rate": "asked/s",
    "messages": "messages",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "in_time": "scored in time %",
    "later": "later %",
    "never": "never %",
    "lost": "no answer %",
    "in_time_rate": "in time/s",
    "alone": "runtime alone/s",
    "remembered": "from memory %",
    "cpu_share": "CPU %",
    "cpu_us": "CPU µs/message",
    "peak_mb": "peak MB",
    "behind_s": "carried after s",
    "late_ms": "client late p99 ms",
}

SAID = ("p50_ms", "p99_ms", "in_time", "lost", "late_ms")

Say = Callable[[str], None]


def run(folder: Path, scale: float, say: Say) -> Result:
    """Each step has a server of its own and sends every message once, so that the memory of scores is not flattered."""
    chats = real_chats()
    messages = list(as_they_come(chats or written_chats()))
    notes = [] if chats else [f"the project's written dialogues instead of real chats: {REAL.name} is not there"]
    rounds, part = portion(scale, ROUNDS)
    systems = _systems(folder / "load", messages, ALONE_S * part, notes)
    rows: list[Row] = []
    for number, (name, step), rate in product(range(rounds), systems.items(), RATES):
        say(f"{name}, {rate}/s, round {number + 1} of {rounds}")
        rows.append({"what": name, "rate": rate, **step(messages[: round(rate * SECONDS * part)], rate)})
        say("  " + ", ".join(f"{COLUMNS[field]} {cell(rows[-1][field])}" for field in SAID))
    shutil.rmtree(folder / "load")
    found = _medians(rows)
    title = f"POST /coze at a given rate, medians of {rounds} rounds"
    return Result("load", title, COLUMNS, found, _targets(found), notes)


Step = Callable[[Sequence[Asked], int], Row]


def _systems(folder: Path, messages: Sequence[Asked], seconds: float, notes: list[str]) -> dict[str, Step]:
    """What can be measured here; `notes` is told what cannot."""
    questions = [one.question for one in messages]

    def ours(model: Path | None) -> Step:
        alone = understanding.alone(understanding.load("", model or DEFAULT_MODEL), questions, seconds)
        return lambda those, rate: {**_ours(folder / "data", model, those, rate), "alone": alone}

    folder.mkdir()
    systems = {DEFAULT: ours(None)}
    try:
        systems[SIZE.name] = ours(models.write(folder / "model", SIZE))
        usual_way.check()
        systems[USUAL] = lambda those, rate: _usual(folder, those, rate)
    except MissingExtra as missing:
        notes.append(str(missing))
    return systems


def _ours(folder: Path, model: Path | None, messages: Sequence[Asked], rate: int) -> Row:
    settings = settings_for(folder, scoring=True, model=model)
    with serving(settings) as server:
        warm = [request(server.url, server.token, message) for message in live_messages(WARM_UP)]
        uvloop.run(offer(server.url, warm, rate=WARM_UP_RATE * 5))
        server.wait_until_carried()
        requests = [request(server.url, server.token, _body(n, one)) for n, one in enumerate(messages)]
        counted, before = server.metrics(), family_usage(server.pid)
        offered = uvloop.run(offer(server.url, requests, rate=rate))
        after = family_usage(server.pid)
        later = {name: value - counted.get(name, 0) for name, value in server.metrics().items()}
        behind_s = server.wait_until_carried()
    never = _unscored(folder)
    shutil.rmtree(folder)
    in_time = sum(json.loads(answer.body)["intent"] is not None for answer in offered.answers if answer.status == 200)
    share = 100 / len(messages)
    asked = (later['xundan_score_cache_total{outcome="hit"}'], later['xundan_score_cache_total{outcome="miss"}'])
    return _measured(offered, before, after) | {
        "in_time": share * in_time,
        "in_time_rate": in_time / offered.elapsed_s,
        "later": share * (len(messages) - in_time - never),
        "never": share * never,
        "remembered": 100 * asked[0] / max(1.0, sum(asked)),
        "behind_s": behind_s,
        "passes": later["xundan_score_batches_total"],
    }


def _usual(folder: Path, messages: Sequence[Asked], rate: int) -> Row:
    token = mint(settings_for(folder, scoring=False), SHOP, 1, SCOPES)
    with usual_way.serving(SIZE, folder) as (url, pid):
        bodies = [_body(n, one) | {"context": _context(one)} for n, one in enumerate(messages)]
        requests = [request(url, token, body) for body in bodies]
        uvloop.run(offer(url, requests[: WARM_UP // 10], rate=WARM_UP_RATE))
        before = family_usage(pid)
        offered = uvloop.run(offer(url, requests, rate=rate))
        after = family_usage(pid)
    answered = sum(answer.status == 200 for answer in offered.answers)
    in_time = {"in_time": 100 * answered / len(messages), "in_time_rate": answered / offered.elapsed_s}
    return _measured(offered, before, after) | in_time


def _measured(offered: Offered, before: Usage, after: Usage) -> dict[str, object]:
    """What the client saw and what the server used meanwhile. Requests without an answer took longer than any."""
    lost = offered.requests - len(offered.answers)
    took = sorted(answer.took_s for answer in offered.answers)
    cpu_s = after.cpu_s - before.cpu_s
    return {
        "messages": offered.requests,
        **{f"p{part}_ms": _percentile(took, lost, part) for part in (50, 95, 99)},
        "lost": 100 * lost / offered.requests,
        "refused": sum(answer.status != 200 for answer in offered.answers),
        "cpu_share": 100 * cpu_s / offered.elapsed_s,
        "cpu_us": 1e6 * cpu_s / max(1, len(took)),
        "rss_mb": after.rss_mb,
        "peak_mb": after.peak_mb,
        "late_ms": _percentile(sorted(offered.late_s), 0, 99),
        "client_cpu_share": 100 * offered.client_cpu_s / offered.elapsed_s,
    }


def _percentile(ordered: Sequence[float], lost: int, part: int) -> float | None:
    """In milliseconds; None where there was none."""
    place = (len(ordered) + lost) * part // 100
    return ordered[place] * 1000 if place < len(ordered) else None


def _medians(rows: Sequence[Row]) -> list[Row]:
    """One row for each system and rate: of every figure the median of the rounds that have it."""
    found: list[Row] = []
    for what, rate in dict.fromkeys((row["what"], row["rate"]) for row in rows):
        those = [row for row in rows if (row["what"], row["rate"]) == (what, rate)]
        found.append({"what": what, "rate": rate} | {name: _median(those, name) for name in those[0] if name != "what"})
    return found


def _median(rows: Sequence[Row], name: str) -> float | int | None:
    """None counts as more than any number: it took too long for one."""
    values: list[Any] = [math.inf if row[name] is None else row[name] for row in rows]
    middle: float | int = statistics.median_low(values)
    return None if middle == math.inf else middle


def _targets(rows: Sequence[Row]) -> list[Target]:
    found = {str(row["what"]): row for row in rows if row["rate"] == RATES[-1]}
    wanted = [
        (DEFAULT, "p99_ms", "p99 ms", 25, True),
        (DEFAULT, "in_time", "% scored in time", 100, False),
        (SIZE.name, "p99_ms", "p99 ms", 60, True),
        (SIZE.name, "peak_mb", "MB of memory at most", 700, True),
    ]
    targets = [
        Target(f"{what}, {RATES[-1]}/s: {said}", limit, _number(found[what][field]), at_most)
        for what, field, said, limit, at_most in wanted
        if what in found
    ]
    for what, row in found.items():
        if "alone" in row and (alone := _number(row["alone"])) < RATES[-1]:
            share = _number(row["in_time_rate"]) / alone
            targets.append(Target(f"{what}, {RATES[-1]}/s: scored in time, of what the runtime can", 0.9, share))
    return targets


def _number(figure: object) -> float:
    """A figure of a row; what had no answer took longer than anybody waited."""
    return PATIENCE_S * 1000 if figure is None else float(str(figure))


def _unscored(folder: Path) -> int:
    """How many customer messages nobody has scored, now that everything is carried."""
    with closing(SqliteStore(folder / "store.db")) as store:
        facts = (fact for fact in facts_held(store) if isinstance(fact, Message) and fact.sender == "user")
        return sum(fact.intent is None for fact in facts)


def _body(number: int, asked: Asked) -> dict[str, Any]:
    body = {"user_id": asked.user, "conversation_id": asked.user, "message_id": f"m{number}", "text": asked.text}
    return body | ({"answer": asked.answer} if asked.answer else {})


def _context(asked: Asked) -> list[dict[str, str]]:
    return [{"from": turn.sender, "text": turn.text} for turn in asked.context]
