"""What a message is understood with: the turns before it in its conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from xundan.domain.ports import CONTEXT_TURNS, Turn
from xundan.domain.records import Message

TURN_CHARS = 512
"""Characters of a turn that count."""


class Said(Protocol):
    """A turn of the same customer's chat, by whomever. `ts` in UTC ms."""

    @property
    def ts(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def text(self) -> str: ...


def context_of(message: Message, said: Sequence[Said], gap_ms: int) -> tuple[Turn, ...]:
    """Up to three turns before a message, oldest first.

    A silence of `gap_ms` or more, before the message or between two turns, ends the context. What was said at the same
    instant counts as before; the message itself and what was said later do not count.

    Args:
        said: what has arrived of the customer's chat, by `ts`.
    """
    found: list[Turn] = []
    after = message.ts
    for turn in reversed(said):
        if turn.ts > message.ts or turn.id == message.id:
            continue
        if after - turn.ts >= gap_ms or len(found) == CONTEXT_TURNS:
            break
        found.append(Turn(turn.sender, turn.text[:TURN_CHARS]))
        after = turn.ts
    return tuple(reversed(found))
