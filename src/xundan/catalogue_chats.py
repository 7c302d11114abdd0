"""Words about chat records, trying Xundan out, and a shop's own figures; part of `catalogue.WORDS`."""

from __future__ import annotations

CHATS: dict[str, tuple[str, str]] = {
    "import.format": (
        "聊天记录文本：qianniu-text、jd-text 或 chat-text；表格不用填",
        "chat records as text: qianniu-text, jd-text or chat-text; tables need none",
    ),
    "chat.agents": (
        "哪些昵称是客服，如 '店铺:*'，可重复；默认带冒号的和以客服开头的",
        "whose names are agents', e.g. 'shop:*'; repeatable; those with a colon unless given",
    ),
    "chat.bots": ("哪些昵称是机器人，可重复", "whose names are bots'; repeatable"),
    "chat.customer": ("整份记录是哪位顾客的", "whose record it is, where it does not say"),
    "chat.paste": ("读剪贴板", "read the clipboard"),
    "chat.no_clipboard": (
        "读不到剪贴板；请改用文件，或把记录粘贴到：xundan import messages - --format qianniu-text",
        "the clipboard cannot be read; use a file, or paste the record into: "
        "xundan import messages - --format qianniu-text",
    ),
    "chat.told": (
        "读到顾客 {user} 条、客服 {agent} 条、机器人 {bot} 条；其中图片 {picture}、商品卡片 {product_card}、"
        "订单卡片 {order_card}、链接 {link}、音视频 {media}、撤回 {withdrawal}；"
        "另有转接 {transfer}、已读标记 {read_mark}",
        "read {user} messages of customers, {agent} of agents, {bot} of bots; among them {picture} with pictures, "
        "{product_card} product cards, {order_card} order cards, {link} links, {media} media, {withdrawal} withdrawn; "
        "beside them {transfer} transfers and {read_mark} read marks",
    ),
}
