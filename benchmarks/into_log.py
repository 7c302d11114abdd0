"""`python -m benchmarks.into_log FOLDER protect|plain KIND=FILE...`: an import that goes no further than the log."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec

from benchmarks.bring import Figures
from benchmarks.rows import SHOP
from benchmarks.server import settings_for
from benchmarks.usage import usage
from xundan.embedded.memory_cache import MemoryCache
from xundan.embedded.sqlite_dead import SqliteDeadLetters
from xundan.embedded.sqlite_log import SqliteLog
from xundan.protect.keyfile import KeyFile
from xundan.protect.protector import Protected, Protector
from xundan.receive.imports import import_files
from xundan.receive.intake import Intake, now_ms


class NoProtector:
    """Leaves texts as they are."""

    def protect(self, shop: str, text: str) -> Protected:
        return Protected(text, {})

    def reveal(self, shop: str, text: str, pii: dict[str, str]) -> str:
        return text


def main(folder: Path, protector: Any, files: list[tuple[str, Path]]) -> Figures:
    """Import the files and say what it took. Raises `AssertionError` unless every fact is in the log."""
    settings = settings_for(folder, scoring=False)
    with closing(SqliteLog(folder / "log.db")) as log, closing(SqliteDeadLetters(folder / "dead.db")) as dead:
        intake = Intake(log, protector, None, dead, MemoryCache(), settings)
        before, started = usage(os.getpid()), time.perf_counter()
        facts = accepted = 0
        for kind, path in files:
            how: dict[str, Any] = {"shop": SHOP, "rules": settings.rules, "sink": intake.take_now, "clock": now_ms}
            counts = import_files(cast(Any, kind), [path], **how)
            assert not counts.rejected, f"{counts.rejected} rows of {path} were refused"
            facts, accepted = facts + counts.accepted + counts.duplicate, accepted + counts.accepted
        seconds, after = time.perf_counter() - started, usage(os.getpid())
        assert log.last_offset() == accepted, f"{accepted} facts were acknowledged, the log has {log.last_offset()}"
    return Figures(facts, seconds, after.cpu_s - before.cpu_s, after.peak_mb)


if __name__ == "__main__":
    place, how_hidden, *named = sys.argv[1:]
    chosen = Protector(KeyFile(Path(place) / "keys.json")) if how_hidden == "protect" else NoProtector()
    found = main(Path(place), chosen, [(kind, Path(path)) for kind, _, path in (name.partition("=") for name in named)])
    print(msgspec.json.encode(found).decode())
