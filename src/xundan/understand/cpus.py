"""How many CPUs this process may really use, a container getting a share of the machine's, and who goes first."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

BEHIND = 5
"""By how much the model's threads are nicer than the event loop: with both cores busy and twice the messages that can
be scored, the median answer took 20 ms instead of 40 and more."""

FEW = 2
"""CPUs of which none is left to the event loop alone: it would cost half of the model's speed."""


def allowed(root: Path = Path("/"), schedulable: int | None = None) -> float:
    """CPUs that this process may use: those it may be scheduled on, or less by the quota of a control group.

    Args:
        root: where `proc` and `sys` lie.
        schedulable: CPUs that it may be scheduled on; by default the system is asked.
    """
    found = [_schedulable() if schedulable is None else schedulable, *_quotas(root)]
    return min(found)


def threads(cpus: float | None = None) -> int:
    """Threads for a pass of the model: all CPUs, from three on all but one.

    The event loop goes before threads that give way; where there are CPUs enough it need not even take one from them.

    Args:
        cpus: those that may be used; by default `allowed()`.
    """
    whole = math.ceil(allowed() if cpus is None else cpus)
    return max(1, whole if whole <= FEW else whole - 1)


def give_way() -> None:
    """Let the calling thread, and those it starts, go behind the others of this process."""
    if sys.platform == "linux":  # elsewhere priorities are those of whole processes
        with suppress(OSError):
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + BEHIND)


def behind(function: Callable[[], T]) -> T:
    """What `function` returns, called on a thread that gives way, so that the threads it leaves behind do."""
    result: Future[T] = Future()

    def run() -> None:
        give_way()
        try:
            result.set_result(function())
        except Exception as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return result.result()


def _schedulable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> list[float]:
    """The quotas of the process' control groups and of those around them, in CPUs."""
    found = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if (number, controllers) == ("0", ""):
            found += [_of_v2(folder) for folder in _upwards(root / "sys/fs/cgroup", path)]
        elif "cpu" in controllers.split(","):
            mounts = (root / "sys/fs/cgroup" / name for name in ("cpu", controllers))
            found += [_of_v1(folder) for mount in mounts for folder in _upwards(mount, path)]
    return [quota for quota in found if quota is not None]


def _upwards(mount: Path, path: str) -> list[Path]:
    """A group's folder and those around it. In a container the group is often the mount itself, whatever its path."""
    inner = mount / path.strip("/")
    return [inner, *(folder for folder in inner.parents if folder.is_relative_to(mount))]


def _of_v2(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
    return _share(quota, period or "100000")


def _of_v1(folder: Path) -> float | None:
    return _share(_read(folder / "cpu.cfs_quota_us").strip(), _read(folder / "cpu.cfs_period_us").strip())


def _share(quota: str, period: str) -> float | None:
    """None without a limit ("max", -1, no such file)."""
    if not quota.isdecimal() or not period.isdecimal() or not int(quota) or not int(period):
        return None
    return int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
