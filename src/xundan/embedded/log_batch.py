"""One transaction of the log: which facts are new, which are known, and what is to be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from xundan.domain.ports import Append, Appended
from xundan.domain.records import Fact, Message
from xundan.embedded import codec
from xundan.embedded.seen import Seen, identity_hash, key_hash
from xundan.embedded.sqlite import queries, run_rows

_SQL = queries("log.sql")


class Entry(NamedTuple):
    """A fact ready to be written, with the hashes under which it is known."""

    fact: Fact
    data: str
    identity: bytes
    key: bytes | None


def entry(item: Append) -> Entry:
    """Encode and hash. Raises `Rejected` for a fact that cannot be encoded."""
    fact, key = item
    return Entry(fact, codec.encode_fact(fact), identity_hash(fact), key_hash(fact.shop, key) if key else None)


class Batch:
    """The facts of one transaction, decided one after the other: an earlier one makes a later one a duplicate.

    `last` is the log's end, `new` what its new events are known by.
    """

    def __init__(self, connection: sqlite3.Connection, seen: Seen, last: int, entries: Sequence[Entry]) -> None:
        self.last = last
        self.new: dict[bytes, int] = {}
        self._connection = connection
        self._seen = seen
        hashes = [entry.identity for entry in entries] + [entry.key for entry in entries if entry.key]
        self._known = seen.look_up(connection, hashes)
        self._facts = fetch(connection, sorted(set(self._known.values())))
        self._rows: list[tuple[int, bytes, bytes | None, str]] = []
        self._further_names: dict[bytes, int] = {}

    def place(self, entry: Entry) -> Appended:
        """Decide one fact and answer for it."""
        known = self._known
        offset = known.get(entry.identity) or (known.get(entry.key) if entry.key else None)
        if offset is None:
            return Appended(self._append(entry), False, entry.fact)
        kept = self._facts[offset]
        same = kept.identity == entry.fact.identity
        if not same:
            offset, kept = self._current(kept)
        if same and _scored(entry.fact) and not _scored(kept):
            self._append(entry)
        else:
            for hash in (entry.identity, entry.key):
                if hash is not None and hash not in known:
                    known[hash] = self._further_names[hash] = offset
        return Appended(offset, True, kept)

    def write(self) -> None:
        """Write everything within the caller's transaction."""
        run_rows(self._connection, _SQL["append"], self._rows)
        run_rows(self._connection, _SQL["remember"], sorted(self._further_names.items()))

    def _append(self, entry: Entry) -> int:
        fact, data, identity, key = entry
        if key in self._known:
            key = None  # it stays with the fact that brought it first
        self.last = offset = self.last + 1
        self._facts[offset] = fact
        self._rows.append((offset, identity, key, data))
        self._known[identity] = self.new[identity] = offset
        if key is not None:
            self._known[key] = self.new[key] = offset
        return offset

    def _current(self, kept: Fact) -> tuple[int, Fact]:
        """The copy that is kept now of a fact that was found by another name, which may point to its unscored copy."""
        hash = identity_hash(kept)
        if hash not in self._known:
            self._known |= self._seen.look_up(self._connection, [hash])
        offset = self._known[hash]
        if offset not in self._facts:
            self._facts |= fetch(self._connection, [offset])
        return offset, self._facts[offset]


def fetch(connection: sqlite3.Connection, offsets: Sequence[int]) -> dict[int, Fact]:
    """The facts at some offsets."""
    return {
        offset: fact
        for cursor in run_rows(connection, _SQL["at"], [(offset,) for offset in offsets])
        for offset, fact in codec.decode_logged(cursor.fetchall()[0][0])
    }


def _scored(fact: Fact) -> bool:
    return isinstance(fact, Message) and fact.intent is not None
