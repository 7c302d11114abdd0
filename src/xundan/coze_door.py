"""A server seen from Coze: its address, requests as Coze sends them, and what stands in their way."""

from __future__ import annotations

import base64
import binascii
import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from xundan.errors import ConfigError, XundanError
from xundan.words import say

PATIENCE_S = 15.0
"""How long to wait for an answer: longer than Coze does, to tell slow from dead."""


class Trouble(XundanError):
    """No answer. `key` names the words for it in the catalogue, `why` is what the machine says."""

    def __init__(self, key: str, why: str = "") -> None:
        super().__init__(why or key)
        self.key, self.why = key, why


@dataclass(frozen=True)
class Reply:
    """What came back. `location` is where a redirect points, `seconds` from the first packet to the last."""

    status: int
    body: bytes
    location: str
    seconds: float

    def says(self, name: str) -> object:
        """A field of the JSON object in the body; None where there is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value.get(name) if isinstance(value, dict) else None


def address(url: str) -> SplitResult:
    """The parts of a server's address, without a slash at the end. Raises `ConfigError`."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or parts.username is not None:
        raise ConfigError(say("coze.bad_url", url=url))
    return parts._replace(path=parts.path.rstrip("/"))


def is_loopback(place: SplitResult) -> bool:
    """Whether only this machine reaches the address."""
    host = place.hostname or ""
    return host == "localhost" or (is_ip(place) and ipaddress.ip_address(host).is_loopback)


def is_ip(place: SplitResult) -> bool:
    """Whether the address is a number and not a name."""
    try:
        ipaddress.ip_address(place.hostname or "")
    except ValueError:
        return False
    return True


def bare(token: str) -> str:
    """A token as it was minted, also when it was pasted with `Bearer` before it. Raises `ConfigError`."""
    token = token.strip()
    scheme, _, rest = token.partition(" ")
    if scheme.lower() == "bearer":
        token = rest.strip()
    if not token or not token.isascii() or any(mark.isspace() for mark in token):
        raise ConfigError(say("coze.bad_token"))
    return token


def days_left(token: str, now: float) -> float | None:
    """Until a JWT says it ends; None where it does not say. The signature is not looked at."""
    payload = token.split(".")[1:2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
        return (float(claims["exp"]) - now) / 86_400
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None


class Door:
    """Sends requests to one server, each over a connection of its own, with a token."""

    def __init__(self, place: SplitResult, token: str) -> None:
        self._place = place
        self._authorization = {"Authorization": f"Bearer {token}"}

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """One request. Header names go out in the case given. Raises `Trouble`."""
        target = self._place.path + path + (f"?{urlencode(query)}" if query else "")
        connection = self._connection()
        started = time.perf_counter()
        try:
            connection.request(method, target, body, self._authorization | dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise _trouble(error) from None
        finally:
            connection.close()
        return Reply(answer.status, content, answer.getheader("Location") or "", time.perf_counter() - started)

    def _connection(self) -> http.client.HTTPConnection:
        host = self._place.hostname or ""
        if self._place.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, self._place.port or 443, timeout=PATIENCE_S, context=context)
        return http.client.HTTPConnection(host, self._place.port or 80, timeout=PATIENCE_S)


def _trouble(error: Exception) -> Trouble:
    match error:
        case socket.gaierror() | UnicodeError():
            return Trouble("dns")
        case ssl.SSLCertVerificationError():
            return Trouble("certificate", error.verify_message)
        case ssl.SSLError():
            return Trouble("tls", error.reason or "")
        case TimeoutError():
            return Trouble("silent")
        case ConnectionRefusedError():
            return Trouble("closed")
        case OSError():
            return Trouble("unreachable", error.strerror or type(error).__name__)
        case _:
            return Trouble("garbled", type(error).__name__)
