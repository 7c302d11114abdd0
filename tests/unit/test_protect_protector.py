"""Hiding and restoring: exact round trips, nothing left behind."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.errors import Rejected
from xundan.protect.protector import Protector


class Base64Keys:
    """A key service without secrets, to look at texts alone."""

    def encrypt(self, shop: str, plain: str) -> str:
        return shop + ":" + base64.b64encode(plain.encode()).decode()

    def decrypt(self, shop: str, token: str) -> str:
        owner, _, data = token.partition(":")
        if owner != shop:
            raise Rejected("another shop")
        return base64.b64decode(data).decode()


protector = Protector(Base64Keys())
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
pieces = st.one_of(
    st.text(max_size=8),
    mobiles,
    st.sampled_from(
        [
            "[手机号1]",
            "[手机号2]",
            "[邮箱1]",
            "[手机号",
            "1]",
            "+",
            "86",
            "-",
            "[",
            "]",
            "11010519491231002X",
            "6222021234567890128",
            "a@b.cn",
            "一",
            "2",
            "１",
        ]
    ),
    st.sampled_from([" ", "[手机号1", "138 0013 8000", "幺三八零零一三八零零零"]),
)
texts = st.lists(pieces, max_size=10).map("".join)


def test_placeholders_are_typed_and_numbered() -> None:
    hidden = protector.protect("s", "13800138000或13900139000，还是13800138000，邮箱 a@b.cn")
    assert hidden.text == "[手机号1]或[手机号2]，还是[手机号1]，邮箱 [邮箱1]"
    assert sorted(hidden.pii) == ["[手机号1]", "[手机号2]", "[邮箱1]"]


def test_a_placeholder_typed_by_hand_is_no_placeholder_of_ours() -> None:
    text = "[手机号1]是谁的？我的是13800138000"
    hidden = protector.protect("s", text)
    assert hidden.text == "[手机号1]是谁的？我的是[手机号2]"
    assert protector.reveal("s", hidden.text, hidden.pii) == text


def test_text_without_personal_data_is_the_same_object() -> None:
    text = "便宜点包邮吧"
    assert protector.protect("s", text) == (text, {})
    assert protector.protect("s", text).text is text


def test_reveal_for_another_shop_is_refused() -> None:
    hidden = protector.protect("s", "13800138000")
    with pytest.raises(Rejected):
        protector.reveal("t", hidden.text, hidden.pii)


@given(texts)
def test_round_trip(text: str) -> None:
    hidden = protector.protect("s", text)
    assert protector.reveal("s", hidden.text, hidden.pii) == text


@given(texts)
def test_protecting_twice_changes_nothing(text: str) -> None:
    once = protector.protect("s", text).text
    assert protector.protect("s", once) == (once, {})


@given(st.text(alphabet="好的电话 ：,。ab"), mobiles, st.sampled_from(["", " ", "-"]), st.text(alphabet="谢谢 。cd"))
def test_no_digit_of_a_phone_remains(before: str, phone: str, gap: str, after: str) -> None:
    written = gap.join((phone[:3], phone[3:7], phone[7:]))
    hidden = protector.protect("s", before + written + after)
    assert hidden.text == before + "[手机号1]" + after
