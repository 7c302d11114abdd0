"""Conversations: an owner's messages cut where a silence of `session_gap` or more begins (docs/definitions.md, C)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xundan.domain.cells import NONE, Dims
from xundan.domain.records import Message

NO_AGENT = frozenset({None, "", "bot", "none", "agent"})
SMALL_TALK = frozenset({"chitchat", "other"})


@dataclass(slots=True)
class Session:
    """The messages of one conversation, in the order of facts, and what follows from them alone."""

    id: str
    messages: list[Message]
    intent: str | None
    buy_score: float | None
    label: str | None
    agents: list[str]
    served_by: str
    last_agent: str

    def dims(self, agent: str, channel: str | None) -> Dims:
        """The report dimensions of something in this conversation."""
        return Dims(self.intent or NONE, agent, self.label or NONE, self.served_by, channel or NONE)


def conversation_id(shop: str, owner: str, first: Message) -> str:
    """26 characters of lower-case base 32 of a SHA-256 (definitions C2)."""
    return _hashed(shop, owner, first.owner, first.id)


@lru_cache(maxsize=16_384)  # a conversation is described anew for each of its messages
def _hashed(*names: str) -> str:
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return base64.b32encode(digest)[:26].decode().lower()


def cut(messages: Sequence[Message], gap_ms: int) -> list[list[Message]]:
    """Cut messages in the order of facts into conversations."""
    runs: list[list[Message]] = []
    last = 0
    for message in messages:
        if runs and message.ts - last < gap_ms:
            runs[-1].append(message)
        else:
            runs.append([message])
        last = message.ts
    return runs


def session(owner: str, messages: list[Message], creations: Iterable[int], threshold: float) -> Session:
    """Describe one conversation.

    Args:
        owner: the final owner.
        messages: its messages in the order of facts, at least one.
        creations: instants (UTC ms) at which orders of the owner were created; only those within matter.
        threshold: the buyScore from which the label is high.
    """
    score = _score(messages, creations)
    agents = sorted({agent_name(m) for m in messages if m.sender == "agent"})
    return Session(
        id=conversation_id(messages[0].shop, owner, messages[0]),
        messages=messages,
        intent=_intent(messages),
        buy_score=score,
        label=None if score is None else "high" if score >= threshold else "low",
        agents=agents,
        served_by=_served_by(bool(agents), any(m.sender == "bot" for m in messages)),
        last_agent=last_typist(messages),
    )


def agent_name(message: Message) -> str:
    """The name under which an agent's message counts; one without an id of its own is `agent` (definitions C5)."""
    return "agent" if message.agent_id in NO_AGENT else str(message.agent_id)


def last_typist(messages: Sequence[Message]) -> str:
    """The last agent who typed, else `bot` if a bot did, else `none`."""
    bot = False
    for message in reversed(messages):
        if message.sender == "agent":
            return agent_name(message)
        bot = bot or message.sender == "bot"
    return "bot" if bot else NONE


def _intent(messages: Sequence[Message]) -> str | None:
    last = None
    for message in reversed(messages):
        if message.sender == "user" and message.intent is not None:
            if message.intent not in SMALL_TALK:
                return message.intent
            last = last or message.intent
    return last


def _score(messages: Sequence[Message], creations: Iterable[int]) -> float | None:
    customer = [m for m in messages if m.sender == "user"]
    if not customer:
        return None
    cut_at = min((ts for ts in creations if ts > customer[0].ts), default=None)
    scores = [m.buy_score for m in customer if m.buy_score is not None and (cut_at is None or m.ts < cut_at)]
    return max(scores, default=None)


def _served_by(human: bool, bot: bool) -> str:
    if human:
        return "bot_then_human" if bot else "human"
    return "bot" if bot else NONE
