"""What a benchmark found, as a table in the terminal and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).with_name("results")
COMMITS = 50

Row = Mapping[str, object]


@dataclass(frozen=True)
class Target:
    """A figure that is aimed at: `found` should be at least (or, `at_most`, at most) `wanted`."""

    what: str
    wanted: float
    found: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted


@dataclass(frozen=True)
class Result:
    """One benchmark. `columns` maps a row's fields to headings, in the order of the table; `notes` are sentences."""

    name: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Row]
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()


def portion(scale: float, rounds: int) -> tuple[int, float]:
    """How many rounds a part of the full size is, and what part of each: fewer rounds first, then shorter ones."""
    return max(1, round(rounds * scale)), min(1.0, rounds * scale)


def show(result: Result, console: Console) -> None:
    """Print a table, and below it what was aimed at."""
    table = Table(title=result.title, title_justify="left", header_style="bold")
    for field, heading in result.columns.items():
        text = any(isinstance(row.get(field), str) for row in result.rows)
        table.add_column(heading, justify="left" if text else "right")
    for row in result.rows:
        table.add_row(*(cell(row.get(field)) for field in result.columns))
    console.print(table)
    for target in result.targets:
        sign = "≤" if target.at_most else "≥"
        word = "[green]met[/]" if target.met else "[red]missed[/]"
        console.print(f"  {target.what}: {cell(target.found)} ({sign} {cell(target.wanted)} wanted) {word}")
    for note in result.notes:
        console.print(f"  {note}", markup=False)
    console.print()


def cell(value: object) -> str:
    """A figure as the tables have it."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def save(results: Sequence[Result], machine: Row, scale: float) -> Path:
    """Write everything as JSON; returns the new file."""
    FOLDER.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H%M%S")
    path = FOLDER / f"{at}.json"
    found = [
        {
            "name": result.name,
            "title": result.title,
            "rows": list(result.rows),
            "notes": list(result.notes),
            "targets": [
                {"what": t.what, "wanted": t.wanted, "found": t.found, "at_most": t.at_most, "met": t.met}
                for t in result.targets
            ],
        }
        for result in results
    ]
    content = {"version": 1, "at": at, "scale": scale, "machine": machine, "benchmarks": found}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def machine(folder: Path) -> Row:
    """What the figures depend on: processors, their load before the start, versions, and the disk's commit time."""
    return {
        "processors": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "xundan": version("xundan"),
        "fsync_ms": round(_fsync_ms(folder), 3),
    }


def _fsync_ms(folder: Path) -> float:
    """The median of appending 4 KB and having the disk confirm it."""
    path, taken = folder / "fsync.probe", []
    with path.open("wb", buffering=0) as file:
        for _ in range(COMMITS):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(taken) * 1000
