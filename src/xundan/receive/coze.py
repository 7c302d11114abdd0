"""POST /coze: what a Coze workflow's HTTP node or plugin calls, once for each message of a customer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from xundan.domain.ports import Append
from xundan.domain.records import Fact, Message
from xundan.errors import Rejected
from xundan.receive.body import FORM, JSON, KEY, decode_form, decode_object, idempotency_key, media_type, read_body
from xundan.receive.gate import Gate
from xundan.receive.intake import Outcome
from xundan.receive.letters import Refused
from xundan.receive.parse import parse_exchange
from xundan.receive.services import Services

MAX_BYTES = 64 * 1024
BOT_ID = "X-AIPlugin-Bot-ID"
USER = "X-Aiplugin-Connector-Identifier"
CONVERSATION = "X-AIPlugin-Conversation-ID"

_encode = msgspec.json.Encoder().encode


class CozeAnswer(msgspec.Struct, rename={"buy_score": "buyScore"}):
    """What became of a message: durable when this is said.

    `intent`, `buyScore`, `label` (high or low) and `model` are null for a message that is not (yet) scored.
    """

    message_id: str
    duplicate: bool
    intent: str | None
    buy_score: float | None
    label: str | None
    model: str | None


class Coze:
    """The handler; one for all requests."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._log = services.log
        self._intake = services.intake
        self._gate = gate
        self._under_way: dict[tuple[str, str], asyncio.Event] = {}

    async def coze(self, request: Request) -> Response:
        """Record a message, and the bot's `answer` to it as the next."""
        shop = self._gate.admit(request, "intake")
        body = await read_body(request, MAX_BYTES)
        key = idempotency_key(request)
        if body.strip() in (b"", b"{}"):
            return self._answer(Outcome("duplicate", await self._known(shop, key)))
        decode = decode_form if media_type(request, JSON | FORM) in FORM else decode_object
        raw: object = body.decode("utf-8", "replace")
        try:
            raw = fields = decode(body)
            self._gate.same_shop(fields)
            _fill(fields, request.headers, key)
            messages = self._parse(fields, shop)
        except Rejected as rejected:
            await self._intake.refuse(shop, "coze", "live", [Refused(rejected, raw)])
            raise
        return self._answer(await self._take(messages, shop, key))

    def _parse(self, fields: dict[str, object], shop: str) -> list[Message]:
        now = self._intake.clock()
        return parse_exchange(fields, shop=shop, received=now, source="live", rules=self._intake.rules)

    async def _take(self, messages: Sequence[Message], shop: str, key: str) -> Outcome:
        """What became of the first message. While it is under way, an empty retry of its key waits for it."""
        appends = [Append(messages[0], key), *map(Append, messages[1:])]
        if not key:
            return (await self._intake.take(appends))[0]
        done = self._under_way.setdefault((shop, key), asyncio.Event())
        try:
            return (await self._intake.take(appends))[0]
        finally:
            done.set()
            self._under_way.pop((shop, key), None)

    async def _known(self, shop: str, key: str) -> Fact:
        """The message that came under a key. Coze repeats a call that took too long with headers but without a body."""
        if not key:
            raise Rejected(
                f"the body is empty, and without {KEY} nobody knows which message it repeats", code="empty_body"
            )
        if under_way := self._under_way.get((shop, key)):
            await under_way.wait()
        fact = await run_in_threadpool(self._log.find, shop, key)
        if not isinstance(fact, Message):
            raise Rejected(
                f"the body is empty, and no message is known under this {KEY}: send the message whole",
                field=KEY,
                code="unknown_key",
            )
        return fact

    def _answer(self, outcome: Outcome) -> Response:
        fact = outcome.fact
        assert isinstance(fact, Message)
        label = self._intake.label(fact.buy_score)
        answer = CozeAnswer(fact.id, outcome.status == "duplicate", fact.intent, fact.buy_score, label, fact.model)
        return Response(_encode(answer), media_type="application/json")


def named_by_bot(headers: Headers, header: str) -> str:
    """What a header of Coze says, "" where it says nothing or no bot has called.

    Raises:
        Rejected: the header names a user, but no bot has called. Then it is the workflow's operator, and all customers
            would melt into one.
    """
    given = headers.get(header) or ""
    if not given or headers.get(BOT_ID):
        return given
    if header != USER:
        return ""
    raise Rejected(
        f"user_id is missing: {USER} counts only beside {BOT_ID}, for without a bot it names the operator "
        "of the workflow; put the customer's id into the request",
        field="user_id",
        code="missing_field",
    )


def _fill(fields: dict[str, object], headers: Headers, key: str) -> None:
    """Put in what the body lacks: the message's id from the key, user and conversation from the bot's headers."""
    if key and fields.get("message_id") in (None, ""):
        fields["message_id"] = key
    for name, header in (("user_id", USER), ("conversation_id", CONVERSATION)):
        if fields.get(name) in (None, "") and (given := named_by_bot(headers, header)):
            fields[name] = given
