"""What the log has seen: the offset of the kept copy of each fact, by hash. Exact, whatever happens.

Hashes are random, so in a large table each one written touches a page of its own. Therefore new ones are first kept in
memory, in buckets by their first bits, and written one bucket after the other: neighbours into neighbouring pages.
After a crash what was only in memory is read again from the events.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from xundan.domain.records import Fact
from xundan.embedded.sqlite import queries, run_rows
from xundan.errors import Rejected

RECENT = 100_000
"""Hashes kept in memory before the next bucket is written, about 20 MB."""
_BUCKETS = 64
_SHIFT = 2  # the first byte of a hash, shifted, is its bucket

_SQL = queries("log.sql")
_encode = msgspec.json.encode
_decode_offsets = msgspec.json.Decoder(dict[str, int]).decode


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
        raise Rejected("an id or the idempotency key cannot be written as JSON") from None


class Seen:
    """The hashes of a log. Written by the log's one writer, within its transactions; `look_up` from any thread."""

    def __init__(self, recent: int = RECENT) -> None:
        self._limit = recent
        self._recent: list[dict[bytes, int]] = [{} for _ in range(_BUCKETS)]
        self._size = 0
        self._turn = 0
        self._flushing: list[int] = []
        self._last = -1

    def catch_up(self, connection: sqlite3.Connection, last: int) -> None:
        """Make sure that all events up to `last`, the log's end, are known: after a start or an unsure commit."""
        if last != self._last:
            connection.execute(_SQL["index_rest"])
            connection.execute(_SQL["put_indexed"], (last,))
            self._flushing = list(range(_BUCKETS))

    def look_up(self, connection: sqlite3.Connection, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """The offsets of those hashes that are known."""
        found: dict[bytes, int] = {}
        others = []
        for hash in hashes:
            offset = self._recent[hash[0] >> _SHIFT].get(hash)
            if offset is None:
                others.append((hash,))
            else:
                found[hash] = offset
        for cursor in run_rows(connection, _SQL["seen"], others):
            for text, offset in _decode_offsets(cursor.fetchall()[0][0]).items():
                found[bytes.fromhex(text)] = offset
        return found

    def flush(self, connection: sqlite3.Connection, last: int, *, room_for: int = 0, whole: bool = False) -> None:
        """Write buckets until `room_for` more fit, or all. `last` is the log's end before this transaction."""
        size = self._size
        while (whole or size + room_for > self._limit) and len(self._flushing) < _BUCKETS:
            self._flushing.append(self._turn)
            bucket = self._recent[self._turn]
            run_rows(connection, _SQL["remember"], sorted(bucket.items()))
            size -= len(bucket)
            self._turn = (self._turn + 1) % _BUCKETS
        if self._flushing:
            kept = (next(iter(bucket.values()), last + 1) for bucket in self._kept_buckets())
            connection.execute(_SQL["put_indexed"], (min(kept, default=last + 1) - 1,))

    def committed(self, new: dict[bytes, int], last: int) -> None:
        """The transaction is durable: what it wrote is no longer kept here, `new` is; the log now ends at `last`."""
        for index in self._flushing:
            self._recent[index] = {}
        self._flushing = []
        for hash, offset in new.items():
            bucket = self._recent[hash[0] >> _SHIFT]
            bucket.pop(hash, None)  # so that the first of a bucket has its smallest offset
            bucket[hash] = offset
        self._size = sum(map(len, self._recent))
        self._last = last

    def failed(self) -> None:
        """The transaction came to nothing."""
        self._flushing = []

    def _kept_buckets(self) -> list[dict[bytes, int]]:
        gone = set(self._flushing)
        return [bucket for index, bucket in enumerate(self._recent) if index not in gone]
