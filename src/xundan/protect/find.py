"""Where personal data is in a text: mobile numbers, ID cards, bank cards, e-mail addresses.

A miss cannot be taken back once it is logged, a number hidden without need costs one click, so close calls are hidden.
What is looked for, and what on purpose is not, is in docs/privacy.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from unicodedata import decimal

PHONE, ID_CARD, BANK_CARD, EMAIL = "手机号", "身份证", "银行卡", "邮箱"


class Found(NamedTuple):
    """Characters `start` (included) to `end` (excluded) are personal data of this `kind`."""

    start: int
    end: int
    kind: str


# What people put between the digits of one number: blanks, hyphens, dots, zero-width characters, keycap emoji parts.
_GAP = r"[ \t\u00a0\u2000-\u200d\u202f\u2060\u3000\ufeff\-\u2010-\u2015\u2212－_.．·・•\ufe0f\u20e3]"
_HAN = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_HAN_DIGITS = dict(zip(_HAN, "001234567891123456789", strict=True))

_MAYBE = re.compile(rf"[@＠\d一幺壹](?:(?<=[@＠])|(?<=\d)(?:{_GAP}{{0,3}}\d){{10}}|[\d{_HAN}]{{10}})")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}")
_RUN = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{10,}}(?:{_GAP}?[XxＸｘ](?![A-Za-z]))?")
_GROUP = re.compile(r"\d+[XxＸｘ]?|[XxＸｘ]")
_HAN_PHONE = re.compile(rf"(?<![\d{_HAN}])[1一幺壹][3-9三四五六七八九叁肆伍陆柒捌玖][\d{_HAN}]{{9}}(?![\d{_HAN}])")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width forms to ASCII, one for one

_PHONE = re.compile(r"(?:(?:00)?86)?1[3-9]\d{9}")
_PHONE_SHAPES = {(11,), (3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (4, 3, 4), (3, 3, 5), (5, 6), (6, 5)}
_CARD = re.compile(r"(?:3[05689]|[45]\d|6\d)\d{14}|(?:6\d|95)\d{15,17}")
_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def find(text: str) -> list[Found]:
    """Personal data in a text, in order of place, never overlapping."""
    if not _MAYBE.search(text):
        return []
    found = [Found(m.start(), m.end(), EMAIL) for m in _EMAIL.finditer(text.translate(_NARROW))]
    for run in _RUN.finditer(text):
        found += _in_run(run)
    found += [Found(m.start(), m.end(), PHONE) for m in _HAN_PHONE.finditer(text)]
    return _without_overlaps(found)


def _without_overlaps(found: list[Found]) -> list[Found]:
    """Of two that overlap the one that begins first stays, of two that begin together the longer."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _in_run(run: re.Match[str]) -> Iterator[Found]:
    """What a run of digit groups contains. Findings begin and end with a group, so nothing is cut out of a number."""
    text = run.string
    groups = [(m.start(), m.end(), _digits(m[0])) for m in _GROUP.finditer(text, run.start(), run.end())]
    first = 0
    while first < len(groups):
        match = _longest(groups, first)
        if match is None:
            first += 1
            continue
        last, kind = match
        start = groups[first][0]
        if kind == PHONE and start and text[start - 1] in "+＋":
            start -= 1
        yield Found(start, groups[last][1], kind)
        first = last + 1


def _longest(groups: list[tuple[int, int, str]], first: int) -> tuple[int, str] | None:
    """The last group and the kind of the longest number that begins with the group `first`."""
    best = None
    if _is_single(groups, first) and _is_single(groups, first - 1):
        return best  # within digits written one by one only the first can begin a number
    joined = ""
    sizes: list[int] = []
    for last in range(first, len(groups)):
        joined += groups[last][2]
        sizes.append(len(groups[last][2]))
        if len(joined) > 19:
            break
        cut = _all_single(sizes) and _is_single(groups, last + 1)
        if not cut and (kind := _kind(joined, sizes)):
            best = (last, kind)
    return best


def _is_single(groups: list[tuple[int, int, str]], index: int) -> bool:
    return 0 <= index < len(groups) and len(groups[index][2]) == 1


def _all_single(sizes: list[int]) -> bool:
    return set(sizes) == {1}


def _kind(digits: str, sizes: list[int]) -> str | None:
    if len(digits) < 11:
        return None
    if _PHONE.fullmatch(digits) and _phone_shape(len(digits) - 11, sizes):
        return PHONE
    if not _all_single(sizes) and min(sizes[:-1], default=3) < 3:
        return None
    if len(digits) == 18 and is_id_card(digits):
        return ID_CARD
    if _CARD.fullmatch(digits) and luhn(digits):
        return BANK_CARD
    return None


def _phone_shape(prefix: int, sizes: list[int]) -> bool:
    """Whether the groups look like a written phone number, its country code (`prefix` digits) apart or attached."""
    if prefix and sizes[0] == prefix:
        sizes = sizes[1:]
    elif prefix:
        sizes = [sizes[0] - prefix, *sizes[1:]]
    return tuple(sizes) in _PHONE_SHAPES or _all_single(sizes)


def _digits(text: str) -> str:
    return "".join("X" if c in "XxＸｘ" else str(decimal(c)) for c in text)


def luhn(digits: str) -> bool:
    """The check of card numbers (ISO/IEC 7812-1, annex B)."""
    if not digits.isdigit():
        return False
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def is_id_card(digits: str) -> bool:
    """Whether 18 characters are a mainland ID number: province, a date of birth, ISO 7064 MOD 11-2 (GB 11643)."""
    body, check = digits[:17], digits[17]
    if not body.isdigit() or int(body[:2]) not in _PROVINCES:
        return False
    try:
        born = date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return False
    total = sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True))
    return 1900 <= born.year <= 2100 and check == "10X98765432"[total % 11]
