"""What is really there: read from the files of a data directory or asked of the running server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from real_server import Server

from xundan.domain.calendar import day_number
from xundan.domain.records import Fact, Identity, Message
from xundan.embedded.carrier import Carrier
from xundan.embedded.rebuild import rebuild
from xundan.embedded.sqlite_log import SqliteLogReader
from xundan.embedded.sqlite_store import SqliteStore, SqliteStoreReader
from xundan.settings import Settings

STEP = 2000
Stored = dict[str, list[Any]]


def facts(log: Path) -> Iterator[Fact]:
    """Every fact of a log file in order."""
    with closing(SqliteLogReader(log)) as reader:
        after = 0
        while entries := reader.read(after, STEP):
            yield from (entry.fact for entry in entries)
            after = entries[-1].offset


def logged(log: Path) -> Counter[Identity]:
    """How often each fact is in the log. A copy that brings the intent an earlier one lacks is the same."""
    copies = Counter((fact.identity, isinstance(fact, Message) and fact.intent is not None) for fact in facts(log))
    found: Counter[Identity] = Counter()
    for (identity, _), count in copies.items():
        found[identity] = max(found[identity], count)
    return found


def length(log: Path) -> int:
    """Entries in the log so far."""
    with closing(SqliteLogReader(log)) as reader:
        return reader.last_offset()


def contents(store: SqliteStoreReader | SqliteStore, owners: list[str], shop: str) -> Stored:
    """All documents of a store and its cubes, to be compared with another's."""
    found: Stored = {"cubes": list(store.cube_dump(shop))}
    for owner in owners:
        found[owner] = [*conversations(store, shop, owner), *store.orders(shop, owner, 10**6)]
    return found


def conversations(store: SqliteStoreReader | SqliteStore, shop: str, owner: str) -> list[Any]:
    found: list[Any] = []
    before: tuple[int, str] | None = None
    while page := store.conversations(shop, owner, before):
        found += page
        before = (page[-1][0].update_time, page[-1][0].id)
    return found


def carried_anew(server: Server, folder: Path) -> tuple[Stored, Stored]:
    """What the server's store holds, and what a new store holds into which the whole log was carried."""
    shop, settings = server.settings.shop_id, server.settings
    with closing(SqliteStore(folder / "anew.db")) as anew, closing(SqliteStore(server.files.store)) as kept:
        carrier = Carrier(anew, settings.rules)
        everything = list(facts(server.files.log))
        for start in range(0, len(everything), STEP):
            carrier.carry(everything[start : start + STEP], start + STEP)
        owners = [owner for _, owner in anew.owners(shop)]
        assert owners == [owner for _, owner in kept.owners(shop)]
        return contents(kept, owners, shop), contents(anew, owners, shop)


def drift(settings: Settings, store: Path) -> list[str]:
    """Where the cubes differ from those of a rebuild."""
    return rebuild(store, settings.rules, keep=False).differing


def contexts(server: Server, users: list[str]) -> Counter[tuple[str, str]]:
    """How often each message, as (final owner, id), is in the histories that the server gives of these customers."""
    found: Counter[tuple[str, str]] = Counter()
    with server.client("context") as caller:
        for user in users:
            cursor = ""
            while cursor is not None:
                path = f"/v1/shops/{server.settings.shop_id}/users/{quote(user, safe='')}/context?limit=100"
                answer = caller.request("GET", f"{path}&cursor={cursor}" if cursor else path)
                assert answer.status == 200, (user, answer.status, answer.body[:300])
                page = answer.json()
                found.update((page["userId"], m["id"]) for c in page["conversations"] for m in c["msgs"])
                cursor = page["next"]
    return found


def report(server: Server, first_day: str, last_day: str, **asked: object) -> Any:
    """The report as JSON, over HTTP."""
    more = "".join(f"&{name}={value}" for name, value in asked.items())
    return server.get(f"/v1/shops/{server.settings.shop_id}/report?from={first_day}&to={last_day}{more}")


def figures(report: Any) -> dict[str, Any]:
    """The figures of a report by day number, as a simulated shop's truth has them."""
    return {str(day_number(day["day"])): day["figures"] for day in report["days"]}
