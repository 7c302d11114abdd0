"""A customer's resting facts, read around a point in time: days, conversations, touches, orders.

Everything is memoised for one step, so that a step looks at each day once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xundan.domain.effects import Pointer
from xundan.domain.links import rests
from xundan.domain.records import Message
from xundan.domain.rules import WINDOWS, Rules
from xundan.domain.sessions import Session, agent_name, cut, session
from xundan.domain.state import Head, OrderState, Parts, Segment, Totals, between


@dataclass(slots=True)
class Run:
    """Whole conversations on the days first..last: none of them reaches beyond."""

    first: int
    last: int
    sessions: list[Session]


@dataclass(slots=True)
class Touch:
    """The customer message that an order's instant is credited to, and the day it was written."""

    message: Message
    day: int
    session: Session


class Timeline:
    """Reads the resting facts of one key. `settle` must be called before the first read after a change."""

    def __init__(self, shop: str, owner: str, head: Head, parts: Parts, rules: Rules) -> None:
        self.shop, self.owner, self.head, self.parts, self.rules = shop, owner, head, parts, rules
        self.settle()

    def settle(self) -> None:
        """Forget what was read: the facts have changed."""
        self._messages: dict[int, list[Message]] = {}
        self._runs: dict[int, Run] = {}
        self._touches: dict[int, Touch | None] = {}
        self._typists: dict[int, dict[str, int]] = {}

    @property
    def pointer(self) -> Pointer | None:
        return self.head.pointer

    def segment(self, day: int) -> Segment:
        return self.parts.get(f"d{day}", Segment) or Segment()

    def order(self, order_id: str) -> OrderState:
        return self.parts.get(f"o{order_id}", OrderState) or OrderState()

    def messages(self, day: int) -> list[Message]:
        """The resting messages of a day in the order of facts."""
        found = self._messages.get(day)
        if found is None:
            found = self._messages[day] = self._resting(self.segment(day))
        return found

    def _resting(self, segment: Segment) -> list[Message]:
        here: list[Message] = []
        seen = set()
        for held in segment.held:
            fact = held.fact
            if not rests(self.owner, self.pointer, held.via):
                continue
            if held.via:  # while links move, one fact can be here by two ways; it counts once
                if fact.identity in seen:
                    continue
                seen.add(fact.identity)
            here.append(fact)
        return here

    def closure(self, day: int) -> tuple[int, int]:
        """The days that the conversations touching `day` reach over."""
        days = self.head.days
        at = bisect_left(days, day)
        if at < len(days) and days[at] == day:
            return self._edge(at, -1), self._edge(at, 1)
        if 0 < at < len(days) and self._joined(at - 1):  # a conversation can reach over a day without messages
            return self._edge(at - 1, -1), self._edge(at, 1)
        return day, day

    def _edge(self, at: int, step: int) -> int:
        days = self.head.days
        while 0 <= at + step < len(days) and self._joined(min(at, at + step)):
            at += step
        return days[at]

    def _joined(self, at: int) -> bool:
        """Whether one conversation holds the end of the at-th day with messages and the beginning of the next."""
        earlier, later = self.messages(self.head.days[at]), self.messages(self.head.days[at + 1])
        return bool(earlier and later) and later[0].ts - earlier[-1].ts < self.rules.session_gap_ms

    def run(self, day: int) -> Run:
        """The whole conversations that touch a day."""
        found = self._runs.get(day)
        if found is None:
            first, last = self.closure(day)
            messages = [m for d in between(self.head.days, first, last) for m in self.messages(d)]
            found = Run(first, last, [self._session(part) for part in cut(messages, self.rules.session_gap_ms)])
            self._runs.update(dict.fromkeys(range(first, last + 1), found))
        return found

    def _session(self, messages: list[Message]) -> Session:
        first, last = self.rules.day(messages[0].ts), self.rules.day(messages[-1].ts)
        creations = (t.created for t in self.orders(first, last) if t.created is not None)
        return session(self.owner, messages, creations, self.rules.threshold)

    def orders(self, first: int, last: int) -> Iterator[Totals]:
        """The orders created or paid in full on the days first..last, each once."""
        for order_id in self.order_ids(first, last):
            found = self.order(order_id).totals
            if found is not None:
                yield found

    def order_ids(self, first: int, last: int) -> Iterable[str]:
        days = between(self.head.order_days, first, last)
        return dict.fromkeys(order_id for day in days for order_id in self.segment(day).orders) if days else ()

    def touch(self, instant: int) -> Touch | None:
        """The last customer message before an instant, if its lag is one that any window counts (definitions E4)."""
        if instant not in self._touches:
            self._touches[instant] = self._touch(instant)
        return self._touches[instant]

    def _touch(self, instant: int) -> Touch | None:
        today = self.rules.day(instant)
        for day in reversed(between(self.head.days, today - WINDOWS + 1, today)):
            for message in reversed(self.messages(day)):
                if message.sender == "user" and message.ts < instant:
                    return Touch(message, day, self.holding(message, day))
        return None

    def typists(self, instant: int) -> dict[str, int]:
        """Each agent who typed before an instant, with the smallest lag, if any window counts it (definitions E8)."""
        if instant not in self._typists:
            self._typists[instant] = self._typed_before(instant)
        return self._typists[instant]

    def _typed_before(self, instant: int) -> dict[str, int]:
        today, lags = self.rules.day(instant), dict[str, int]()
        for day in reversed(between(self.head.days, today - WINDOWS + 1, today)):
            for message in self.messages(day):
                if message.sender == "agent" and message.ts < instant:
                    lags.setdefault(agent_name(message), today - day)
        return lags

    def holding(self, message: Message, day: int) -> Session:
        """The conversation that holds a message of a day."""
        for found in self.run(day).sessions:
            if found.messages[0].key <= message.key <= found.messages[-1].key:
                return found
        raise LookupError("a resting message is in no conversation")
