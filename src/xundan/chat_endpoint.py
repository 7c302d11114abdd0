"""An OpenAI-compatible endpoint for chat completions: one request, tried again while it may still succeed."""

from __future__ import annotations

import http.client
import json
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import IO, Any

from xundan.coze_door import address
from xundan.errors import ConfigError, Retryable, XundanError

KEY = "XUNDAN_LLM_KEY"
"""The environment variable that holds the endpoint's key, where it wants one."""

TRIES = 6
TIMEOUT_S = 300.0
"""How long an endpoint may be silent: a large model on a small machine takes its time for twenty messages."""

LONGEST_S = 60.0
"""The longest pause before another try."""

MAX_BYTES = 8 * 1024 * 1024
"""Of an answer."""


class Endpoint:
    """Chat completions of `url`, with `key` as its bearer token. Thread-safe.

    The key goes to this address alone (no redirect is followed) and into no text or log.
    """

    def __init__(self, url: str, key: str, *, sleep: Callable[[float], object] = time.sleep) -> None:
        """Raises `ConfigError` where the address or the key cannot be one."""
        self.place = address(url)
        if any(mark.isspace() or not mark.isascii() for mark in key):
            raise ConfigError(
                f"environment variable {KEY}: the key must not hold blanks or other than ASCII characters"
            )
        self._url = self.place.geturl() + "/chat/completions"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._plain = False  # whether the endpoint does not know `response_format`

    def complete(self, body: Mapping[str, Any]) -> object:
        """The JSON of one completion; None where the answer is none.

        Raises:
            XundanError: it refuses, and would again.
            Retryable: it was busy or out of reach every time.
        """
        for attempt in range(TRIES):
            try:
                return self._once(body)
            except _Again as busy:
                why, pause = busy.why, busy.pause
            if attempt < TRIES - 1:
                wait = pause if pause is not None else 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
                self._sleep(min(wait, LONGEST_S))
        raise Retryable(f"{self.place.netloc} gave no answer in {TRIES} tries: {why}")

    def _once(self, body: Mapping[str, Any]) -> object:
        sent = {name: value for name, value in body.items() if name != "response_format" or not self._plain}
        data = json.dumps(sent, ensure_ascii=False).encode()
        request = urllib.request.Request(self._url, data, self._headers)  # noqa: S310  # `address` lets http(s) alone
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                data = answer.read(MAX_BYTES + 1)
                if answer.length and len(data) <= MAX_BYTES:
                    raise http.client.IncompleteRead(b"", answer.length)
                return _json(data)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error, "response_format" in sent)
        except (OSError, http.client.HTTPException) as error:  # URLError, time-outs, a connection cut off
            reason = getattr(error, "reason", error)
            raise _Again(str(getattr(reason, "strerror", "") or type(reason).__name__)) from None
        raise AssertionError("unreachable")

    def _refused(self, error: urllib.error.HTTPError, formatted: bool) -> None:
        if error.code in (408, 409, 425, 429) or error.code >= 500:
            raise _Again(f"HTTP {error.code}", _seconds(error.headers.get("Retry-After")))
        if error.code in (400, 422) and formatted:
            self._plain = True
            raise _Again(f"HTTP {error.code}", 0.0)
        if error.code in (401, 403):
            raise XundanError(f"{self.place.netloc} does not accept the key in {KEY} (HTTP {error.code})")
        raise XundanError(f"{self.place.netloc} refused the request: HTTP {error.code}{_code(error)}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address would get the key and the texts."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class _Again(Exception):
    """Try again, after `pause` seconds where the endpoint said so."""

    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.why, self.pause = why, pause


def _json(data: bytes) -> object:
    try:
        return json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return None


def _seconds(said: str | None) -> float | None:
    return float(said) if said and said.isdigit() else None


def _code(error: urllib.error.HTTPError) -> str:
    """The error's short code; its sentence is not repeated, for some endpoints quote the key there."""
    try:
        said = json.loads(error.read(65_536))["error"]
        code = said.get("code") or said.get("type")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f" {code}" if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,64}", code) else ""
