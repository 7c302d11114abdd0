"""Runs `xundan train` in a process of its own, offline."""

from __future__ import annotations

import os
import subprocess
import sys


def train(*options: object) -> subprocess.CompletedProcess[str]:
    """The finished process; standard output and error as text."""
    command = [sys.executable, "-m", "xundan", "--lang", "en", "train", *map(str, options)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
