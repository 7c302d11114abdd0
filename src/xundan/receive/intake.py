"""Intake: facts that have been parsed are protected, understood and appended; then, and only then, acknowledged."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from xundan.domain.ports import Append, Appended, Cache, DeadLetters, EventLog, Missed, Question, Scored
from xundan.domain.records import Fact, Link, Message, OrderEvent, Source
from xundan.errors import Retryable
from xundan.receive.letters import Letters, Protector, Refused
from xundan.receive.turns import Customer, Turns
from xundan.settings import Settings

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


FACT_OF = {"coze": "message", "messages": "message", "orders": "order", "links": "link"}
IMPORT = ":import"
"""Ends the source of a dead letter whose lines were history."""


class Scorer(Protocol):
    """Understands customer messages, or says why not. Never raises for a fault of the model.

    `version` names the model; `status` has counters (see docs/serving.md).
    """

    @property
    def version(self) -> str: ...

    async def score(self, questions: Sequence[Question], budget_ms: int) -> list[Scored | Missed]: ...

    def score_now(self, questions: Sequence[Question]) -> list[Scored | Missed]: ...

    def status(self) -> dict[str, int]: ...


class Outcome(NamedTuple):
    """What became of a fact. For a duplicate, `fact` is the copy that was kept first."""

    status: Literal["accepted", "duplicate"]
    fact: Fact


def now_ms() -> int:
    """The wall clock in UTC ms."""
    return time.time_ns() // 1_000_000


def intent_key(shop: str, user_id: str) -> str:
    """Where the cache keeps the latest intent of a customer, as `LatestIntent` in JSON."""
    return f"intent:{shop}:{user_id}"


def turns_key(shop: str, user_id: str) -> str:
    """Where the cache keeps the last turns of a customer."""
    return f"turns:{shop}:{user_id}"


class LatestIntent(msgspec.Struct, frozen=True):
    """What the last scored message of a customer said; `ts` in UTC ms."""

    message_id: str
    ts: int
    intent: str
    buy_score: float
    model: str | None


class Intake:
    """The one way of facts into the log, for HTTP (`take`) and for threads such as file imports (`take_now`).

    Both return once everything is durable, in the order of the request, or raise `Retryable` or `Overloaded` and
    acknowledge nothing. A fault of the model or of the cache never costs a message: it is appended unscored.

    Args:
        scorer: None switches scoring off.
        clock: answers the time in UTC ms.

    `counts` counts (kind, source, status) of what was taken and ("score", "made"), or why
    there is no score ("score", "late" | "overloaded" | "failed").
    """

    def __init__(
        self,
        log: EventLog,
        protector: Protector,
        scorer: Scorer | None,
        dead: DeadLetters,
        cache: Cache,
        settings: Settings,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.log = log
        self.scorer = scorer
        self.clock = clock
        self.rules = settings.rules
        self.letters = Letters(dead, protector)
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._protector = protector
        self._cache = cache
        self._settings = settings
        self._turns_of_threads = Turns(self.rules.session_gap_ms)
        self._room_known_until = 0.0

    @property
    def model(self) -> str:
        """The version of the model that scores, "off" where scoring is switched off."""
        return "off" if self.scorer is None else self.scorer.version

    async def take(self, items: Sequence[Append]) -> list[Outcome]:
        """Protect, score within `score_budget_ms`, append, and remember the latest intents."""
        self.check_room()
        items = [self._protected(item) for item in items]
        if self.scorer is None:
            return self._outcomes(items, await self.log.append(items))
        turns = Turns(self.rules.session_gap_ms)
        customers = list({(i.fact.shop, i.fact.owner): None for i in items if isinstance(i.fact, Message)})
        await _all([self._load_turns(turns, customer) for customer in customers])
        asked, questions = self._questions(items, turns)
        items = self._answered(items, asked, await self._score(questions))
        appended = await self.log.append(items)
        await _all([self._save_turns(turns, customer) for customer in customers])
        await self._remember_intents(appended)
        return self._outcomes(items, appended)

    def take_now(self, items: Sequence[Append], *, score: bool = True) -> list[Outcome]:
        """The same from a plain thread, one caller at a time; scoring has no time limit, the cache is left alone."""
        self.check_room()
        items = [self._protected(item) for item in items]
        if self.scorer is not None and score:
            asked, questions = self._questions(items, self._turns_of_threads)
            items = self._answered(items, asked, self.scorer.score_now(questions))
        return self._outcomes(items, self.log.append_now(items))

    async def refuse(self, shop: str, kind: str, source: Source, refused: Sequence[Refused]) -> None:
        """Keep refused input among the dead letters. `kind` is coze, messages, orders or links."""
        self.counts[FACT_OF[kind], source, "rejected"] += len(refused)
        if refused:
            codes = dict(Counter(rejected.code for rejected, _ in refused))
            logger.info("input refused", extra={"action": "refused", "shop": shop, "kind": kind, "codes": codes})
            await self.letters.put(shop, kind + IMPORT if source == "import" else kind, refused)

    def check_room(self) -> None:
        """Raise `Retryable` when less than `min_free_mb` of the disk is free; looks once a second at most."""
        if time.monotonic() < self._room_known_until:
            return
        try:
            free = shutil.disk_usage(self._settings.data_dir).free
        except OSError:
            return  # the log itself will say what is wrong
        if free < self._settings.min_free_mb * 1024 * 1024:
            raise Retryable(f"the disk has less than {self._settings.min_free_mb} MB free; nothing was taken")
        self._room_known_until = time.monotonic() + 1

    def _protected(self, item: Append) -> Append:
        fact = item.fact
        if isinstance(fact, Message):
            text, pii = self._protector.protect(fact.shop, fact.text)
            return item._replace(fact=replace(fact, text=text, pii=pii)) if pii or text != fact.text else item
        if isinstance(fact, OrderEvent) and fact.items:
            return item._replace(fact=replace(fact, items=self._protected_value(fact.shop, fact.items)))
        return item

    def _protected_value(self, shop: str, value: Any) -> Any:
        """The value with every text in it protected. The originals go: an order's items need none of them back."""
        if isinstance(value, str):
            return self._protector.protect(shop, value)[0]
        if isinstance(value, list):
            return [self._protected_value(shop, part) for part in value]
        if isinstance(value, dict):
            return {self._protected_value(shop, k): self._protected_value(shop, v) for k, v in value.items()}
        return value

    def _questions(self, items: Sequence[Append], turns: Turns) -> tuple[list[int], list[Question]]:
        asked, questions = [], []
        for index, (fact, _) in enumerate(items):
            if not isinstance(fact, Message):
                continue
            if fact.sender == "user":
                asked.append(index)
                questions.append(Question(fact.text, turns.context(fact)))
            turns.add(fact)
        return asked, questions

    async def _score(self, questions: list[Question]) -> list[Scored | Missed]:
        if not questions or self.scorer is None:
            return []
        try:
            return await self.scorer.score(questions, self._settings.score_budget_ms)
        except Exception:
            logger.exception("scoring failed", extra={"action": "score_failed"})
            return [Missed.FAILED] * len(questions)

    def _answered(self, items: Sequence[Append], asked: list[int], scores: Sequence[Scored | Missed]) -> list[Append]:
        answered = list(items)
        for index, scored in zip(asked, scores, strict=True):
            self.counts["score", "made" if isinstance(scored, Scored) else scored.value] += 1
            fact = items[index].fact
            if isinstance(scored, Scored) and isinstance(fact, Message):
                intent, buy_score, model = scored
                fact = replace(fact, intent=intent, buy_score=buy_score, model=model)
                answered[index] = items[index]._replace(fact=fact)
        return answered

    def _outcomes(self, items: Sequence[Append], appended: Sequence[Appended]) -> list[Outcome]:
        outcomes = []
        for item, (_, duplicate, fact) in zip(items, appended, strict=True):
            status: Literal["accepted", "duplicate"] = "duplicate" if duplicate else "accepted"
            self.counts[_kind(item.fact), item.fact.source, status] += 1
            outcomes.append(Outcome(status, fact))
        return outcomes

    async def _load_turns(self, turns: Turns, customer: Customer) -> None:
        turns.load(customer, await self.cached(turns_key(*customer)))

    async def _save_turns(self, turns: Turns, customer: Customer) -> None:
        await self._keep(turns_key(*customer), turns.dump(customer), self.rules.session_gap_ms / 1000)

    async def _remember_intents(self, appended: Iterable[Appended]) -> None:
        """Only what is news: a message from history is nobody's latest."""
        ttl = self._settings.cache_ttl_s
        for _, duplicate, fact in appended:
            if duplicate or not isinstance(fact, Message) or fact.intent is None or fact.buy_score is None:
                continue
            if fact.received - fact.ts > ttl * 1000:
                continue
            latest = await self.latest_intent(fact.shop, fact.owner)
            if latest is None or latest.ts <= fact.ts:
                value = _encode(LatestIntent(fact.id, fact.ts, fact.intent, fact.buy_score, fact.model))
                await self._keep(intent_key(fact.shop, fact.owner), value, ttl)

    def label(self, buy_score: float | None) -> str | None:
        """`high` from the shop's threshold on, else `low`; None without a score."""
        if buy_score is None:
            return None
        return "high" if buy_score >= self.rules.threshold else "low"

    async def latest_intent(self, shop: str, user_id: str) -> LatestIntent | None:
        """The latest intent under an id as received, as far as the cache still has it."""
        data = await self.cached(intent_key(shop, user_id))
        try:
            return msgspec.json.decode(data, type=LatestIntent) if data else None
        except msgspec.MsgspecError:
            return None

    async def cached(self, key: str) -> bytes | None:
        """What the cache has; a cache that is away has nothing."""
        try:
            return await self._cache.get(key)
        except Exception:
            logger.exception("cache cannot be read", extra={"action": "cache_failed"})
            return None

    async def _keep(self, key: str, value: bytes, ttl: float) -> None:
        try:
            await self._cache.put(key, value, ttl)
        except Exception:
            logger.exception("cache cannot be written", extra={"action": "cache_failed"})


async def _all(calls: Sequence[Coroutine[None, None, None]]) -> None:
    """Wait for all of them; one, the usual number, needs no task of its own."""
    if len(calls) == 1:
        await calls[0]
    else:
        await asyncio.gather(*calls)


def _kind(fact: Fact) -> str:
    if isinstance(fact, Message):
        return "message"
    return "link" if isinstance(fact, Link) else "order"
