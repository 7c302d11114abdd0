"""Bodies of requests: their size, their media type, and what they say before any field of it is looked at."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request

from xundan.errors import Rejected
from xundan.receive.problems import Problem

JSON = frozenset({"application/json"})
FORM = frozenset({"application/x-www-form-urlencoded"})
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}) | JSON
MAX_FORM_FIELDS = 100
KEY = "Idempotency-Key"
_BOM = b"\xef\xbb\xbf"


async def read_body(request: Request, limit: int) -> bytes:
    """The body, as far as it is not longer than `limit` bytes. Raises `Problem` 413."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def media_type(request: Request, allowed: frozenset[str]) -> str:
    """The body's media type, one of `allowed`. Raises `Problem` 415."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise Problem(415, f"Content-Type must be one of {', '.join(sorted(allowed))}", code="unsupported_media_type")
    return given


def idempotency_key(request: Request) -> str:
    """The idempotency key of the header or, for callers that cannot set one, of the query; "" without any."""
    key = request.headers.get(KEY) or ""
    if not key and request.scope["query_string"]:
        query = request.query_params
        key = query.get(KEY) or query.get("idempotency_key") or ""
    key = key.strip()
    if len(key) > 256 or not key.isprintable():
        raise Rejected(f"{KEY} must be at most 256 printable characters", field=KEY)
    return key


def decode_json(body: bytes) -> object:
    """What a JSON text says. Raises `Rejected` with code `not_json`."""
    try:
        return msgspec.json.decode(body.removeprefix(_BOM))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Rejected("this is not valid JSON in UTF-8", code="not_json") from None


def decode_object(body: bytes) -> dict[str, object]:
    """The fields of a JSON object. Raises `Rejected` with code `not_json`."""
    value = decode_json(body)
    if not isinstance(value, dict):
        raise Rejected("expected a JSON object with named fields", code="not_json")
    return value


def decode_form(body: bytes) -> dict[str, object]:
    """The fields of an urlencoded form, all of them texts. Raises `Rejected` with code `not_a_form`."""
    try:
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise Rejected("this is not an urlencoded form in UTF-8", code="not_a_form") from None
    if text.lstrip().startswith("{") and not pairs[0][0].isidentifier():
        raise Rejected("this looks like JSON: send it with Content-Type: application/json", code="not_a_form")
    return dict(pairs)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"the body is longer than {limit} bytes", code="too_large", headers={"Connection": "close"})
