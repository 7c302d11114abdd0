"""What counts as personal data in a text, and what does not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.protect.find import find, is_id_card, luhn

PHONES = [
    "13800138000",
    "19912345678",
    "138 0013 8000",
    "138-0013-8000",
    "1380013 8000",
    "+8613800138000",
    "+86 138 0013 8000",
    "86-13800138000",
    "008613800138000",
    "１３８００１３８０００",
    "＋８６－１３８００１３８０００",
    "1 3 8 0 0 1 3 8 0 0 0",
    "138\u200b0013\u200b8000",
    "幺三八零零一三八零零零",
    "138零零138零零零",
]
NOT_PERSONAL = [
    "",
    "12800138000",  # no mobile range
    "1380013800",  # ten digits
    "138001380001",  # twelve: an order number
    "订单 20261124138001380009",
    "身高165-170 体重60-65 8折",
    "160 165 170 175 的都有吗",
    "价格199.00 299.00 1999.00",
    "110105194912310021",  # an ID with a wrong check digit
    "110105194913310022",  # month 13
    "4111 1111 1111 1112",  # fails Luhn
    "3421598765432109872",  # nineteen digits like a marketplace's order number
    "[手机号1][数字x]@客服",
    "一二三四五六七",
]


@pytest.mark.parametrize("phone", PHONES)
def test_phone_is_found_whole(phone: str) -> None:
    text = f"打我电话{phone}，谢谢"
    assert [(text[f.start : f.end], f.kind) for f in find(text)] == [(phone, "手机号")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11010519491231002X", "身份证"),
        ("110105 19491231 002x", "身份证"),
        ("６２２２０２１２３４５６７８９０１２８", "银行卡"),
        ("6222 0212 3456 7890 128", "银行卡"),
        ("4111-1111-1111-1111", "银行卡"),
        ("li.lei+shop@mail.qq.com", "邮箱"),
        ("lilei＠１６３．ｃｏｍ", "邮箱"),
        ("13800138000@163.com", "邮箱"),
    ],
)
def test_other_kinds_are_found_whole(text: str, kind: str) -> None:
    assert find(f"号{text}。") == [(1, 1 + len(text), kind)]


@pytest.mark.parametrize("text", NOT_PERSONAL)
def test_left_alone(text: str) -> None:
    assert find(text) == []


def test_several_in_one_run_of_digits() -> None:
    text = "13800138000 13900139000-6222 0212 3456 7890 128"
    assert [f.kind for f in find(text)] == ["手机号", "手机号", "银行卡"]


@given(st.integers(0, 10**15))
def test_luhn_accepts_one_check_digit(number: int) -> None:
    assert sum(luhn(f"{number}{check}") for check in range(10)) == 1


@given(st.dates(), st.integers(0, 999))
def test_id_card_accepts_one_check_character(born: object, serial: int) -> None:
    body = f"110105{str(born).replace('-', '')}{serial:03}"
    plausible = 1900 <= int(body[6:10]) <= 2100
    assert sum(is_id_card(body + check) for check in "0123456789X") == plausible


@given(st.text(alphabet="13 80-@.a一三[]手机号X６", max_size=60))
def test_findings_never_overlap_and_never_cut_a_number(text: str) -> None:
    end = 0
    for found in find(text):
        assert end <= found.start < found.end <= len(text)
        assert not (found.start and text[found.start - 1].isdigit() and text[found.start].isdigit())
        assert not (text[found.end - 1].isdigit() and text[found.end : found.end + 1].isdigit())
        end = found.end


@pytest.mark.parametrize("piece", ["1", "1 ", "a@", "1.3.", "一", "13800138000 ", "138-0013-", "6222 "])
def test_long_hostile_text_is_quick(piece: str) -> None:
    text = piece * (16_000 // len(piece))
    begin = time.perf_counter()
    find(text)
    assert time.perf_counter() - begin < 0.5


def test_texts_without_findings_are_quick() -> None:
    texts = ["你好，这个电饭煲是 3 升还是 4 升的，多少钱？", "订单 20261124001 什么时候发货", "好的"] * 2_000
    begin = time.perf_counter()
    for text in texts:
        find(text)
    assert len(texts) / (time.perf_counter() - begin) > 30_000
