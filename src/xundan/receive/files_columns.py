"""The columns of Xundan's own files: the wire name, the Chinese heading, and what each holds."""

from __future__ import annotations

import unicodedata
from typing import Literal, NamedTuple, get_args

Kind = Literal["messages", "orders", "links"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["id", "time", "text"]


class Column(NamedTuple):
    """One column of a template. `role`: `id` is kept as text, `time` is a date, `text` is left exactly as it came."""

    name: str
    heading: str
    required: bool
    role: Role
    chinese: str
    english: str


_USER = Column("user_id", "顾客编号", True, "id", "顾客在聊天中的编号。", "The customer's id as the chat knows it.")
_TS = Column(
    "ts",
    "时间",
    True,
    "time",
    "发生的时间：店铺时区的 2025-11-11 20:05:00，带时区的 ISO 8601，或自 1970 年起的秒或毫秒。",
    "When it happened: 2025-11-11 20:05:00 in the shop's zone, ISO 8601 with a zone, or s or ms since 1970.",
)
_PRODUCT = Column("product_id", "商品编号", False, "id", "所涉及商品的编号。", "The product it is about.")
_CHANNEL = Column(
    "channel", "渠道", False, "id", "来源渠道，如 taobao、jd、douyin。", "Where it came from, e.g. taobao."
)

COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "messages": (
        _USER,
        Column(
            "text",
            "消息内容",
            True,
            "text",
            "消息原文，可为空（如图片）。",
            "What was written; may be empty (a picture).",
        ),
        _TS,
        Column("from", "发送方", False, "id", "顾客、机器人或客服；不填为顾客。", "user, bot or agent; user if empty."),
        Column("agent_id", "客服账号", False, "id", "由客服发送时的账号。", "Which agent typed, if one did."),
        Column("conversation_id", "会话编号", False, "id", "平台的会话编号。", "The platform's conversation."),
        Column(
            "message_id",
            "消息编号",
            False,
            "id",
            "消息的唯一编号；不填则由内容生成，重复导入不会重复计数。",
            "The message's own id; made from the row if empty, so that a second import adds nothing.",
        ),
        _CHANNEL,
        _PRODUCT,
        Column("order_id", "订单编号", False, "id", "消息所提及订单的编号。", "The order that the message is about."),
    ),
    "orders": (
        Column("order_id", "订单编号", True, "id", "订单的编号。", "The order's id."),
        _USER._replace(
            required=False,
            chinese="买家的编号；没有或带星号亦可。",
            english="The buyer's id; may be empty or masked with stars.",
        ),
        Column(
            "status",
            "状态",
            True,
            "id",
            "已下单、已付款、已发货、已收货、已退款或已取消；每次变化一行。",
            "created, paid, shipped, received, refunded or cancelled; one row for each change.",
        ),
        _TS,
        Column(
            "amount",
            "金额（元）",
            False,
            "id",
            "实际付款（已退款时为实际退款，不填则退剩余全部），含运费，单位元，最多两位小数。",
            "Yuan really paid (or given back; what is left, if empty), postage included, at most two decimals.",
        ),
        Column(
            "amount_fen",
            "金额（分）",
            False,
            "id",
            "同上，单位分，整数；与“金额（元）”只填其一。",
            "The same in whole fen; give either this or amount.",
        ),
        Column(
            "part",
            "付款阶段",
            False,
            "id",
            "预售填定金或尾款；一次付清不填。",
            "deposit or balance for a payment in parts; else empty.",
        ),
        Column("refund_id", "退款编号", False, "id", "同一订单多次退款时区分各次。", "Tells an order's refunds apart."),
        Column(
            "event_id",
            "事件编号",
            False,
            "id",
            "该变化的唯一编号；不填则由内容生成，重复导入不会重复计数。",
            "The event's own id; made from the row if empty, so that a second import adds nothing.",
        ),
        _PRODUCT,
        Column("coupon_id", "优惠券编号", False, "id", "所用优惠券的编号。", "The coupon used."),
        _CHANNEL,
        Column(
            "items", "商品明细", False, "id", "JSON 数组，每件商品一个对象。", "A JSON list with one object per item."
        ),
    ),
    "links": (
        Column(
            "alias",
            "另一编号",
            True,
            "id",
            "同一顾客的另一个编号；order:订单编号 表示某订单。",
            "The customer's other id; order: and an order's id stands for that order.",
        ),
        _USER._replace(chinese="该顾客的主要编号。", english="The id under which the customer is to be counted."),
        _TS,
        Column(
            "link_id",
            "关联编号",
            False,
            "id",
            "该关联的唯一编号；不填则由内容生成。",
            "The link's own id; made from the row if empty.",
        ),
    ),
}

CHINESE_VALUES: dict[str, dict[str, str]] = {
    "from": {"顾客": "user", "机器人": "bot", "客服": "agent"},
    "status": {
        "已下单": "created",
        "已付款": "paid",
        "已发货": "shipped",
        "已收货": "received",
        "已退款": "refunded",
        "已取消": "cancelled",
    },
    "part": {"定金": "deposit", "尾款": "balance"},
}
"""What the Chinese template writes in place of the wire's words."""


def plain_heading(heading: str) -> str:
    """A heading as it is compared: full-width forms made narrow, lower case, without white space."""
    return "".join(unicodedata.normalize("NFKC", heading).lower().split())


WIRE_NAMES = frozenset(column.name for columns in COLUMNS.values() for column in columns)
ROLES = {column.name: column.role for columns in COLUMNS.values() for column in columns}
HEADINGS = {plain_heading(c.heading): c.name for columns in COLUMNS.values() for c in columns} | {
    name: name for name in WIRE_NAMES
}
"""Every heading that is understood, as `plain_heading` makes it, to its wire name."""


def describe(name: str) -> str:
    """`user_id (顾客编号)`: a column in an error text."""
    heading = next(c.heading for columns in COLUMNS.values() for c in columns if c.name == name)
    return f"{name} ({heading})"
