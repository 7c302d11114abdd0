"""CPUs that are really allowed, over faked control groups."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xundan.understand.cpus import BEHIND, allowed, behind, threads


def files(root: Path, given: dict[str, str]) -> Path:
    for name, text in given.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2, V1 = "sys/fs/cgroup", "sys/fs/cgroup/cpu,cpuacct"
V2_OF, V1_OF = "0::{}\n", "12:pids:/\n4:cpu,cpuacct:{}\n1:name=systemd:/x\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 8),
        ({"proc/self/cgroup": V2_OF.format("/"), f"{V2}/cpu.max": "max 100000\n"}, 8),
        ({"proc/self/cgroup": V2_OF.format("/"), f"{V2}/cpu.max": "150000 100000\n"}, 1.5),
        ({"proc/self/cgroup": V2_OF.format("/"), f"{V2}/cpu.max": "50000\n"}, 0.5),
        ({"proc/self/cgroup": V2_OF.format("/a/b"), f"{V2}/a/b/cpu.max": "400000 200000\n"}, 2),
        ({"proc/self/cgroup": V2_OF.format("/a/b"), f"{V2}/a/b/cpu.max": "max 1", f"{V2}/a/cpu.max": "300 100"}, 3),
        ({"proc/self/cgroup": V2_OF.format("/docker/x"), f"{V2}/cpu.max": "200000 100000"}, 2),
        ({"proc/self/cgroup": V2_OF.format("/"), f"{V2}/cpu.max": "1600000 100000"}, 8),
        ({"proc/self/cgroup": V2_OF.format("/"), f"{V2}/cpu.max": "nonsense\n"}, 8),
        (
            {
                "proc/self/cgroup": V1_OF.format("/docker/x"),
                f"{V1}/cpu.cfs_quota_us": "250000\n",
                f"{V1}/cpu.cfs_period_us": "100000\n",
            },
            2.5,
        ),
        (
            {
                "proc/self/cgroup": V1_OF.format("/a"),
                "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
        ({"proc/self/cgroup": "nonsense", f"{V2}/cpu.max": "100000 100000"}, 8),
    ],
)
def test_the_quota_counts_where_it_is_less_than_the_machine(
    tmp_path: Path, given: dict[str, str], expected: float
) -> None:
    assert allowed(files(tmp_path, given), schedulable=8) == expected


def test_affinity_counts_where_it_is_less_than_the_quota(tmp_path: Path) -> None:
    quota = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "400000 100000"}
    assert allowed(files(tmp_path, quota), schedulable=2) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
def test_threads_that_compute_go_behind_the_others() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def inner() -> tuple[int, int]:
        with ThreadPoolExecutor(1) as pool:
            return priority(), pool.submit(priority).result()

    own = priority()
    assert behind(inner) == (own + BEHIND, own + BEHIND)
    assert priority() == own
    with pytest.raises(ZeroDivisionError):
        behind(lambda: 1 / 0)


def test_this_machine_allows_something() -> None:
    assert allowed() > 0


@pytest.mark.parametrize(("cpus", "expected"), [(0.5, 1), (1, 1), (1.5, 2), (2, 2), (2.5, 2), (4, 3), (16, 15)])
def test_of_many_cpus_one_is_left_to_the_event_loop(cpus: float, expected: int) -> None:
    assert threads(cpus) == expected
