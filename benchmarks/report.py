"""How long a report takes over a store of 100 thousand and of a million conversations."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.results import Result, Row, Target
from benchmarks.rows import SHOP
from benchmarks.server import Server, serving, settings_for
from benchmarks.shops import DAYS, fill
from xundan.client import Client
from xundan.domain.calendar import day_name, day_of
from xundan.settings import Settings

SIZES = (100_000, 1_000_000)
REPEATS = 30
TARGET_MS = 100

QUERIES: Mapping[str, Mapping[str, object]] = {
    "fortnight by day": {"days": 14},
    "month by day": {"days": DAYS},
    "month by agent": {"days": DAYS, "by": "agent"},
    "month by intent": {"days": DAYS, "by": "intent"},
    "month by day, conversations": {"days": DAYS, "unit": "conversation"},
}
"""All conversations lie within the month."""

COLUMNS = {
    "conversations": "conversations",
    "report": "report",
    "p50_ms": "p50 ms",
    "slowest_ms": "slowest ms",
    "kb": "KB",
    "filling_s": "filling s",
    "store_mb": "store MB",
}


def run(folder: Path, scale: float, say: Callable[[str], None]) -> Result:
    """`GET /v1/shops/{shop}/report` of a real server, as JSON."""
    rows: list[Row] = []
    for size in SIZES:
        conversations = int(size * scale)
        say(f"filling a store with {conversations:,} conversations")
        settings = settings_for(folder / str(size), scoring=False)
        started = time.perf_counter()
        fill(settings, conversations)
        filled = {"filling_s": time.perf_counter() - started, "store_mb": _store_mb(settings)}
        say(f"reports over {conversations:,} conversations")
        with serving(settings) as server:
            rows += [
                {"conversations": conversations, "report": name, **_asked(server, query), **filled}
                for name, query in QUERIES.items()
            ]
        shutil.rmtree(settings.data_dir)
    return Result("report", "GET /v1/shops/{shop}/report, as JSON", COLUMNS, rows, _targets(rows))


def _targets(rows: list[Row]) -> list[Target]:
    found = {(row["conversations"], row["report"]): float(str(row["p50_ms"])) for row in rows}
    sizes = sorted({size for size, _ in found}, key=lambda size: int(str(size)))
    return [
        Target(f"ms for the month by day, {size:,} conversations", TARGET_MS, found[size, "month by day"], at_most=True)
        for size in sizes
    ]


def _asked(server: Server, query: Mapping[str, object]) -> Row:
    last = day_of(time.time_ns() // 1_000_000, server.settings.zone)
    first = last - int(str(query["days"])) + 1
    words = {"from": day_name(first), "to": day_name(last), **{k: str(v) for k, v in query.items() if k != "days"}}
    path = f"/v1/shops/{SHOP}/report?{urlencode(words)}"
    with closing(Client(server.url, server.token)) as client:
        answers = [client.insist("GET", path) for _ in range(REPEATS)]
    taken = [answer.seconds * 1000 for answer in answers[1:]]
    return {"p50_ms": statistics.median(taken), "slowest_ms": max(taken), "kb": len(answers[0].body) / 1000}


def _store_mb(settings: Settings) -> float:
    return (settings.data_dir / "store.db").stat().st_size / 1e6
