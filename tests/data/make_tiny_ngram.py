"""Makes tests/data/tiny_ngram, a small linear model: `python tests/data/make_tiny_ngram.py` (extra `train`)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "train"))

from cues import rows  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    data = Path(folder, "labelled.jsonl")
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows(800)]
    data.write_text("".join(lines), encoding="utf-8")
    command = ["train", "--base", "ngram", "--data", str(data), "--out", str(HERE / "tiny_ngram")]
    subprocess.run([sys.executable, "-m", "xundan", *command], check=True)
