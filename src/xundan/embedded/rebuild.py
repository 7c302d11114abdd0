"""`xundan rebuild`: everything anew from the facts the journeys hold, and the proof that nothing had drifted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from xundan.domain.records import Fact
from xundan.domain.rules import Rules
from xundan.domain.state import Head, OrderState, Segment
from xundan.embedded.carrier import Carrier
from xundan.embedded.parts import PartCache
from xundan.embedded.sqlite_store import SqliteStore

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found. `differing` lists up to ten cube rows that are in one store and not in the other."""

    facts: int
    cells: int
    differing: list[str]


def facts_held(store: SqliteStore, shop: str | None = None) -> Iterator[Fact]:
    """The best copy of every fact, from the journey that received it."""
    cache = PartCache(store)
    for a_shop, owner in store.owners(shop):
        parts = cache.journey(a_shop, owner)
        head = parts.get("head", Head) or Head()
        yield from head.links
        for day in head.days:
            yield from (held.fact for held in (parts.get(f"d{day}", Segment) or Segment()).held if not held.via)
        for name in parts.names("o"):
            yield from (held.fact for held in (parts.get(name, OrderState) or OrderState()).held if not held.via)
        cache.clear()


def rebuild(path: Path, rules: Rules, *, keep: bool, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Build the store at `path` anew beside itself, compare the cubes, and (`keep`) put the new one in its place.

    The caller holds the data directory's lock. `progress` is told the number of facts carried so far.
    Raises `Retryable` when the disk cannot take the second store; the first is untouched then.
    """
    fresh = path.with_suffix(".rebuild")
    _remove(fresh)
    store, other = SqliteStore(path), SqliteStore(fresh)
    try:
        count = _carry_all(store, Carrier(other, rules), store.position(), progress)
        shops = sorted({shop for shop, _ in store.owners()})
        before = {(shop, *row) for shop in shops for row in store.cube_dump(shop)}
        after = {(shop, *row) for shop in shops for row in other.cube_dump(shop)}
        newest = store.next_epoch()
        while other.next_epoch() <= newest:  # whoever wrote to the old store stays older than the new one's writers
            pass
    finally:
        store.close()
        other.close()
    if keep:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        os.replace(fresh, path)
    _remove(fresh)
    return Rebuilt(count, len(after), [str(row) for row in sorted(before ^ after)[:10]])


def _carry_all(store: SqliteStore, carrier: Carrier, position: int, progress: Callable[[int], None]) -> int:
    count, batch = 0, []
    for fact in facts_held(store):
        batch.append(fact)
        if len(batch) == BATCH:
            carrier.carry(batch, 0)
            count += len(batch)
            progress(count)
            batch = []
    carrier.carry(batch, position)
    progress(count + len(batch))
    return count + len(batch)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
