"""A random draw of a shop's customer messages to be labelled, each with the turns that came before it."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from xundan.domain.labels import Sample
from xundan.domain.ports import CONTEXT_TURNS, EventLog, Question, Store, Turn
from xundan.domain.records import Message
from xundan.understand.labelled import MAX_CHARS

READ = 5_000
"""Log entries at a time."""


class _Lot(NamedTuple):
    """A message in the draw: those with the smallest numbers win, whatever order the log has them in."""

    number: int
    message: Message


def draw(
    log: EventLog,
    store: Store,
    shop: str,
    count: int,
    *,
    seed: int,
    without: Collection[tuple[str, str]],
    progress: Callable[[int], object] = lambda offset: None,
) -> list[Sample]:
    """Draw up to `count` customer messages, each as likely as the next; the same seed draws the same ones.

    Args:
        without: (owner, id) of messages that are not to be drawn.
        progress: told the log offset that was read.
    """
    best: dict[tuple[str, str], _Lot] = {}
    heap: list[tuple[int, tuple[str, str]]] = []  # the largest number first, so that it can give way
    for message in _customers(log, shop, progress):
        key = (message.owner, message.id)
        if key in best or key in without:
            continue
        lot = _Lot(_number(seed, key), message)
        if len(heap) < count:
            heapq.heappush(heap, (-lot.number, key))
        elif heap and lot.number < -heap[0][0]:
            del best[heapq.heapreplace(heap, (-lot.number, key))[1]]
        else:
            continue
        best[key] = lot
    return [_sample(store, lot.message) for lot in sorted(best.values())]


def _customers(log: EventLog, shop: str, progress: Callable[[int], object]) -> Iterator[Message]:
    after = 0
    while entries := log.read(after, READ):
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, Message) and (fact.shop, fact.sender) == (shop, "user") and _readable(fact.text):
                yield fact
        after = entries[-1].offset
        progress(after)


def _readable(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_CHARS


def _number(seed: int, key: tuple[str, str]) -> int:
    said = json.dumps([seed, *key]).encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest())


def _sample(store: Store, message: Message) -> Sample:
    conversation, turns = _before(store, message)
    id = _hash(message.shop, message.owner, message.id)
    group = _hash(message.shop, message.owner, conversation) if conversation else ""
    return Sample(id, Question(message.text, turns), group, message.owner, message.id)


def _before(store: Store, message: Message) -> tuple[str, tuple[Turn, ...]]:
    """The message's conversation and the turns before it there; nothing where the store does not have it yet."""
    owner = store.final_owner(message.shop, message.owner)
    before = None
    while page := store.conversations(message.shop, owner, before):
        for conversation, messages in page:
            for place, one in enumerate(messages):
                if (one.owner, one.id) == (message.owner, message.id):
                    turns = [Turn(turn.sender, turn.text) for turn in messages[max(0, place - CONTEXT_TURNS) : place]]
                    return conversation.id, tuple(turns)
        last = page[-1][0]
        before = (last.update_time, last.id)
    return "", ()


def _hash(*parts: str) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=13).hexdigest()
