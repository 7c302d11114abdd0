"""`python -m benchmarks [coze] [import] [report] [serving] [load] [--scale 0.1] [--json]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import results

NAMES: Mapping[str, str] = {"coze": "coze", "import": "bring", "report": "report", "serving": "serving", "load": "load"}
"""The benchmark's name on the command line -> its module."""


def main() -> None:
    """Run the chosen benchmarks, print a table for each and write all of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Benchmarks of Xundan on this machine.")
    parser.add_argument("names", nargs="*", metavar="|".join(NAMES), help="which to run; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 runs a tenth of everything")
    parser.add_argument("--folder", type=Path, help="where the data goes meanwhile; a temporary folder by default")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, and the progress on stderr")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if not 0 < given.scale <= 10:
        parser.error("--scale must be more than 0 and at most 10")
    path = _run(given.names or list(NAMES), given.scale, given.folder, Console(width=_width(), stderr=given.json))
    if given.json:
        sys.stdout.write(path.read_text(encoding="utf-8"))


def _width() -> int | None:
    return None if os.isatty(1) else 200


def _run(names: list[str], scale: float, parent: Path | None, console: Console) -> Path:
    found: list[results.Result] = []
    with tempfile.TemporaryDirectory(prefix="xundan-bench-", dir=parent) as folder:
        machine = results.machine(Path(folder))
        console.print(", ".join(f"{name} {value}" for name, value in machine.items()) + "\n")
        for name in names:
            run: Callable[[Path, float, Any], results.Result]
            run = import_module(f"benchmarks.{NAMES[name]}").run
            found.append(run(Path(folder), scale, lambda text: console.print(f"… {text}", style="dim")))
            results.show(found[-1], console)
    path = results.save(found, machine, scale)
    console.print(f"written to {path}")
    return path


if __name__ == "__main__":
    main()
