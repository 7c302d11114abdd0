"""Chat text made uniform before features are taken: what differs only in form becomes the same."""

from __future__ import annotations

import re

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LINK = re.compile(r"https?://[!-~]+|<url>|\[链接x?\d*\]")
_IMAGE = re.compile(r"[0-9a-f]{16,}\.(?:jpe?g|png|gif)|\[图片x?\d*\]")
_DIGITS = re.compile(r"\d+")
_REPEATED = re.compile(r"(\D)\1{2,}")
_BLANKS = re.compile(r"\s+")


def uniform(text: str, limit: int) -> str:
    """Lower case, ASCII width, links and pictures as one character, digits as 0 (at most four), runs cut to two.

    Args:
        limit: characters kept; of a longer text its beginning and its end, where requests stand.
    """
    text = text.translate(_NARROW).lower()
    if len(text) > 4 * limit:
        text = text[: 2 * limit] + text[-2 * limit :]
    text = _IMAGE.sub("\ue001", _LINK.sub("\ue000", text))
    text = _DIGITS.sub(lambda digits: "0" * min(len(digits[0]), 4), text)
    text = _BLANKS.sub(" ", _REPEATED.sub(r"\1\1", text)).strip()
    return text if len(text) <= limit else text[: limit // 2] + text[-(limit - limit // 2) :]
