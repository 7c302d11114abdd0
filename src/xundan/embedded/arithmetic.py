"""By which settings a store was computed. Figures of two arithmetics must never be mixed in one cube."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from xundan.domain.cells import VERSION
from xundan.domain.rules import Rules
from xundan.embedded.sqlite_store import SqliteStore
from xundan.errors import ConfigError


def describe(rules: Rules) -> dict[str, Any]:
    """What the documents and figures of a store depend on beside the facts."""
    settings = asdict(rules)
    del settings["late_days"]  # decides what is let in, not what it counts for
    return {"version": VERSION, **settings}


def claim(store: SqliteStore, rules: Rules) -> None:
    """Note the arithmetic of a new store. Raises `ConfigError` where an old one was computed by another."""
    now = describe(rules)
    noted = store.arithmetic()
    if noted is None:
        store.note_arithmetic(json.dumps(now, sort_keys=True))
        return
    before = json.loads(noted)
    changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    if changed:
        differences = ", ".join(f"{name} {before.get(name)} -> {now.get(name)}" for name in changed)
        raise ConfigError(
            f"the reports were computed by other settings ({differences}): run `xundan rebuild`, or set them back"
        )
