"""Who may do what: every request but the health checks passes here first. What is not allowed is refused."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from xundan.receive.problems import Problem, later
from xundan.receive.ratelimit import RateLimiter
from xundan.receive.tokens import TokenVerifier
from xundan.settings import Settings


class Gate:
    """Checks the token, its shop, its scope and the shop's rate, in this order."""

    def __init__(self, settings: Settings) -> None:
        self._shop = settings.shop_id
        self._verifier = TokenVerifier(settings.coze_secret)
        self._limiter = RateLimiter(settings.rate_per_minute)

    def admit(self, request: Request, scope: str, shop: str | None = None) -> str:
        """The shop that the caller acts for.

        Args:
            scope: what the token must allow.
            shop: the shop that the address names, if it does.

        Raises:
            Unauthorized: no valid token.
            Problem: 403 for another shop's data or a scope that the token lacks, 429 beyond the shop's rate.
        """
        claims = self._verifier.verify(request.headers.get("authorization"))
        if claims.shop != self._shop or shop not in (None, self._shop):
            raise Problem(403, "the token is not for this shop", code="other_shop")
        if scope not in claims.scopes:
            raise Problem(403, f"the token lacks the scope {scope}", code="missing_scope")
        seconds = self._limiter.wait(claims.shop)
        if seconds:
            raise later(429, "the shop sends more than its rate allows", seconds, "rate_limited")
        return claims.shop

    def same_shop(self, fields: Mapping[str, object]) -> None:
        """Raises `Problem` 403 when a body names another shop."""
        if str(fields.get("shop_id") or self._shop) != self._shop:
            raise Problem(403, "the body names another shop than the token", field="shop_id", code="other_shop")
