"""Model directories of the tests, and how they are changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from xundan.understand.directory import digest

TINY_NGRAM = Path(__file__).parents[1] / "data" / "tiny_ngram"
"""A linear model that knows a few words; see tests/data/make_tiny_ngram.py."""

TINY = Path(__file__).parents[1] / "data" / "tiny_encoder"
"""An encoder with random weights; see tests/data/make_tiny_encoder.py."""


def rewrite(name: str, **changes: object) -> Callable[[Path], None]:
    """Changes entries of a JSON file; the card keeps describing it."""

    def change(path: Path) -> None:
        content = json.loads((path / name).read_text())
        (path / name).write_text(json.dumps(content | changes))
        if name != "card.json":
            sign(path, name)

    return change


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    """Puts another file in the place of one; the card describes the new one."""

    def change(path: Path) -> None:
        (path / name).write_bytes(content)
        sign(path, name)

    return change


def sign(path: Path, name: str) -> None:
    """Write the hash of a file into the card."""
    card = json.loads((path / "card.json").read_text())
    card["files"][name] = digest(path / name)
    (path / "card.json").write_text(json.dumps(card))


def another(folder: Path, version: str, *changes: Callable[[Path], None]) -> Path:
    """A copy of `TINY` under another version, changed."""
    path = folder / f"from-{version}"
    shutil.copytree(TINY, path)
    rewrite("card.json", version=version)(path)
    for change in changes:
        change(path)
    return path
