"""Bearer tokens: JWT (RFC 7519), HS256 and nothing else, always with an end."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from xundan.errors import ConfigError, XundanError
from xundan.settings import Settings

SCOPES: dict[str, str] = {
    "intake": "send messages, orders and links as they happen",
    "import": "send history (source=import)",
    "context": "read a customer's intent and conversations",
    "report": "read the shop's reports",
    "metrics": "read /metrics from another machine",
}
LEEWAY_S = 30
ALGORITHM = "HS256"
MAX_TOKEN_CHARS = 4096
MAX_CACHED = 1024


class Unauthorized(XundanError):
    """No token, or none that counts. The text says what is wrong without repeating any of it."""


class Claims(NamedTuple):
    """What a valid token says. `expires` is in UTC seconds."""

    shop: str
    scopes: frozenset[str]
    expires: float


def mint(settings: Settings, shop: str, days: float, scopes: Iterable[str], kid: str | None = None) -> str:
    """A token for a shop that is valid for `days`, counted from now.

    Args:
        scopes: names out of `SCOPES`.
        kid: which of the secrets signs; by default the one listed last, the newest of a rotation.

    Raises:
        ConfigError: there is no such scope or secret, or no time in which the token would be valid.
    """
    chosen = list(dict.fromkeys(scopes))
    if not chosen or not SCOPES.keys() >= set(chosen):
        raise ConfigError(f"scopes must be some of {', '.join(SCOPES)}")
    kid = list(settings.coze_secret)[-1] if kid is None else kid
    if kid not in settings.coze_secret:
        raise ConfigError(f"coze_secret has no key id {kid!r}; it has {', '.join(settings.coze_secret)}")
    if not 0 < days <= 36_500:
        raise ConfigError("days must be more than 0 and at most 36500")
    now = int(time.time())
    claims = {"shop_id": shop, "scope": " ".join(chosen), "iat": now, "exp": now + math.ceil(days * 86_400)}
    return jwt.encode({"alg": ALGORITHM, "kid": kid}, claims, OctKey.import_key(settings.coze_secret[kid]))


class TokenVerifier:
    """Tells which tokens count. Remembers those that did, by their hash, until they end.

    Args:
        secrets: by key id. A token without `kid` may be signed by any of them.
        clock: answers the time in UTC seconds.
    """

    def __init__(self, secrets: dict[str, str], clock: Callable[[], float] = time.time) -> None:
        self._keys = {kid: OctKey.import_key(secret) for kid, secret in secrets.items()}
        self._clock = clock
        self._known: dict[bytes, Claims] = {}

    def verify(self, authorization: str | None) -> Claims:
        """The claims of a header `Authorization: Bearer <token>`. Raises `Unauthorized`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("a token is missing: send the header Authorization: Bearer <token>")
        token = token.strip()
        # The look-up is by hash, so that its timing tells nothing about tokens that are known.
        name = hashlib.blake2b(token.encode("utf-8", "replace")).digest()
        claims = self._known.get(name)
        if claims is None:
            claims = self._claims(token)
            if len(self._known) >= MAX_CACHED:
                del self._known[next(iter(self._known))]
            self._known[name] = claims
        if self._clock() >= claims.expires + LEEWAY_S:
            self._known.pop(name, None)
            raise Unauthorized("the token has expired")
        return claims

    def _claims(self, token: str) -> Claims:
        if len(token) > MAX_TOKEN_CHARS:
            raise Unauthorized("the token is too long")
        try:
            claims = self._signed(token)
            rules = jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock()), leeway=LEEWAY_S, exp={"essential": True}, shop_id={"essential": True}
            )
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise Unauthorized(_reason(error)) from None
        shop, expires = claims["shop_id"], claims["exp"]
        if not isinstance(shop, str | int) or isinstance(shop, bool) or not math.isfinite(expires):
            raise Unauthorized("the token's shop_id or exp is not valid")
        return Claims(str(shop), frozenset(_scopes(claims.get("scope"))), float(expires))

    def _signed(self, token: str) -> dict[str, Any]:
        """The claims under a good signature; raises what joserfc raises."""
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        candidates: Collection[OctKey] = self._keys.values()
        if kid is not None:
            candidates = [self._keys[kid]] if isinstance(kid, str) and kid in self._keys else []
        failure: Exception = ValueError("no such key")
        for key in candidates:
            try:
                return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            except JoseError as error:
                failure = error
        raise failure


def _scopes(claim: object) -> list[str]:
    """`"intake context"` (RFC 8693) or a list."""
    if isinstance(claim, str):
        return claim.split()
    return [scope for scope in claim if isinstance(scope, str)] if isinstance(claim, list) else []


def _reason(error: Exception) -> str:
    name = getattr(error, "error", "")
    if name == "expired_token":
        return "the token has expired"
    if name in ("missing_claim", "invalid_claim"):
        return f"the token's claim {getattr(error, 'claim', '')} is missing or not valid"
    return "the token is not valid"
