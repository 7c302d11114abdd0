"""The runner of the embedded profile: a thread that reads the log, scores what arrived unscored, and carries it on."""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from xundan.domain.context import context_of
from xundan.domain.ports import CONTEXT_TURNS, DeadLetters, EventLog, Logged, Missed, Question, Scored
from xundan.domain.records import Fact, Message, journey_key
from xundan.domain.rules import Rules
from xundan.domain.state import Segment
from xundan.embedded.carrier import Carrier
from xundan.embedded.codec import encode_fact
from xundan.embedded.sqlite_store import SqliteStore
from xundan.errors import Retryable, XundanError

logger = logging.getLogger(__name__)

IDLE = 0.02
AWAY = 1.0
GATHER = 0.25
GATHER_EACH = 0.005
"""Seconds for which facts may gather after a batch, at most, and for each fact in it: in a large batch each costs half.
So batches grow only while facts come faster than 200 a second, and a lone one is carried at once."""

SCORING_S = 1.0
"""A step that scores longer is carried as far as it is scored."""

SCORED_AT_ONCE = 8
"""After so many messages a step looks at the time and for `stop`; after ever more while they are scored quickly."""

Score = Callable[[Sequence[Question]], Sequence[Scored | Missed]]


class InProcessRunner:
    """`domain.ports.Runner` over the SQLite log and store.

    Args:
        score: understands unscored customer messages on the runner's thread; None leaves them unscored.
        batch: how many facts one transaction takes at most.

    Raises `ConfigError` where the store was computed by other settings. A fact that no journey can take becomes a dead
    letter and never stops the others. While the disk cannot be written the runner waits and tries again; `status` says
    why.
    """

    def __init__(
        self,
        log: EventLog,
        store: SqliteStore,
        dead: DeadLetters,
        rules: Rules,
        score: Score | None = None,
        batch: int = 2000,
    ) -> None:
        self._log, self._dead, self._rules = log, dead, rules
        self._score, self._batch = score, batch
        self._moved = threading.Condition()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._carrier = Carrier(store, rules)
        self._position = store.position()
        self._dead_count = 0
        self._more = False
        self._error = ""
        self._fatal = False

    def start(self) -> None:
        """Begin to carry. Once."""
        self._thread = threading.Thread(target=self._run, name="xundan-runner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the step under way, commit, and end. Idempotent."""
        self._stop.set()
        self._hurry.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def catch_up(self, until: int | None = None) -> None:
        """Return once the store contains everything up to offset `until` (default: the log's end at the call).

        Raises `XundanError` when the runner has ended before that.
        """
        target = self._log.last_offset() if until is None else until
        with self._moved:
            while self._position < target:
                if self._fatal or self._thread is None or not self._thread.is_alive():
                    raise XundanError(f"the runner has stopped at offset {self._position}: {self._error or 'stopped'}")
                self._hurry.set()
                self._moved.wait(0.5)

    def status(self) -> dict[str, Any]:
        """`position`, `lag` (log entries not yet carried), `dead` (letters written), `error` ("" if all is well)."""
        return {
            "position": self._position,
            "lag": max(0, self._log.last_offset() - self._position),
            "dead": self._dead_count,
            "error": self._error,
        }

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._hurry.wait(self._pause(self._turn()))
                self._hurry.clear()
        except Exception as error:
            logger.exception("runner ended", extra={"action": "runner_ended"})
            self._error, self._fatal = f"{type(error).__name__}: {error}", True
        with self._moved:
            self._moved.notify_all()

    def _pause(self, carried: int) -> float:
        """Seconds until the next turn."""
        if not carried:
            return AWAY if self._error else IDLE
        return 0 if carried == self._batch or self._more else min(GATHER, carried * GATHER_EACH)

    def _turn(self) -> int:
        """Carry one batch and say how many facts it had; 0 if it must be tried again later."""
        try:
            entries = self._log.read(self._position, self._batch)
            carried = self._carry(entries) if entries else 0
            self._more = carried < len(entries)
            self._error = ""
            return carried
        except Retryable as error:
            if not self._error:
                logger.warning("runner waits: %s", error, extra={"action": "runner_waits"})
            self._error = str(error)
            return 0

    def _carry(self, entries: list[Logged]) -> int:
        """Carry as many as could be scored in time; how many."""
        facts = self._scored([entry.fact for entry in entries])
        if facts:
            self._carry_facts(list(zip((entry.offset for entry in entries), facts, strict=False)))
        return len(facts)

    def _carry_facts(self, entries: list[tuple[int, Fact]]) -> None:
        """Carry in one transaction; where a fact breaks it, in halves, until it stands alone and is put aside."""
        try:
            self._carrier.carry([fact for _, fact in entries], entries[-1][0])
        except Retryable:
            raise
        except Exception as error:
            if len(entries) == 1:
                self._put_aside(entries[0], error)
            else:
                middle = len(entries) // 2
                self._carry_facts(entries[:middle])
                self._carry_facts(entries[middle:])
                return
        with self._moved:
            self._position = entries[-1][0]
            self._moved.notify_all()

    def _put_aside(self, entry: tuple[int, Fact], error: Exception) -> None:
        offset, fact = entry
        logger.error("fact put aside at offset %d", offset, exc_info=error, extra={"action": "fact_put_aside"})
        reason = f"offset {offset} could not be carried: {type(error).__name__}"
        self._dead.put(fact.shop, "runner", "internal", reason, encode_fact(fact))
        self._dead_count += 1
        self._carrier.carry([], offset)

    # what arrived unscored

    def _scored(self, facts: list[Fact]) -> list[Fact]:
        """The facts with their scores, or the first of them where the rest must wait for the next step."""
        if self._score is None:
            return facts
        asked = [at for at, fact in enumerate(facts) if _wants_score(fact)]
        ends = time.monotonic() + SCORING_S
        done, size = 0, SCORED_AT_ONCE
        while done < len(asked):
            begin = time.monotonic()
            if self._stop.is_set() or (done and begin > ends):
                return facts[: asked[done]]
            self._score_some(facts, asked[done : done + size])
            done += size
            size = 2 * size if time.monotonic() - begin < SCORING_S / 20 else SCORED_AT_ONCE
        return facts

    def _score_some(self, facts: list[Fact], places: list[int]) -> None:
        for at, scored in zip(places, self._answers([self._question(facts, at) for at in places]), strict=True):
            fact = facts[at]
            if isinstance(scored, Scored) and isinstance(fact, Message):
                facts[at] = replace(fact, intent=scored.intent, buy_score=scored.buy_score, model=scored.model)

    def _answers(self, questions: list[Question]) -> Sequence[Scored | Missed]:
        assert self._score is not None
        try:
            return self._score(questions)
        except XundanError as error:  # a fault of the model never costs a message
            logger.warning("scoring failed: %s", error, extra={"action": "score_failed"})
            return [Missed.FAILED] * len(questions)

    def _question(self, facts: list[Fact], at: int) -> Question:
        """The message with the turns before it, from the journey and from this batch, as if it had just arrived."""
        message = facts[at]
        assert isinstance(message, Message)
        batch = [m for m in facts[max(0, at - 200) : at] if isinstance(m, Message) and _same_customer(m, message)]
        said = sorted([*self._held(message), *batch], key=lambda turn: turn.ts)
        return Question(message.text, context_of(message, said, self._rules.session_gap_ms))

    def _held(self, message: Message) -> list[Message]:
        """What the journey holds of the customer's chat shortly before a message."""
        parts = self._carrier.parts.journey(message.shop, journey_key(message))
        first = self._rules.day(message.ts - CONTEXT_TURNS * self._rules.session_gap_ms)
        held: list[Message] = []
        for day in range(first, self._rules.day(message.ts) + 1):
            segment = parts.get(f"d{day}", Segment)
            if segment is not None:
                until = bisect_right(segment.held, message.ts, key=lambda one: one.fact.ts)
                held += [one.fact for one in segment.held[max(0, until - 50) : until]]
        return [turn for turn in held if _same_customer(turn, message)]


def _wants_score(fact: Fact) -> bool:
    return isinstance(fact, Message) and fact.sender == "user" and fact.intent is None


def _same_customer(one: Message, other: Message) -> bool:
    return one.shop == other.shop and one.owner == other.owner
