"""Progress on the terminal; nothing is drawn where stderr is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xundan.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress

    from xundan.domain.ports import Runner
    from xundan.receive.imports import FileCount

PAUSE_S = 0.1


def bars() -> Progress:
    """Bars with a description, a count and the time taken; every task has a field `rows`."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"), TimeElapsedColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def file_bars() -> Iterator[Callable[[FileCount], None]]:
    """A bar for each file of an import."""
    from rich.markup import escape
    from rich.progress import TaskID

    with bars() as progress:
        tasks: dict[Path, TaskID] = {}

        def show(count: FileCount) -> None:
            rows = count.accepted + count.duplicate + count.rejected
            if count.path not in tasks:
                tasks[count.path] = progress.add_task(escape(count.path.name), total=1.0, rows=0)
            progress.update(tasks[count.path], completed=count.share, rows=f"{rows:,}")

        yield show


def wait_until_done(runner: Runner) -> None:
    """Wait until the reports contain everything that is in the log. Raises `XundanError` when the runner has ended."""
    with bars() as progress:
        total = runner.status()["lag"]
        task = progress.add_task(say("working"), total=total or 1, rows="")
        while (lag := runner.status()["lag"]) and not runner.status()["error"]:
            progress.update(task, completed=total - lag, rows=f"{total - lag:,}")
            time.sleep(PAUSE_S)
        runner.catch_up()
        progress.update(task, completed=total or 1, rows=f"{total:,}")
