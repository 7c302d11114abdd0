"""Answers leave in one piece, whatever pieces they are written in."""

from __future__ import annotations

import asyncio
from typing import Any

from xundan.one_write import OneWrite


class _Transport:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed_after = -1

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed_after = len(self.sent)

    def is_closing(self) -> bool:
        return self.closed_after >= 0


def _run(*acts: str) -> _Transport:
    async def go() -> _Transport:
        transport = _Transport()
        one: Any = OneWrite(transport, asyncio.get_running_loop())  # type: ignore[arg-type]  # what it uses is there
        for act in acts:
            if act == "close":
                one.close()
            elif act == "turn":
                await asyncio.sleep(0)
            else:
                one.write(act.encode())
        assert one.is_closing() == transport.is_closing()
        return transport

    return asyncio.run(go())


def test_what_is_written_in_one_turn_is_one_write() -> None:
    assert _run("head", "body", "turn", "next", "turn").sent == [b"headbody", b"next"]


def test_nothing_is_lost_when_the_connection_closes() -> None:
    transport = _run("head", "body", "close", "turn")
    assert (transport.sent, transport.closed_after) == ([b"headbody"], 1)
