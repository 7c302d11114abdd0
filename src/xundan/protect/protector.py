"""Protected texts: every finding replaced by a placeholder, its original encrypted beside the text."""

from __future__ import annotations

import re
from typing import NamedTuple

from xundan.domain.ports import KeyService
from xundan.protect.find import Found, find


class Protected(NamedTuple):
    """A text fit for the log, and what each of its placeholders stands for, encrypted (compact JWE)."""

    text: str
    pii: dict[str, str]


class Protector:
    """Hides and restores personal data with the keys of a `KeyService`. Thread-safe where the service is."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def protect(self, shop: str, text: str) -> Protected:
        """Replace personal data by `[手机号1]` and the like, numbered per text; equal spellings share a number.

        A number that the text already uses in such a bracket is skipped, so `reveal` restores every text exactly.
        """
        originals: dict[str, str] = {}
        hidden = text
        # A number beside the one just replaced may only now stand alone: until nothing is found.
        while found := find(hidden):
            hidden = _replace(hidden, found, originals, taken=text)
        pii = {placeholder: self._keys.encrypt(shop, original) for original, placeholder in originals.items()}
        return Protected(hidden, pii)

    def reveal(self, shop: str, text: str, pii: dict[str, str]) -> str:
        """The original text. Raises `Rejected` when the keys at hand or the shop do not open it."""
        if not pii:
            return text
        known = re.compile("|".join(map(re.escape, pii)))
        return known.sub(lambda match: self._keys.decrypt(shop, pii[match[0]]), text)


def _replace(text: str, found: list[Found], originals: dict[str, str], taken: str) -> str:
    """`text` with `found` replaced; `originals` maps original to placeholder and grows."""
    pieces: list[str] = []
    done = 0
    for start, end, kind in found:
        original = text[start:end]
        if original not in originals:
            originals[original] = _free(kind, taken, set(originals.values()))
        pieces += (text[done:start], originals[original])
        done = end
    return "".join((*pieces, text[done:]))


def _free(kind: str, taken: str, used: set[str]) -> str:
    number = 1
    while (placeholder := f"[{kind}{number}]") in used or placeholder in taken:
        number += 1
    return placeholder
