"""Errors as `application/problem+json` (RFC 9457). None of them repeats what was sent or shows a trace."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from xundan.errors import Overloaded, Rejected, Retryable
from xundan.receive.tokens import Unauthorized

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


class Sparing(logging.Filter):
    """One record a second: a full disk must not drown in sentences about itself."""

    last = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        due = record.created >= self.last + 1
        self.last = record.created if due else self.last
        return due


logger.addFilter(Sparing())


class ProblemBody(msgspec.Struct, omit_defaults=True, rename={"kind": "type"}):
    """What went wrong (RFC 9457). `code` is a stable word, `field` the name of the field to blame, if one is."""

    kind: str
    title: str
    status: int
    detail: str
    code: str = ""
    field: str = ""


class Problem(Exception):
    """An answer of status 4xx or 5xx; `detail` is one sentence fit for the caller."""

    def __init__(
        self, status: int, detail: str, *, field: str = "", code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        title = HTTPStatus(self.status).phrase
        body = ProblemBody("about:blank", title, self.status, self.detail, self.code, self.field)
        return Response(msgspec.json.encode(body), self.status, self.headers, MEDIA_TYPE)


def later(status: int, detail: str, seconds: float, code: str) -> Problem:
    """A 429 or 503 that says when to come again."""
    return Problem(status, detail, code=code, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def problem_of(error: Exception) -> Problem:
    """The answer to an error of ours; 500 for whatever we did not expect."""
    match error:
        case Problem():
            return error
        case Rejected():
            return Problem(422, error.reason, field=error.field, code=error.code)
        case Unauthorized():
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return Problem(401, str(error), code="unauthorized", headers=headers)
        case Overloaded():
            return later(503, str(error), error.retry_after, "overloaded")
        case Retryable():
            logger.warning("nothing can be taken: %s", error, extra={"action": "unavailable"})
            return later(503, str(error), error.retry_after, "unavailable")
        case ClientDisconnect():
            return Problem(400, "the body broke off", code="incomplete")
        case HTTPException():
            return Problem(error.status_code, _detail(error), code=_code(error.status_code), headers=error.headers)
        case _:
            return Problem(500, "something went wrong here; it has been logged", code="internal")


def broken_off() -> Response:
    """The answer to a request that is still under way when the server ends: what it brought may be kept or not."""
    return later(503, "the server is ending; send this again", 1, "unavailable").response()


def install(app: FastAPI) -> None:
    """Answer every error of an app as a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_of(error).response()

    for kind in (Problem, Rejected, Unauthorized, Overloaded, Retryable, ClientDisconnect, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def _detail(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "there is nothing at this address"
        case 405:
            return "this address does not know this method"
        case _:
            return str(error.detail)


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")
