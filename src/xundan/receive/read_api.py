"""What is asked of Xundan over HTTP: a customer's latest intent and history, the shop's report."""

from __future__ import annotations

import asyncio
import base64
import binascii

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from xundan.domain.records import usable_alias
from xundan.errors import Rejected
from xundan.measure.query import parse_query
from xundan.measure.render import to_csv, to_json, to_text
from xundan.measure.report import Report
from xundan.receive.coze import USER, named_by_bot
from xundan.receive.documents import (
    ContextAnswer,
    IntentAnswer,
    conversation_document,
    order_document,
    shop_value,
)
from xundan.receive.fields import missing
from xundan.receive.gate import Gate
from xundan.receive.intake import LatestIntent
from xundan.receive.problems import Problem
from xundan.receive.services import Services

DEFAULT_PAGE, MAX_PAGE = 20, 100
COZE_PAGE = 3
"""Conversations that a bot is told of by default: more cost a model more than they tell it."""
INTENT_PAGE = 5
REPORT_FIELDS = ("from", "to", "rule", "window", "as_of", "unit", "by", "format", "lang", "width")
FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}

_encode = msgspec.json.Encoder().encode
Cursor = tuple[int, str]


class ReadApi:
    """The handlers. The store is read on worker threads."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._services = services
        self._gate = gate

    async def intent(self, request: Request, shop: str, user: str) -> Response:
        """The latest intent of a customer."""
        self._gate.admit(request, "context", shop)
        user = _user(user)
        store, intake = self._services.store, self._services.intake
        owner = await run_in_threadpool(store.final_owner, shop, user)
        known, stored = await run_in_threadpool(self._stored_intent, shop, owner)
        cached = await asyncio.gather(*(intake.latest_intent(shop, id) for id in dict.fromkeys((user, owner))))
        found = [latest for latest in (stored, *cached) if latest is not None]
        if not found and not known:
            raise _nobody()
        latest = max(found, key=lambda latest: latest.ts, default=None)
        return _json(self._intent_answer(shop, owner, latest))

    async def context(self, request: Request, shop: str, user: str) -> Response:
        """The whole history of a customer, for whoever takes over."""
        self._gate.admit(request, "context", shop)
        limit = _whole(request, "limit", DEFAULT_PAGE, MAX_PAGE)
        cursor = request.query_params.get("cursor")
        before = _cursor(cursor) if cursor else None
        said = await run_in_threadpool(self._context, shop, _user(user), before, limit)
        if not (said.conversations or said.orders or before):
            raise _nobody()
        return _json(said)

    async def coze_context(self, request: Request) -> Response:
        """The same for a bot, of the token's shop. Somebody new has a history too, an empty one: a flow must go on."""
        shop = self._gate.admit(request, "context")
        limit = _whole(request, "limit", COZE_PAGE, MAX_PAGE)
        user = request.query_params.get("user_id", "").strip() or named_by_bot(request.headers, USER)
        if not user:
            raise missing("user_id")
        return _json(await run_in_threadpool(self._context, shop, _user(user, "user_id"), None, limit))

    async def report(self, request: Request, shop: str) -> Response:
        """The shop's chat-to-order report."""
        self._gate.admit(request, "report", shop)
        given = dict(request.query_params)
        for name in given:
            if name not in REPORT_FIELDS:
                raise Rejected(f"a report has no {name}; it has {', '.join(REPORT_FIELDS)}", field=name)
        form = _one_of("format", given.pop("format", ""), tuple(FORMATS), "json")
        lang = _one_of("lang", given.pop("lang", ""), ("zh", "en"), self._services.settings.lang)
        given.pop("width", None)
        width = _whole(request, "width", 80, 400)
        query = parse_query(shop, given, self._services.settings.rules, self._services.intake.clock())
        report = await run_in_threadpool(self._services.report, query)
        return Response(_rendered(report, form, lang, width), media_type=FORMATS[form])

    def _context(self, shop: str, user: str, before: Cursor | None, limit: int) -> ContextAnswer:
        store = self._services.store
        owner = store.final_owner(shop, user)
        found = store.conversations(shop, owner, before, limit + 1)
        page = found[:limit]
        orders = [] if before else store.orders(shop, owner)
        last = page[-1][0] if len(found) > limit else None
        return ContextAnswer(
            shop_id=shop_value(shop),
            user_id=owner,
            conversations=[conversation_document(*dialog) for dialog in page],
            orders=[order_document(order) for order in orders],
            next=_opaque((last.update_time, last.id)) if last else None,
        )

    def _stored_intent(self, shop: str, owner: str) -> tuple[bool, LatestIntent | None]:
        """Whether the store knows the customer, and the last scored message of the newest conversations."""
        found = self._services.store.conversations(shop, owner, None, INTENT_PAGE)
        for _, messages in found:
            for message in reversed(messages):
                if message.intent is not None and message.buy_score is not None:
                    model = message.model
                    return True, LatestIntent(message.id, message.ts, message.intent, message.buy_score, model)
        return bool(found), None

    def _intent_answer(self, shop: str, owner: str, latest: LatestIntent | None) -> IntentAnswer:
        if latest is None:
            return IntentAnswer(shop_value(shop), owner, None, None, None, None, None, None)
        label = self._services.intake.label(latest.buy_score)
        return IntentAnswer(
            shop_value(shop), owner, latest.intent, latest.buy_score, label, latest.model, latest.message_id, latest.ts
        )


def _rendered(report: Report, form: str, lang: str, width: int) -> bytes:
    if form == "json":
        return _encode(to_json(report))
    if form == "csv":
        return to_csv(report).encode()
    return to_text(report, "en" if lang == "en" else "zh", width).encode()


def _json(answer: msgspec.Struct) -> Response:
    return Response(_encode(answer), media_type="application/json")


def _nobody() -> Problem:
    return Problem(404, "nothing is known of this customer", code="unknown_user")


def _user(user: str, field: str = "user") -> str:
    user = user.strip()
    if not usable_alias(user):
        raise Rejected("the user's id must name one person: not empty and without *", field=field, code="unusable_id")
    return user


def _whole(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise Rejected(f"{name} must be a whole number from 1 to {most}", field=name)
    return int(text)


def _one_of(name: str, given: str, allowed: tuple[str, ...], default: str) -> str:
    if given and given not in allowed:
        raise Rejected(f"{name} must be one of {', '.join(allowed)}", field=name)
    return given or default


def _opaque(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(_encode(cursor)).decode().rstrip("=")


def _cursor(text: str) -> Cursor:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor: Cursor = msgspec.json.decode(data, type=Cursor)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise Rejected("cursor must be the `next` of the page before", field="cursor") from None
    return cursor
