"""What `coze check` and `coze plugin` are given: addresses and tokens, as people paste them."""

from __future__ import annotations

import time

import pytest
from receive_fakes import SHOP, settings

from xundan.coze_check import AS_SENT
from xundan.coze_door import Reply, address, bare, days_left, is_ip, is_loopback
from xundan.errors import ConfigError
from xundan.receive.tokens import mint


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://chat.shop.com", "https://chat.shop.com"),
        (" https://chat.shop.com/ ", "https://chat.shop.com"),
        ("https://chat.shop.com:8443/xundan/", "https://chat.shop.com:8443/xundan"),
        ("http://[::1]:8720", "http://[::1]:8720"),
    ],
)
def test_an_address_is_taken_as_meant(given: str, meant: str) -> None:
    assert address(given).geturl() == meant


@pytest.mark.parametrize(
    "given", ["", "chat.shop.com", "https:///x", "https://h/?a=1", "https://h/#x", "https://h:port", "https://me@h"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigError):
        address(given)


@pytest.mark.parametrize(
    ("url", "loopback", "ip"),
    [
        ("http://localhost:1", True, False),
        ("http://127.0.0.1", True, True),
        ("http://[::1]", True, True),
        ("https://203.0.113.9", False, True),
        ("https://chat.shop.com", False, False),
    ],
)
def test_from_where_an_address_is_reached(url: str, loopback: bool, ip: bool) -> None:
    assert (is_loopback(address(url)), is_ip(address(url))) == (loopback, ip)


@pytest.mark.parametrize("given", ["abc.def", "Bearer abc.def", "bearer   abc.def\n", " abc.def "])
def test_a_token_may_be_pasted_with_its_scheme(given: str) -> None:
    assert bare(given) == "abc.def"


@pytest.mark.parametrize("given", ["", "Bearer ", "abc def", "令牌", "a\nb"])
def test_what_is_no_token_is_refused(given: str) -> None:
    with pytest.raises(ConfigError):
        bare(given)


def test_how_long_a_token_holds() -> None:
    left = days_left(mint(settings(), SHOP, 9, ["intake"]), time.time())
    assert left is not None
    assert 8.9 < left < 9.1
    for strange in ("x", "a.b.c", "a.e30.c", "a.bnVsbA.c", ""):
        assert days_left(strange, 0) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b"\xff"])
def test_a_foreign_answer_says_nothing(body: bytes) -> None:
    assert Reply(200, body, "", 0.1).says("status") is None


def test_header_names_are_in_the_case_of_gos_http() -> None:
    assert AS_SENT.keys() == {
        "X-Aiplugin-Connector-Identifier",
        "X-Aiplugin-Bot-Id",
        "X-Aiplugin-Conversation-Id",
    }
