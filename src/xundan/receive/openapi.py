"""What /openapi.json says of each address, made from the types that are really read and written."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import PlainTextResponse

from xundan.domain.rules import SALE_RULES, WINDOWS
from xundan.measure.query import BY, UNITS
from xundan.measure.render import json_schema
from xundan.receive.batch import BatchAnswer
from xundan.receive.body import KEY
from xundan.receive.coze import BOT_ID, CONVERSATION, USER, CozeAnswer
from xundan.receive.documents import ContextAnswer, IntentAnswer
from xundan.receive.health import Alive, Ready
from xundan.receive.problems import MEDIA_TYPE, ProblemBody
from xundan.receive.read_api import COZE_PAGE, FORMATS, MAX_PAGE
from xundan.receive.tokens import SCOPES
from xundan.receive.wire import CozeFields, LinkFields, MessageFields, OrderFields

TYPES: tuple[type, ...] = (
    *(CozeFields, MessageFields, OrderFields, LinkFields),
    *(CozeAnswer, BatchAnswer, IntentAnswer, ContextAnswer, Alive, Ready, ProblemBody),
)
PREFIX = "#/components/schemas/"

ERRORS: dict[int, str] = {
    401: "No token, or one that is not valid",
    403: "Another shop's data, or a scope that the token lacks",
    404: "Nothing is known of this customer",
    413: "The body is too long",
    415: "Another media type was expected",
    422: "A field is missing or wrong; `field` names it",
    429: "More than the shop's rate allows; `Retry-After` says when to come again",
    503: "Nothing was acknowledged; `Retry-After` says when to come again",
}
Described = dict[str, Any]


def ref(name: str) -> dict[str, str]:
    """A reference to a schema of this document."""
    return {"$ref": PREFIX + name}


def described(
    answer: type | None,
    *,
    scope: str = "",
    errors: tuple[int, ...] = (),
    body: dict[str, Any] | None = None,
    required: bool = True,
    parameters: tuple[dict[str, Any], ...] = (),
    content: dict[str, Any] | None = None,
) -> Described:
    """Arguments of `add_api_route` that describe an address.

    Args:
        answer: the type of the JSON answer, unless `content` lists media types of its own.
        scope: what the token must allow; "" where none is needed.
        body: media types of the body and their schemas; `required` is False where it may be empty.
    """
    shown = content or {"application/json": {"schema": ref(answer.__name__ if answer else "")}}
    responses: dict[int | str, dict[str, Any]] = {200: {"description": "Done", "content": shown}}
    for status in (401, 403, 429, *errors) if scope else errors:
        problem = {MEDIA_TYPE: {"schema": ref(ProblemBody.__name__)}}
        responses[status] = {"description": ERRORS[status], "content": problem}
        if status in (429, 503):
            seconds = {"type": "integer", "description": "Seconds."}
            responses[status]["headers"] = {"Retry-After": {"schema": seconds}}
    extra: dict[str, Any] = {"security": [{"token": [scope]}] if scope else []}
    if body:
        extra["requestBody"] = {"required": required, "content": body}
    if parameters:
        extra["parameters"] = list(parameters)
    plain = {} if "application/json" in shown else {"response_class": PlainTextResponse}
    return {"responses": responses, "openapi_extra": extra, **plain}


def parameter(name: str, place: str, text: str, **schema: Any) -> dict[str, Any]:
    """An optional parameter in the query or a header."""
    return {"name": name, "in": place, "required": False, "description": text, "schema": {"type": "string", **schema}}


def lines(fields: type) -> dict[str, Any]:
    """A body of JSON Lines, each an object of these fields."""
    schema = {
        "type": "string",
        "description": f"JSON Lines: each line is one {fields.__name__}.",
        "contentMediaType": "application/json",
        "contentSchema": ref(fields.__name__),
    }
    return {"application/x-ndjson": {"schema": schema, "example": EXAMPLES[fields]}}


EXAMPLES: dict[type, str] = {
    MessageFields: '{"user_id": "tb_8812", "text": "这款有货吗？", "message_id": "m1"}\n'
    '{"user_id": "tb_8812", "from": "agent", "agent_id": "小王", "text": "有的，亲", "message_id": "m2"}\n',
    OrderFields: '{"order_id": "2026112400017", "user_id": "tb_8812", "status": "created", "amount": "199.00"}\n'
    '{"order_id": "2026112400017", "user_id": "tb_8812", "status": "paid", "amount_fen": 19900}\n',
    LinkFields: '{"alias": "jd_551", "user_id": "tb_8812"}\n',
}
COZE_EXAMPLE = {"user_id": "tb_8812", "text": "这款有货吗？", "conversation_id": "c1", "message_id": "m1"}
_IDEMPOTENCY = (
    parameter(KEY, "header", "Makes a repeat harmless, also one whose body got lost."),
    parameter(KEY, "query", "The same for callers that cannot set a header."),
)
_COZE = ref(CozeFields.__name__)
_WRITE_ERRORS = (413, 415, 422, 503)
_SOURCE = parameter("source", "query", "import marks history (scope import).", enum=["live", "import"], default="live")
_DAY = {"format": "date"}
_BOT_ID = parameter(BOT_ID, "header", "Set by Coze for a call by a bot; without it Coze's other headers do not count.")

COZE = described(
    CozeAnswer,
    scope="intake",
    errors=_WRITE_ERRORS,
    body={
        "application/json": {"schema": _COZE, "example": COZE_EXAMPLE},
        "application/x-www-form-urlencoded": {"schema": _COZE},
    },
    required=False,
    parameters=(
        *_IDEMPOTENCY,
        _BOT_ID,
        parameter(USER, "header", "Set by Coze: the customer, where the body has no user_id."),
        parameter(CONVERSATION, "header", "Set by Coze: the chat, where the body has no conversation_id."),
    ),
)
MESSAGES, ORDERS, LINKS = (
    described(
        BatchAnswer, scope="intake", errors=_WRITE_ERRORS, body=lines(fields), parameters=(_SOURCE, *_IDEMPOTENCY)
    )
    for fields in (MessageFields, OrderFields, LinkFields)
)
INTENT = described(IntentAnswer, scope="context", errors=(404, 422))
CONTEXT = described(
    ContextAnswer,
    scope="context",
    errors=(404, 422),
    parameters=(
        parameter("limit", "query", "Conversations a page.", type="integer", minimum=1, maximum=MAX_PAGE, default=20),
        parameter("cursor", "query", "The `next` of the page before."),
    ),
)
COZE_CONTEXT = described(
    ContextAnswer,
    scope="context",
    errors=(422,),
    parameters=(
        parameter("user_id", "query", "The customer's id; required unless the headers of a bot name it."),
        parameter("limit", "query", "Conversations.", type="integer", minimum=1, maximum=MAX_PAGE, default=COZE_PAGE),
        _BOT_ID,
        parameter(USER, "header", "Set by Coze: the customer, where the query has no user_id."),
    ),
)
REPORT = described(
    None,
    scope="report",
    errors=(422,),
    parameters=(
        parameter("from", "query", "First day; by default the fortnight up to `to`.", **_DAY),
        parameter("to", "query", "Last day, included; by default the day of `as_of`.", **_DAY),
        parameter("rule", "query", "Attribution rule; the shop's own by default.", enum=list(SALE_RULES)),
        parameter("window", "query", "Days; the shop's own by default.", type="integer", minimum=1, maximum=WINDOWS),
        parameter("as_of", "query", "When maturity is judged: UTC ms, ISO 8601 or a day; by default now."),
        parameter("unit", "query", "What is counted.", enum=list(UNITS), default="inquiry"),
        parameter("by", "query", "Rows of the report.", enum=list(BY), default="day"),
        parameter("format", "query", "Form of the answer.", enum=list(FORMATS), default="json"),
        parameter("lang", "query", "Language of the text form.", enum=["zh", "en"]),
        parameter("width", "query", "Cells a line of the text form.", type="integer", minimum=1, maximum=400),
    ),
    content={
        "application/json": {"schema": ref("Report")},
        "text/csv": {"schema": {"type": "string"}},
        "text/plain": {"schema": {"type": "string"}},
    },
)
HEALTH = described(Alive)
READY = described(Ready)
READY["responses"][503] = {
    "description": "Not ready",
    "content": {"application/json": {"schema": ref(Ready.__name__)}},
}
METRICS = described(
    None,
    scope="metrics",
    content={"text/plain": {"schema": {"type": "string"}}},
)


def install(app: FastAPI) -> None:
    """Make the app's `/openapi.json` from its routes and the schemas of `TYPES`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending it


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, schemas = msgspec.json.schema_components(TYPES, ref_template=PREFIX + "{name}")
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **schemas, **_report_schemas()}
    scopes = "; ".join(f"`{name}`: {meaning}" for name, meaning in SCOPES.items())
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"HS256, with `exp`, `shop_id` and `scope`. Scopes: {scopes}. Made by `xundan token`.",
        }
    }
    return document


def _report_schemas() -> dict[str, Any]:
    """The report's own schema, its definitions made schemas of this document."""
    schema = json_schema()
    definitions = {f"Report.{name}": definition for name, definition in schema.pop("$defs", {}).items()}
    for name in ("$schema", "$id"):
        schema.pop(name, None)
    renamed: dict[str, Any] = _renamed({"Report": schema, **definitions})
    return renamed


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: PREFIX + "Report." + part.removeprefix("#/$defs/")
            if key == "$ref" and isinstance(part, str)
            else _renamed(part)
            for key, part in value.items()
        }
    return [_renamed(part) for part in value] if isinstance(value, list) else value
