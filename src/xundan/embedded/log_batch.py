"""One transaction of the log: which facts are new, which are known, and what is to be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from xundan.domain.ports import Append, Appended
from xundan.domain.records import Fact, Message
from xundan.embedded import codec
from xundan.embedded.sqlite import queries, run_rows
from xundan.errors import Rejected

_SQL = queries("log.sql")
_encode = msgspec.json.encode
_decode_offsets = msgspec.json.Decoder(dict[str, int]).decode


class Entry(NamedTuple):
    """A fact ready to be written, with the hashes under which it is known."""

    fact: Fact
    data: str
    identity: bytes
    key: bytes | None


def entry(item: Append) -> Entry:
    """Encode and hash. Raises `Rejected` for a fact that cannot be encoded."""
    data = codec.encode_fact(item.fact)
    return Entry(item.fact, data, identity_hash(item.fact), key_hash(item.fact.shop, item.key) if item.key else None)


def identity_hash(fact: Fact) -> bytes:
    """16 bytes for (shop, kind, owner, id)."""
    return _hash((fact.shop, *fact.identity))


def key_hash(shop: str, key: str) -> bytes:
    """16 bytes for an idempotency key of a shop; never those of an identity."""
    return _hash((shop, key))


def _hash(parts: tuple[str, ...]) -> bytes:
    try:
        return blake2b(_encode(parts), digest_size=16).digest()
    except UnicodeEncodeError:
        raise Rejected("the idempotency key holds a value that cannot be written as JSON") from None


class Batch:
    """The facts of one transaction, decided one after the other: an earlier one makes a later one a duplicate."""

    def __init__(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        self._connection = connection
        self._offset: int = connection.execute(_SQL["last_offset"]).fetchall()[0][0]
        self._known = self._look_up([hash for entry in entries for hash in (entry.identity, entry.key) if hash])
        self._facts = fetch(connection, sorted(set(self._known.values())))
        self._data: list[tuple[int, str]] = []
        self._remember: dict[bytes, int] = {}

    def place(self, entry: Entry) -> Appended:
        """Decide one fact and answer for it."""
        offset = self._known.get(entry.identity) or (self._known.get(entry.key) if entry.key else None)
        if offset is None:
            return Appended(self._append(entry), False, entry.fact)
        kept = self._facts[offset]
        same = kept.identity == entry.fact.identity
        if not same:
            offset = self._current(kept, offset)
            kept = self._facts[offset]
        if same and _scored(entry.fact) and not _scored(kept):
            self._append(entry)
        else:
            self._point({entry.identity, entry.key} - self._known.keys(), offset)
        return Appended(offset, True, kept)

    def write(self) -> None:
        """Write everything within the caller's transaction."""
        run_rows(self._connection, _SQL["append"], self._data)
        run_rows(self._connection, _SQL["remember"], sorted(self._remember.items()))

    def _append(self, entry: Entry) -> int:
        self._offset += 1
        self._facts[self._offset] = entry.fact
        self._data.append((self._offset, entry.data))
        self._point({entry.identity, entry.key}, self._offset)
        return self._offset

    def _point(self, hashes: set[bytes | None], offset: int) -> None:
        for hash in hashes:
            if hash is not None:
                self._known[hash] = self._remember[hash] = offset

    def _current(self, kept: Fact, offset: int) -> int:
        """Where the scored copy of a fact is that was found under another name and may be its unscored copy."""
        hash = identity_hash(kept)
        if hash not in self._known:
            self._known |= self._look_up([hash])
        current = self._known.get(hash, offset)
        if current not in self._facts:
            self._facts |= fetch(self._connection, [current])
        return current

    def _look_up(self, hashes: list[bytes]) -> dict[bytes, int]:
        return look_up(self._connection, hashes)


def look_up(connection: sqlite3.Connection, hashes: list[bytes]) -> dict[bytes, int]:
    """The offsets of those hashes that are known."""
    return {
        bytes.fromhex(text): offset
        for cursor in run_rows(connection, _SQL["seen"], [(hash,) for hash in hashes])
        for text, offset in _decode_offsets(cursor.fetchall()[0][0]).items()
    }


def fetch(connection: sqlite3.Connection, offsets: list[int]) -> dict[int, Fact]:
    """The facts at some offsets."""
    return {
        offset: fact
        for cursor in run_rows(connection, _SQL["at"], [(offset,) for offset in offsets])
        for offset, fact in codec.decode_logged(cursor.fetchall()[0][0])
    }


def _scored(fact: Fact) -> bool:
    return isinstance(fact, Message) and fact.intent is not None
