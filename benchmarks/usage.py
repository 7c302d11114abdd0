"""What a process has used, as the system tells it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """Of a process so far: seconds of processor time, those of its main thread, the most memory it had and what it has
    now, in MB."""

    cpu_s: float
    main_thread_s: float
    peak_mb: float
    rss_mb: float = 0.0


def usage(pid: int) -> Usage:
    """What a running process has used so far; zeros where there is no /proc."""
    proc = Path("/proc") / str(pid)
    try:
        status = (proc / "status").read_text()
        main = (proc / "task" / str(pid) / "stat").read_text()
        cpu_s = _cpu_s((proc / "stat").read_text())
        return Usage(cpu_s, _cpu_s(main), _mb(status, "VmHWM"), _mb(status, "VmRSS"))
    except OSError:
        return Usage(0.0, 0.0, 0.0)


def family_usage(pid: int) -> Usage:
    """The same of a process and its children together; pages that they share are counted for each."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    pids = [pid, *map(int, children.read_text().split())] if children.exists() else [pid]
    cpu_s, main_s, peak_mb, rss_mb = (sum(values) for values in zip(*map(usage, pids), strict=True))
    return Usage(cpu_s, main_s, peak_mb, rss_mb)


def _mb(status: str, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def ended(process: subprocess.Popen[bytes]) -> Usage:
    """Wait for a process and tell what it used. Raises `CalledProcessError` where it failed."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Usage(used.ru_utime + used.ru_stime, 0.0, used.ru_maxrss / 1024)


def _cpu_s(stat: str) -> float:
    """Of a `stat` file of /proc: user and system time, fields 14 and 15; the name before them may hold anything."""
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
