"""The contract of `Cache`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from xundan.domain.ports import Cache
from xundan.embedded.memory_cache import MemoryCache

MakeCache = Callable[..., Cache]


def test_values_come_back_until_they_are_deleted(make_cache: MakeCache) -> None:
    async def scenario() -> None:
        cache = make_cache()
        assert await cache.get("k") is None
        await cache.put("k", b"\x00one", 60)
        await cache.put("other", b"", 60)
        assert await cache.get("k") == b"\x00one"
        assert await cache.get("other") == b""
        await cache.put("k", b"two", 60)
        assert await cache.get("k") == b"two"
        await cache.delete("k")
        await cache.delete("never there")
        assert await cache.get("k") is None

    asyncio.run(scenario())


def test_values_end_with_their_time(make_cache: MakeCache) -> None:
    async def scenario() -> None:
        cache = make_cache()
        await cache.put("short", b"1", 0.05)
        await cache.put("long", b"1", 60)
        await cache.put("longer", b"1", 0.01)
        await cache.put("longer", b"1", 60)
        await asyncio.sleep(0.1)
        assert [await cache.get(key) for key in ("short", "long", "longer")] == [None, b"1", b"1"]

    asyncio.run(scenario())


def test_in_memory_the_one_used_least_recently_makes_room() -> None:
    async def scenario() -> None:
        cache = MemoryCache(2)
        await cache.put("a", b"1", 60)
        await cache.put("b", b"2", 60)
        await cache.get("a")
        await cache.put("c", b"3", 60)
        assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]

    asyncio.run(scenario())


def test_in_memory_time_is_the_clocks() -> None:
    async def scenario() -> None:
        now = [100.0]
        cache = MemoryCache(clock=lambda: now[0])
        await cache.put("a", b"1", 300)
        now[0] = 399.9
        assert await cache.get("a") == b"1"
        now[0] = 400.0
        assert await cache.get("a") is None

    asyncio.run(scenario())
