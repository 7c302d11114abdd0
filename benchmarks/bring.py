"""A year of a shop's history, imported: into the log alone, and through everything."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.results import Result, Row, Target
from benchmarks.rows import write_history
from benchmarks.server import environment, settings_for
from benchmarks.usage import ended

COLUMNS = {
    "what": "import",
    "facts": "facts",
    "seconds": "seconds",
    "per_second": "facts/s",
    "cpu_us": "CPU µs/fact",
    "peak_mb": "peak MB",
    "disk_mb": "disk MB",
}


class Figures(msgspec.Struct):
    """What `benchmarks.into_log` prints."""

    facts: int
    seconds: float
    cpu_s: float
    peak_mb: float


def run(folder: Path, scale: float, say: Callable[[str], None]) -> Result:
    """The files are written first, outside the timing."""
    say("writing a year of history")
    history = folder / "history"
    history.mkdir(parents=True)
    counts = write_history(history, scale)
    files = {"messages": history / "messages.jsonl", "orders": history / "orders.jsonl"}
    plain = _into_log(folder / "plain", files, say, protect=False)
    hidden = _into_log(folder / "hidden", files, say, protect=True)
    whole = _through_everything(folder / "whole", files, counts, say)
    shutil.rmtree(history)
    targets = [
        Target("facts/s into the log, unprotected", 20_000, float(str(plain["per_second"]))),
        Target("facts/s into the log, protected", 5_000, float(str(hidden["per_second"]))),
        Target("facts/s through everything", 3_000, float(str(whole["per_second"]))),
    ]
    title = "Import of {messages:,} messages and {order_events:,} events of {orders:,} orders".format(**counts)
    return Result("import", title, COLUMNS, [plain, hidden, whole], targets)


def _into_log(folder: Path, files: dict[str, Path], say: Callable[[str], None], *, protect: bool) -> Row:
    what = f"log only, {'protected' if protect else 'not protected'}"
    say(what)
    folder.mkdir()
    paths = [f"{kind}={path}" for kind, path in files.items()]
    command = [sys.executable, "-m", "benchmarks.into_log", str(folder), "protect" if protect else "plain", *paths]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    figures = msgspec.json.decode(answer, type=Figures)
    return _row(what, folder, figures.facts, figures.seconds, figures.cpu_s, figures.peak_mb)


def _through_everything(folder: Path, files: dict[str, Path], counts: dict[str, int], say: Any) -> Row:
    """`xundan import messages`, then `xundan import orders`: each ends when the reports contain everything."""
    what = "through everything, scoring off"
    say(what)
    facts = counts["messages"] + counts["order_events"]
    seconds = cpu_s = peak_mb = 0.0
    for kind, path in files.items():
        used = _command(folder, ["import", kind, str(path)])
        seconds, cpu_s, peak_mb = seconds + used[0], cpu_s + used[1], max(peak_mb, used[2])
    return _row(what, folder, facts, seconds, cpu_s, peak_mb)


def _command(folder: Path, words: Sequence[str]) -> tuple[float, float, float]:
    """Run `xundan` to its end: seconds, seconds of processor time, most memory in MB."""
    environ = environment(settings_for(folder, scoring=False))
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-P", "-m", "xundan", *words], env=environ, stderr=subprocess.DEVNULL)
    used = ended(process)
    return time.perf_counter() - started, used.cpu_s, used.peak_mb


def _row(what: str, folder: Path, facts: int, seconds: float, cpu_s: float, peak_mb: float) -> Row:
    disk_mb = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    shutil.rmtree(folder)
    return {
        "what": what,
        "facts": facts,
        "seconds": seconds,
        "per_second": facts / seconds,
        "cpu_us": 1e6 * cpu_s / facts,
        "peak_mb": peak_mb,
        "disk_mb": disk_mb,
    }
