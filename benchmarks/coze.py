"""POST /coze: messages a second and how long each takes, over 1 to 64 connections, scoring off and on."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.closed_loop import Answered, send
from benchmarks.results import Result, Row, Target
from benchmarks.rows import live_messages
from benchmarks.server import request, serving, settings_for
from benchmarks.usage import usage
from xundan.embedded.sqlite_log import SqliteLogReader

CONNECTIONS = (1, 4, 16, 64)
SECONDS = 10
MOST_A_SECOND = 5000
WARM_UP = 300
TARGET = 2000

COLUMNS = {
    "scoring": "scoring",
    "connections": "connections",
    "messages": "messages",
    "per_second": "messages/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_share": "CPU %",
    "cpu_us": "CPU µs/message",
    "loop_us": "of it event loop",
    "carried_us": "CPU µs/message, carried",
    "behind": "behind at the end",
    "carried_per_second": "carried/s",
    "peak_mb": "peak MB",
}


def run(folder: Path, scale: float, say: Callable[[str], None]) -> Result:
    """Each step has a server and a data directory of its own."""
    seconds = max(1.0, SECONDS * scale)
    messages = live_messages(WARM_UP + int(seconds * MOST_A_SECOND))
    rows: list[Row] = []
    for scoring in (False, True):
        for connections in CONNECTIONS:
            say(f"POST /coze, scoring {'on' if scoring else 'off'}, {connections} connections")
            rows.append(_step(folder / "coze", messages, connections, seconds, scoring=scoring))
    best = max(float(str(row["per_second"])) for row in rows if row["scoring"] == "off")
    title = "POST /coze, every answer durable"
    return Result("coze", title, COLUMNS, rows, [Target("messages/s, scoring off", TARGET, best)])


def _step(folder: Path, messages: Sequence[Any], connections: int, seconds: float, *, scoring: bool) -> Row:
    settings = settings_for(folder, scoring=scoring)
    with serving(settings) as server:
        requests = [request(server.url, server.token, message) for message in messages]
        warmed = asyncio.run(send(server.url, requests[:WARM_UP], connections=connections, seconds=60))
        server.wait_until_carried()
        before = usage(server.pid)
        answered = asyncio.run(send(server.url, requests[WARM_UP:], connections=connections, seconds=seconds))
        after = usage(server.pid)
        behind, ended = server.lag(), time.perf_counter()
        server.wait_until_carried()
        carried_s = answered.elapsed_s + time.perf_counter() - ended
        carried = usage(server.pid)
    acknowledged = [messages[place] for place in warmed.places]
    acknowledged += [messages[WARM_UP + place] for place in answered.places]
    check_durable(folder / "log.db", acknowledged)
    shutil.rmtree(folder)
    count = len(answered.places)
    return {
        "scoring": "on" if scoring else "off",
        "connections": connections,
        "messages": count,
        "per_second": count / answered.elapsed_s,
        **_latencies(answered),
        "cpu_share": 100 * (after.cpu_s - before.cpu_s) / answered.elapsed_s,
        "cpu_us": 1e6 * (after.cpu_s - before.cpu_s) / count,
        "loop_us": 1e6 * (after.main_thread_s - before.main_thread_s) / count,
        "carried_us": 1e6 * (carried.cpu_s - before.cpu_s) / count,
        "behind": behind,
        "carried_per_second": count / carried_s,
        "peak_mb": carried.peak_mb,
    }


def _latencies(answered: Answered) -> Row:
    percentiles = statistics.quantiles(answered.took_s, n=100)
    return {"p50_ms": percentiles[49] * 1000, "p99_ms": percentiles[98] * 1000}


def check_durable(log: Path, acknowledged: Sequence[dict[str, Any]]) -> None:
    """Raise `AssertionError` unless the log holds every acknowledged message exactly once."""
    found: Counter[tuple[str, str]] = Counter()
    after = 0
    with closing(SqliteLogReader(log)) as reader:
        while entries := reader.read(after, 10_000):
            found.update((entry.fact.owner, entry.fact.id) for entry in entries)
            after = entries[-1].offset
    wrong = [m["message_id"] for m in acknowledged if found[m["user_id"], m["message_id"]] != 1]
    if wrong:
        raise AssertionError(f"{len(wrong)} acknowledged messages are not in the log exactly once, e.g. {wrong[0]}")
