"""Ports as plain dictionaries, for the tests of what receives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncByteStream, AsyncClient, Response

from xundan.domain.effects import Conversation, Order
from xundan.domain.ports import Append, Appended, CubeRow, DeadLetter, Found, Logged, Missed, Question, Scored
from xundan.domain.records import Fact, Message
from xundan.errors import Rejected, XundanError
from xundan.measure.query import ReportQuery
from xundan.measure.report import Report, build
from xundan.receive.app import create_app
from xundan.receive.intake import Intake
from xundan.receive.services import Services
from xundan.receive.tokens import SCOPES, mint
from xundan.settings import Settings

NOW = 1_795_000_000_000
SHOP = "1024"
SECRET = "a secret of thirty-two bytes, or more"


def settings(**given: Any) -> Settings:
    defaults: dict[str, Any] = {
        "shop_id": SHOP,
        "coze_secret": {"default": SECRET},
        "data_dir": Path("."),
        "min_free_mb": 0,
    }
    return Settings(**{**defaults, **given})


class FakeLog:
    """`fault` is raised by every append while it is set."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.first: dict[tuple[str, ...], int] = {}
        self.keys: dict[tuple[str, str], int] = {}
        self.fault: Exception | None = None

    async def append(self, facts: Sequence[Append]) -> list[Appended]:
        return self.append_now(facts)

    def append_now(self, facts: Sequence[Append]) -> list[Appended]:
        if self.fault is not None:
            raise self.fault
        return [self._one(*item) for item in facts]

    def _one(self, fact: Fact, key: str) -> Appended:
        identity = (fact.shop, *fact.identity)
        known = self.first.get(identity, self.keys.get((fact.shop, key)) if key else None)
        if known is not None:
            return Appended(known, True, self.facts[known - 1])
        self.facts.append(fact)
        self.first[identity] = offset = len(self.facts)
        if key:
            self.keys[fact.shop, key] = offset
        return Appended(offset, False, fact)

    def find(self, shop: str, key: str) -> Fact | None:
        offset = self.keys.get((shop, key))
        return None if offset is None else self.facts[offset - 1]

    def read(self, after: int, limit: int) -> list[Logged]:
        return [Logged(after + 1 + n, fact) for n, fact in enumerate(self.facts[after : after + limit])]

    def last_offset(self) -> int:
        return len(self.facts)

    def close(self) -> None:
        pass


class FakeCache:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.fault: Exception | None = None

    async def get(self, key: str) -> bytes | None:
        if self.fault is not None:
            raise self.fault
        return self.values.get(key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        if self.fault is not None:
            raise self.fault
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)


class FakeDead:
    def __init__(self) -> None:
        self.letters: dict[int, DeadLetter] = {}
        self.fault: XundanError | None = None

    def put(self, shop: str, source: str, code: str, reason: str, payload: str) -> int:
        if self.fault is not None:
            raise self.fault
        id = max(self.letters, default=0) + 1
        self.letters[id] = DeadLetter(id, shop, NOW, source, code, reason, payload)
        return id

    def list(self, shop: str | None, limit: int = 100) -> list[DeadLetter]:
        return [letter for letter in self.letters.values() if shop in (None, letter.shop)][:limit]

    def get(self, id: int) -> DeadLetter | None:
        return self.letters.get(id)

    def remove(self, id: int) -> None:
        self.letters.pop(id, None)


class FakeProtector:
    """Knows one phone number."""

    PHONE = "13800138000"

    def protect(self, shop: str, text: str) -> tuple[str, dict[str, str]]:
        if self.PHONE not in text:
            return text, {}
        return text.replace(self.PHONE, "[手机号1]"), {"[手机号1]": f"sealed for {shop}"}

    def reveal(self, shop: str, text: str, pii: dict[str, str]) -> str:
        if pii and set(pii.values()) != {f"sealed for {shop}"}:
            raise Rejected("no key opens this")
        return text.replace("[手机号1]", self.PHONE) if pii else text


class FakeScorer:
    """Scores by the length of the context; remembers what it was asked. `missing` answers nothing at all."""

    version = "fake-1"

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.fault: Exception | None = None
        self.missing = False
        self.score_of = 0.9

    async def score(self, questions: Sequence[Question], budget_ms: int) -> list[Scored | Missed]:
        return self.score_now(questions)

    def score_now(self, questions: Sequence[Question]) -> list[Scored | Missed]:
        if self.fault is not None:
            raise self.fault
        self.asked += questions
        return [Missed.LATE if self.missing else Scored("price_query", self.score_of, "fake-1") for _ in questions]

    def status(self) -> dict[str, int]:
        return {"hits": 3, "misses": 5, "batches": 2, "waiting": 1}


