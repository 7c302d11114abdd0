"""The sentences and headings of the text report, in Chinese and English."""

from __future__ import annotations

from xundan.measure.names import Lang

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("询单转化报告 · 店铺 {shop}", "Chat-to-order conversion · shop {shop}"),
    "period": ("{first} 至 {last}", "{first} to {last}"),
    "scope": (
        "{rule} · {window}窗口 · 按{by} · 统计至 {as_of}（{zone}）",
        "credit {rule}, {window} · by {by} · as of {as_of} ({zone})",
    ),
    "headline_interval": ("95% 区间 {low}–{high}", "95% interval {low}–{high}"),
    "meaning_inquiry": (
        "已成熟的 {days} 天里，{of} 人天询单中有 {n} 人天在{window}付款：每 100 个询单约 {per} 个付款，"
        "真实水平有 95% 的把握在 {low} 到 {high} 之间。",
        "Over the {days} mature days {n} of {of} inquiries (customer-days) paid {window}: about {per} in 100, "
        "and with 95% confidence between {low} and {high}.",
    ),
    "meaning_conversation": (
        "已成熟的 {days} 天里，{of} 个会话中有 {n} 个带来了订单：每 100 个会话约 {per} 个成交，"
        "真实水平有 95% 的把握在 {low} 到 {high} 之间。",
        "Over the {days} mature days {n} of {of} conversations led to a sale: about {per} in 100, "
        "and with 95% confidence between {low} and {high}.",
    ),
    "meaning_none": (
        "成熟的日子里还没有可计的数字，给不出转化率；标为延迟统计的数字还会变。",
        "Nothing to count on mature days yet, so no rate can be stated; figures marked immature will still change.",
    ),
    "withheld_unmatched": (
        "不给出转化率：本期 {orders} 笔付款订单里只有 {matched} 笔（{share}，不到 {least}）知道是哪位顾客买的，"
        "算出来会偏低。",
        "No rate is stated: of {orders} orders paid in this period only {matched} ({share}, less than {least}) have a "
        "known customer, so that it would come out too low.",
    ),
    "withheld_apart": (
        "不给出转化率：本期 {orders} 笔付款订单没有一笔能与聊天对上，多半是聊天和订单里的顾客编号不是同一种。",
        "No rate is stated: not one of {orders} orders paid in this period meets a chat, most likely because chats and "
        "orders name their customers in different ways.",
    ),
    "withheld_do": (
        "可以这样做：导入同一时期、带订单号的聊天；用 xundan import links 写明买家编号与顾客编号的对应；"
        "或导出带买家会员名的订单。要照常给出，把设置 min_overlap 改为 0。",
        "What helps: chats of the same time that carry order numbers; `xundan import links` with which buyer's id is "
        "which customer; an export of orders with the buyers' names. To state it all the same, set min_overlap to 0.",
    ),
    "col_wrote": ("咨询", "wrote"),
    "col_answered": ("接待", "answd"),
    "col_inquiries": ("询单", "inq."),
    "col_converted": ("付款", "paid"),
    "col_conversations": ("会话", "chats"),
    "col_conversations_ordered": ("成交", "sold"),
    "col_rate": ("转化率", "rate"),
    "col_interval": ("95%区间", "95% int."),
    "col_sales": ("客服销售额", "chat sales"),
    "total_inquiry": ("合计人天", "total"),
    "total_conversation": ("合计", "total"),
    "late": ("延迟统计", "immature"),
    "late_head": (
        "延迟统计：窗口未满，仍会变动，不计入合计",
        "immature: the window is still open, not part of the total",
    ),
    "late_head_money": (
        "延迟统计：仍会变动，不计入以上",
        "immature: may still change, not part of the above",
    ),
    "late_money": ("* 延迟统计：这一天的销售额仍会变动", "* immature: that day's sales may still change"),
    "legend": ("图 0–{top}：█ 至区间下限 ▓ 至转化率 ░ 至上限", "chart 0–{top}: █ to low ▓ to the rate ░ to high"),
    "legend_late": ("（延迟统计只画 ░）", " (immature: ░ only)"),
    "group_note": (
        "转化率计成熟的 {days} 天，客服销售额计成熟的 {money} 天；延迟统计一列另计，不相加。",
        "Rates cover {days} mature days, chat sales {money}; the immature column stands apart from both.",
    ),
    "rates": ("转化率", "rates"),
    "col_days": ("天数", "days"),
    "col_fraction_inquiry": ("人天", "of inq."),
    "col_fraction_conversation": ("会话", "of chats"),
    "days": ("{n}天", "{n}"),
    "money": ("销售 · {rule} · {window}", "sales · credit {rule}, {window}"),
    "col_attributed": ("客服 +", "chats +"),
    "col_silent": ("静默 +", "silent +"),
    "col_unmatched": ("未匹配 =", "unmatched ="),
    "col_total": ("全店", "shop"),
    "row_orders": ("订单数", "orders"),
    "row_fen": ("销售额", "gross"),
    "row_refunded": ("退款", "refunded"),
    "row_net": ("净销售额", "net"),
    "assisted": ("协助（不计入销售）：{who}", "assisted (no part of the sales): {who}"),
    "assisted_one": ("{agent} {n} 单", "{agent} {n}"),
    "assisted_more": ("等 {n} 人", "and {n} more"),
    "refunds": ("本期发生的退款（按退款日）：{n} 笔 ¥{fen}", "refunds made in the period: {n}, ¥{fen}"),
    "immature": (
        "延迟统计（不计入合计，也不与成熟数字比较）：{what}；{when} 结束后全部成熟。",
        "Immature (in no total, not to be compared with mature figures): {what}; all mature after {when}.",
    ),
    "immature_one": ("{name} {n} 天", "{name} {n} d"),
    "immature_none": ("本期所有数字都已成熟。", "Every figure of this period is mature."),
    "separator": ("、", ", "),
    "nothing": ("这段时间没有任何聊天或订单。", "Nothing was said or bought in this period."),
    "footer": ("生成于 {made_at} · 日志位置 {position}", "made {made_at} · log position {position}"),
}
_WEEKDAYS = ("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))


def say(key: str, lang: Lang, **values: object) -> str:
    """A phrase with its values filled in."""
    return _WORDS[key][lang == "en"].format(**values)


def weekday(index: int, lang: Lang) -> str:
    """一 … 日, or Mon … Sun; 0 is Monday."""
    return _WEEKDAYS[lang == "en"][index]


def percent(value: float | None, digits: int = 1) -> str:
    """45.2%, or – where there is no rate."""
    return "–" if value is None else f"{value * 100:.{digits}f}%"


def yuan(fen: int) -> str:
    """1,234.50 for 123450 fen."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"
