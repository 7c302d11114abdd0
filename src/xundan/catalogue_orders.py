"""Words about orders as platforms export them; part of `catalogue.WORDS`."""

from __future__ import annotations

ORDERS: dict[str, tuple[str, str]] = {
    "orders.orders": (
        "导出文件共 {n} 笔订单（同一订单的多行先合并）",
        "{n} orders in the exports (rows of one order count once)",
    ),
    "orders.assumed": (
        "{n} 笔退款没有退款时间，按导出时间记（已作标记）",
        "{n} refunds have no time of their own and took the export's (they are flagged)",
    ),
    "orders.unpaid": (
        "{n} 笔订单状态是已付款，但没有付款时间，未计入成交；导出时请勾选付款时间",
        "{n} orders are said to be paid but have no time of payment and count as no sale; export the time of payment too",
    ),
    "orders.timeless": ("{n} 笔订单没有任何时间，略过", "{n} orders say no time at all and were passed over"),
    "orders.open": ("{n} 笔退款没有成功，略过", "{n} refunds have not been made and were passed over"),
    "orders.found": (
        "{orders} 笔订单中 {found} 笔找到了聊过的顾客：按买家编号 {id}，按聊天里的订单号 {number}，按账号关联 {link}；"
        "{missing} 笔没有找到",
        "{found} of {orders} orders found a customer who has chatted: {id} by the buyer's id, {number} by an order number "
        "in a chat, {link} by a link; {missing} found nobody",
    ),
    "orders.few": (
        "找到的不到 {least}，报告可能不给出转化率。请导入同一时期的聊天（带订单号的聊天能认出买家），"
        "或用 xundan import links 告诉询单哪个买家编号是哪位顾客；做法见 docs/platforms.md",
        "That is less than {least}, so the report may state no rate. Import the chats of the same time (an order number "
        "in a chat tells who the buyer is), or tell with `xundan import links` which buyer's id is which customer; "
        "see docs/platforms.md",
    ),
    "orders.waiting": (
        "服务还在处理，暂时看不出有多少订单找到了顾客",
        "the server is still at work, so it cannot be said yet how many orders found a customer",
    ),
}