class FakeModels:
    """No model was activated."""

    def __init__(self) -> None:
        self.switched = self.refused = 0
        self.fault = ""


class FakeStore:
    """One page of whatever the test puts here."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.dialogs: dict[str, list[tuple[Conversation, list[Message]]]] = {}
        self.placed: dict[str, list[Order]] = {}

    def cube(self, *args: object, **how: object) -> list[CubeRow]:
        return []

    def final_owner(self, shop: str, user_id: str) -> str:
        return self.aliases.get(user_id, user_id)

    def conversations(
        self, shop: str, user_id: str, before: tuple[int, str] | None = None, limit: int = 20
    ) -> list[tuple[Conversation, list[Message]]]:
        found = sorted(self.dialogs.get(user_id, []), key=lambda d: (d[0].update_time, d[0].id), reverse=True)
        return [d for d in found if before is None or (d[0].update_time, d[0].id) < before][:limit]

    def recent_conversations(self, shop: str, limit: int = 20) -> list[Conversation]:
        return []

    def orders(self, shop: str, user_id: str, limit: int = 100) -> list[Order]:
        return self.placed.get(user_id, [])[:limit]

    def position(self) -> int:
        return 0

    def busiest_users(self, shop: str, limit: int = 1) -> list[tuple[str, int]]:
        return []

    def customers(self, shop: str, orders: Sequence[tuple[str, str]]) -> list[Found]:
        return ["" for _ in orders]

    def count_messages(self, shop: str) -> int:
        return sum(len(messages) for dialogs in self.dialogs.values() for _, messages in dialogs)


class FakeRunner:
    def __init__(self) -> None:
        self.state: dict[str, Any] = {"position": 0, "lag": 0, "dead": 0, "error": ""}

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def catch_up(self, until: int | None = None) -> None:
        pass

    def status(self) -> dict[str, Any]:
        return dict(self.state)


class World:
    """An intake over fakes, with a clock that stands still."""

    def __init__(self, *, scoring: bool = True, **given: Any) -> None:
        self.settings = settings(**given)
        self.log, self.dead, self.cache = FakeLog(), FakeDead(), FakeCache()
        self.protector, self.scorer = FakeProtector(), FakeScorer()
        self.now = NOW
        self.intake = Intake(
            self.log,
            self.protector,
            self.scorer if scoring else None,
            self.dead,
            self.cache,
            self.settings,
            clock=lambda: self.now,
        )


def message(text: str = "多少钱", id: str = "m1", owner: str = "u1", **given: Any) -> Message:
    plain = Message(shop=SHOP, owner=owner, id=id, ts=NOW, received=NOW, source="live", sender="user", text=text)
    return replace(plain, **given)


class Server:
    """The whole HTTP side over fakes. `post` and `get` carry a token with every scope unless told otherwise."""

    def __init__(self, *, scoring: bool = True, report: Callable[[ReportQuery], Report] | None = None, **given: Any):
        self.world = World(scoring=scoring, **given)
        self.store, self.runner = FakeStore(), FakeRunner()
        self.services = Services(
            settings=self.world.settings,
            log=self.world.log,
            store=self.store,
            cache=self.world.cache,
            dead=self.world.dead,
            runner=self.runner,
            intake=self.world.intake,
            models=FakeModels(),
            report=report or (lambda query: build(query, self.store, self.world.settings.rules, NOW)),
        )
        self.app = create_app(self.services)
        self.caller = "192.0.2.1"
        self.token = mint(self.world.settings, SHOP, 1, SCOPES)

    def post(
        self, path: str, content: Any = b"", kind: str = "application/json", token: str | None = None, **headers: str
    ) -> Response:
        """POST bytes, a stream, or a value as JSON; header names with _ for -."""
        body = content if isinstance(content, bytes | AsyncByteStream) else json.dumps(content).encode()
        return self.request("POST", path, token, headers | ({"Content-Type": kind} if kind else {}), body)

    def get(self, path: str, token: str | None = None, **headers: str) -> Response:
        return self.request("GET", path, token, headers)

    def request(
        self, method: str, path: str, token: str | None, headers: dict[str, str], content: Any = None
    ) -> Response:
        token = self.token if token is None else token
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            given["Authorization"] = f"Bearer {token}"

        async def ask() -> Response:
            transport = ASGITransport(self.app, raise_app_exceptions=False, client=(self.caller, 123))
            async with AsyncClient(transport=transport, base_url="http://xundan") as client:
                return await client.request(method, path, content=content, headers=given)

        return asyncio.run(ask())
