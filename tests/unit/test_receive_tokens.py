from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from receive_fakes import SECRET, SHOP, settings

from xundan.errors import ConfigError
from xundan.receive.ratelimit import RateLimiter
from xundan.receive.tokens import MAX_CACHED, TokenVerifier, Unauthorized, mint

OTHER = "another secret of thirty-two bytes or more"
NOW = int(time.time())


def signed(secret: str = SECRET, *, alg: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
    everything = {"shop_id": SHOP, "scope": "intake", "exp": NOW + 3600, **claims}
    kept = {name: value for name, value in everything.items() if value is not None}
    return jwt.encode(header, kept, OctKey.import_key(secret), algorithms=[alg])


def refused(token: str, verifier: TokenVerifier | None = None) -> str:
    with pytest.raises(Unauthorized) as caught:
        (verifier or TokenVerifier({"default": SECRET})).verify(f"Bearer {token}")
    return str(caught.value)


def test_a_minted_token_counts() -> None:
    given = settings()
    claims = TokenVerifier(given.coze_secret).verify("bearer  " + mint(given, SHOP, 1, ["intake", "report"]))
    assert claims.shop == SHOP
    assert claims.scopes == {"intake", "report"}
    assert abs(claims.expires - time.time() - 86_400) < 5


def test_claims_may_be_written_in_other_ways() -> None:
    verifier = TokenVerifier({"default": SECRET})
    claims = verifier.verify("Bearer " + signed(shop_id=1024, scope=["intake", 7, "context"]))
    assert (claims.shop, set(claims.scopes)) == ("1024", {"intake", "context"})
    assert verifier.verify("Bearer " + signed(scope=None)).scopes == frozenset()


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c", "Bearer é.é.é"]
)
def test_no_token_at_all(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        TokenVerifier({"default": SECRET}).verify(header)


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER),
        signed(alg="HS512"),
        signed(exp=None),
        signed(exp=NOW - 40),
        signed(exp="tomorrow"),
        signed(exp=float("nan")),
        signed(exp=float("inf")),
        signed(shop_id=None),
        signed(shop_id=True),
        signed(shop_id=["1024"]),
        signed(nbf=NOW + 3600),
        signed(kid="unknown"),
        signed() + "x",
        signed(name="x" * 5000),
    ],
)
def test_what_does_not_count(token: str) -> None:
    reason = refused(token)
    assert reason
    assert token not in reason


def test_no_signature_is_no_token() -> None:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = part({"shop_id": SHOP, "scope": "intake", "exp": NOW + 3600})
    for header in ({"alg": "none"}, {"alg": "None"}, {}, {"alg": "HS256"}):
        refused(f"{part(header)}.{claims}.")


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode() + ".e30.e30"))
def test_rubbish_is_refused_and_nothing_worse(token: str) -> None:
    refused(token or "x")


def test_thirty_seconds_of_leeway() -> None:
    clock = [float(NOW)]
    verifier = TokenVerifier({"default": SECRET}, clock=lambda: clock[0])
    token = signed(exp=NOW + 10, nbf=NOW + 20, iat=NOW + 20)
    verifier.verify(f"Bearer {token}")
    clock[0] = NOW + 39
    verifier.verify(f"Bearer {token}")
    clock[0] = NOW + 40
    assert "expired" in refused(token, verifier)
    assert "expired" in refused(token, verifier)


def test_two_secrets_live_at_once_and_kid_picks() -> None:
    given = settings(coze_secret={"old": OTHER, "new": SECRET})
    verifier = TokenVerifier(given.coze_secret)
    for kid in ("old", "new", None):
        verifier.verify("Bearer " + mint(given, SHOP, 1, ["intake"], kid))
    assert jwt.decode(mint(given, SHOP, 1, ["intake"]), OctKey.import_key(SECRET)).header["kid"] == "new"
    verifier.verify("Bearer " + signed(OTHER))
    refused(signed(OTHER, kid="new"), verifier)
    refused(mint(given, SHOP, 1, ["intake"], "old"), TokenVerifier({"new": SECRET}))


def test_what_is_remembered_is_bounded() -> None:
    verifier = TokenVerifier({"default": SECRET})
    for n in range(MAX_CACHED + 5):
        verifier.verify("Bearer " + signed(jti=str(n)))
    assert len(verifier._known) == MAX_CACHED


@pytest.mark.parametrize(
    ("days", "scopes", "kid"), [(1, [], None), (1, ["root"], None), (0, ["intake"], None), (1, ["intake"], "gone")]
)
def test_minting_nonsense_is_refused(days: float, scopes: list[str], kid: str | None) -> None:
    with pytest.raises(ConfigError):
        mint(settings(), SHOP, days, scopes, kid)


def test_a_minute_s_allowance_flows_back() -> None:
    now = [0.0]
    limiter = RateLimiter(2, clock=lambda: now[0])
    assert [limiter.wait("a"), limiter.wait("a"), limiter.wait("a")] == [0, 0, 30]
    assert limiter.wait("b") == 0
    now[0] = 15
    assert limiter.wait("a") == 15
    now[0] = 30
    assert limiter.wait("a") == 0
    now[0] = 10_000
    assert [limiter.wait("a"), limiter.wait("a"), limiter.wait("a")] == [0, 0, 30]
