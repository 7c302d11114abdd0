"""What stands below a head: words, and what is no words — pictures, links, cards — made into one text and two ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from xundan.receive.chat_lines import MARKS

Kind = Literal["picture", "media", "link", "product_card", "order_card", "withdrawal", "transfer", "read_mark"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PICTURE, PRODUCT, ORDER, LINK, WITHDRAWN = "[图片]", "[商品卡片]", "[订单卡片]", "[链接]", "[撤回]"
"""How they stand in a text."""

SHORT_CARD = 8
"""Characters; what is shorter holds no words beside the card's name."""

_URL = r"https?://[^\s`\"'<>，。；）)]{1,1000}"
_PICTURE = re.compile(
    rf"`?{_URL}\.(?:jpe?g|png|gif|webp|bmp)(?:[?_!][^\s`]{{0,1000}})?`?|[\[【<](?:图片|截图|image)(?:消息)?[\]】>]",
    re.I | re.ASCII,
)
_MEDIA = re.compile(r"[\[【<](?:视频|语音|表情|文件|动画表情|位置)(?:消息)?[\]】>]")
_PRODUCT_LINK = re.compile(
    r"`?https?://(?:(?:item|detail|chaoshi\.detail)(?:\.m)?\.(?:taobao|tmall)\.com|h5\.m\.taobao\.com)[^\s`]{0,500}?[?&]id="
    r"(?P<a>\d{5,20})[^\s`]*`?"
    r"|`?https?://item(?:\.m)?\.jd\.com/(?:product/)?(?P<b>\d{5,20})\.html[^\s`]*`?",
    re.ASCII,
)
_ORDER_LINK = re.compile(
    r"`?https?://[^\s`]{0,500}?[?&](?:biz_?order_?id|trade_?id|order_?id)=(?P<id>\d{10,30})[^\s`]*`?", re.I | re.ASCII
)
_ANY_LINK = re.compile(rf"`?{_URL}`?")
_PRODUCT_CARD = re.compile(r"[\[【]商品(?:卡片|链接|信息)?[\]】].*|(?:我要|我想|正在)?咨询(?:的|这个|该)?商品[:：]?")
_ORDER_CARD = re.compile(
    r"[\[【]订单(?:卡片|信息)?[\]】].*|(?:我要|我想|正在)?(?:咨询|核对)(?:的|这个|这笔|该)?订单[:：]?"
)
_PRODUCT_ID = re.compile(r"商品(?:ID|编号|编码)\s*[:：]?\s*(\d{5,20})", re.I | re.ASCII)
_ORDER_ID = re.compile(r"(?:订单|单)(?:编号|号码|号|ID)\s*(?:是|为)?\s*[:：]?\s*(\d{10,30})(?!\d)", re.I | re.ASCII)


class Body(NamedTuple):
    """A message's text, the product and the order it names, and what was found in it that is no words."""

    text: str
    product_id: str | None
    order_id: str | None
    kinds: tuple[Kind, ...]


def read_body(lines: Sequence[str], *, marked: bool) -> Body:
    """The lines below a head as a message.

    Args:
        marked: whether a read mark may stand alone here, as it does below what an agent sent.
    """
    kinds: list[Kind] = []
    kept = _without_mark(lines, kinds, marked=marked)
    text = "\n".join(kept).strip()
    card = _card(text.split("\n", 1)[0])
    if card is None and not any(sign in text for sign in ("http", "[", "【", "<", "单", "商品")):
        return Body(text, None, None, tuple(kinds))
    text, products = _take(_PRODUCT_LINK, text, PRODUCT)
    text, orders = _take(_ORDER_LINK, text, ORDER)
    orders += _ORDER_ID.findall(text)
    products += _PRODUCT_ID.findall(text)
    text, pictures = _PICTURE.subn(PICTURE, text)
    text, links = _ANY_LINK.subn(LINK, text)
    if card and ("\n" in text or orders or products or len(text) < SHORT_CARD):
        text = ORDER if card == "order_card" else PRODUCT  # what a card prints is nobody's words
    signs: tuple[tuple[Kind, object], ...] = (
        ("order_card", ORDER in text),
        ("product_card", PRODUCT in text),
        ("picture", pictures),
        ("link", links),
        ("media", _MEDIA.search(text)),
    )
    kinds += [kind for kind, found in signs if found]
    return Body(text, _one(products), _one(orders), tuple(kinds))


def _without_mark(lines: Sequence[str], kinds: list[Kind], *, marked: bool) -> list[str]:
    kept = list(lines)
    while kept and not kept[-1]:
        kept.pop()
    if kept and kept[-1] in MARKS and (marked or len(kept) > 1):
        kinds.append("read_mark")
        kept.pop()
    return kept


def _take(pattern: re.Pattern[str], text: str, placeholder: str) -> tuple[str, list[str]]:
    ids = [next(filter(None, found.groups())) for found in pattern.finditer(text)]
    return pattern.sub(placeholder, text) if ids else text, ids


def _card(first: str) -> Kind | None:
    """What card a message is, told by its first line."""
    if _ORDER_CARD.fullmatch(first):
        return "order_card"
    return "product_card" if _PRODUCT_CARD.fullmatch(first) else None


def _one(ids: Iterable[str]) -> str | None:
    """The id that is named; none where several are, for a message can carry one."""
    distinct = set(ids)
    return distinct.pop() if len(distinct) == 1 else None
