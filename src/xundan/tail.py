"""`xundan tail`: the latest messages as they came, each with what the model understood."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from xundan.domain.ports import EventLog, Logged
from xundan.domain.records import Message
from xundan.measure.names import value_name
from xundan.settings import Settings
from xundan.wiring import Reader, open_reader
from xundan.words import lang, say

STEP = 500
"""Entries of the log read at a time."""

PAUSE_S = 0.3
LINGER_S = 3.0
"""How long a followed customer message may wait for its score before it is shown without."""


def show(settings: Settings, shop: str, count: int, follow: bool) -> None:
    """Print the last `count` messages of a shop and, when following, every new one until interrupted."""
    with open_reader(settings) as reader:
        end = reader.log.last_offset()
        found = _last(reader.log, shop, end, count)
        for message in found:
            print(line(settings, with_score(reader, message)))
        if not found and not follow:
            print(say("tail.none"), file=sys.stderr)
        if follow:
            for message in _new(reader, shop, end):
                print(line(settings, message), flush=True)


def line(settings: Settings, message: Message) -> str:
    """A message on one line: time, customer, who, text (protected), intent, score, label."""
    when = datetime.fromtimestamp(message.ts / 1000, ZoneInfo(settings.zone)).strftime("%m-%d %H:%M:%S")
    who = say(f"sender.{message.sender}")
    if message.sender == "agent" and message.agent_id:
        who += f" {message.agent_id}"
    text = " ".join("".join(c if c.isprintable() else " " for c in message.text).split())
    return "  ".join((when, message.owner, who, text, *_understood(settings, message)))


def _understood(settings: Settings, message: Message) -> tuple[str, ...]:
    if message.sender != "user":
        return ()
    if message.intent is None or message.buy_score is None:
        return (f"[{say('tail.unscored')}]",)
    label = "high" if message.buy_score >= settings.threshold else "low"
    return (f"[{value_name('intent', message.intent, lang())} {message.buy_score:.2f} {say('label.' + label)}]",)


def with_score(reader: Reader, message: Message) -> Message:
    """The message as the store has it, where it came into the log unscored and has been scored since."""
    if message.sender != "user" or message.intent is not None:
        return message
    owner = reader.store.final_owner(message.shop, message.owner)
    before: tuple[int, str] | None = None
    while page := reader.store.conversations(message.shop, owner, before):
        for conversation, messages in page:
            if conversation.update_time < message.ts:
                return message
            for stored in messages:
                if stored.identity == message.identity:
                    return stored
        before = (page[-1][0].update_time, page[-1][0].id)
    return message


def _last(log: EventLog, shop: str, end: int, count: int) -> list[Message]:
    """The last `count` different messages up to offset `end`, oldest first."""
    found: dict[tuple[str, str, str], Message] = {}
    while end > 0 and len(found) < count:
        start = max(0, end - STEP)
        for message in reversed(list(_messages(log.read(start, end - start), shop))):
            found.setdefault(message.identity, message)
        end = start
    return list(found.values())[:count][::-1]


def _messages(entries: list[Logged], shop: str) -> Iterator[Message]:
    return (e.fact for e in entries if isinstance(e.fact, Message) and e.fact.shop == shop)


def _new(reader: Reader, shop: str, after: int) -> Iterator[Message]:
    """New messages for ever, each with its score, or without once it has waited `LINGER_S` for it."""
    while True:
        entries = reader.log.read(after, STEP)
        for message in _messages(entries, shop):
            yield _awaited(reader, message)
        if entries:
            after = entries[-1].offset
        else:
            time.sleep(PAUSE_S)


def _awaited(reader: Reader, message: Message) -> Message:
    while True:
        scored = with_score(reader, message)
        waiting = scored.sender == "user" and scored.intent is None and reader.settings.scoring
        if not waiting or time.time() > message.received / 1000 + LINGER_S:
            return scored
        time.sleep(PAUSE_S)
