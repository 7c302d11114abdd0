"""What things are called: the trade's names in Chinese (as in 生意参谋 and 赤兔), and English ones."""

from __future__ import annotations

from typing import Literal

from xundan.domain.rules import Rules
from xundan.measure.query import ReportQuery
from xundan.measure.rows import CONVERSATIONS

Lang = Literal["zh", "en"]

INTENTS = {
    "product_question": "商品咨询",
    "recommendation": "求推荐",
    "price_query": "询价",
    "coupon_query": "优惠咨询",
    "bargain": "议价",
    "stock_query": "库存",
    "shipping_query": "发货快递咨询",
    "order_placing": "下单付款",
    "order_change": "改单取消",
    "logistics_tracking": "查件催单",
    "after_sale": "售后退换",
    "invoice": "发票",
    "complaint": "抱怨投诉",
    "chitchat": "寒暄应答",
    "human_handoff": "转人工",
    "other": "其他",
    "none": "未识别",
}
_VALUES: dict[str, dict[str, str]] = {
    "intent": INTENTS,
    "label": {"high": "高意向", "low": "低意向", "none": "未评分"},
    "served_by": {"bot": "机器人", "human": "人工", "bot_then_human": "机器人+人工", "none": "无人接待"},
    "agent": {"bot": "机器人", "agent": "未署名客服", "none": "无"},
    "channel": {"none": "未知"},
}
_VALUES_EN: dict[str, dict[str, str]] = {
    "intent": {name: name.replace("_", " ") for name in INTENTS} | {"none": "not scored"},
    "label": {"none": "not scored"},
    "served_by": {"bot_then_human": "bot and human", "none": "nobody"},
    "agent": {"agent": "unnamed agent", "none": "nobody"},
    "channel": {"none": "unknown"},
}
_DIMENSIONS = {
    "day": ("日期", "day"),
    "intent": ("意图", "intent"),
    "agent": ("客服", "agent"),
    "label": ("购买意向", "label"),
    "served_by": ("接待方式", "served by"),
    "channel": ("渠道", "channel"),
}
_RULES = {
    "paid": ("付款判定", "by payment"),
    "ordered": ("下单判定", "by order"),
    "order_first": ("下单优先判定", "by order first"),
}
_RATES = {
    "ordered": ("询单→{0}下单转化率", "inquiry → ordered {1}"),
    "paid": ("询单→{0}付款转化率", "inquiry → paid {1}"),
    "finally_paid": ("询单→最终付款转化率（{0}下单）", "inquiry → finally paid, ordered {1}"),
    "kept": ("询单→最终付款未退转化率（{0}下单）", "inquiry → paid and kept, ordered {1}"),
    CONVERSATIONS: ("会话成交率（{2}·{0}）", "conversation → sale, {2}, {1}"),
}

_SHORT = {
    "ordered": ("{0}下单", "ordered {1}"),
    "paid": ("{0}付款", "paid {1}"),
    "finally_paid": ("最终付款", "finally paid"),
    "kept": ("最终付款未退", "paid and kept"),
    CONVERSATIONS: ("会话成交", "conversation with a sale"),
    "gross": ("销售额", "gross sales"),
    "net": ("净销售额", "net sales"),
}


def window_name(window: int, lang: Lang = "zh") -> str:
    """当日, 次日, 3日 … or "same day", "by next day", "in 3 days"."""
    if lang == "en":
        return {1: "same day", 2: "by next day"}.get(window, f"in {window} days")
    return {1: "当日", 2: "次日"}.get(window, f"{window}日")


def window_within(window: int, lang: Lang = "zh") -> str:
    """The window inside a sentence: 当日, 次日内, 3 日内 … or as `window_name`."""
    if lang == "en":
        return window_name(window, lang)
    return {1: "当日", 2: "次日内"}.get(window, f" {window} 日内")


def rate_window(name: str, query: ReportQuery, rules: Rules) -> int:
    """The window a rate is taken within: the query's, but a conversation's order is found by the shop's own."""
    return rules.attribution_window if name == CONVERSATIONS else query.window


def rate_name(name: str, query: ReportQuery, rules: Rules, lang: Lang = "zh") -> str:
    """A rate's trade name with its window, e.g. 询单→次日付款转化率."""
    window = rate_window(name, query, rules)
    words = (window_name(window, "zh"), window_name(window, "en"), rule_name(rules.attribution_rule, lang))
    return _pick(_RATES[name], lang).format(*words)


def short_name(measure: str, window: int, lang: Lang = "zh") -> str:
    """A rate, `gross` or `net` inside an enumeration."""
    return _pick(_SHORT[measure], lang).format(window_name(window, "zh"), window_name(window, "en"))


def rule_name(rule: str, lang: Lang = "zh") -> str:
    """付款判定, 下单判定 or 下单优先判定."""
    return _pick(_RULES[rule], lang)


def dimension_name(by: str, lang: Lang = "zh") -> str:
    """What a report is grouped by."""
    return _pick(_DIMENSIONS[by], lang)


def value_name(by: str, value: str, lang: Lang = "zh") -> str:
    """What a group's value is called; the value itself where it has no other name (an agent, a channel)."""
    names = _VALUES if lang == "zh" else _VALUES_EN
    return names.get(by, {}).get(value, value)


def _pick(pair: tuple[str, str], lang: Lang) -> str:
    return pair[0] if lang == "zh" else pair[1]
