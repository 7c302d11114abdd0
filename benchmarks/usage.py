"""What a process has used, as the system tells it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """Of a process so far: seconds of processor time, those of its main thread, and the most memory it had, in MB."""

    cpu_s: float
    main_thread_s: float
    peak_mb: float


def usage(pid: int) -> Usage:
    """What a running process has used so far; zeros where there is no /proc."""
    proc = Path("/proc") / str(pid)
    try:
        peak = re.search(r"VmHWM:\s+(\d+)", (proc / "status").read_text())
        main = (proc / "task" / str(pid) / "stat").read_text()
        return Usage(_cpu_s((proc / "stat").read_text()), _cpu_s(main), int(peak[1]) / 1024 if peak else 0.0)
    except OSError:
        return Usage(0.0, 0.0, 0.0)


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
