"""京东 (商家后台): the order list and the list of refunds."""

from __future__ import annotations

from xundan.receive.platforms.sheets import Sheet

ORDERS = Sheet(
    platform="jd",
    title="京东订单",
    channel="jd",
    holds="orders",
    columns={
        "order": ("订单号", "订单编号"),
        "buyer": ("下单帐号", "下单账号", "买家账号", "客户账号"),
        "status": ("订单状态",),
        "created": ("下单时间",),
        "paid": ("付款确认时间", "付款时间", "支付时间"),
        "shipped": ("出库时间", "发货时间"),
        "received": ("订单完成时间", "完成时间"),
        "closed": ("取消时间", "订单取消时间"),
        "amount": ("应付金额", "结算金额", "订单金额"),
        "product": ("商品ID", "商品编号", "SKU编号"),
    },
    needs=("order", "status", "created", "amount"),
)

REFUNDS = Sheet(
    platform="jd",
    title="京东退款",
    channel="jd",
    holds="refunds",
    columns={
        "order": ("订单号", "订单编号"),
        "refund_id": ("退款单号", "退款申请单号", "售后服务单号", "服务单号"),
        "buyer": ("下单帐号", "下单账号", "客户账号", "买家账号"),
        "status": ("退款状态", "审核状态", "服务单状态"),
        "refund": ("退款金额", "实退金额", "申请退款金额"),
        "refunded": ("退款完成时间", "退款时间", "审核时间"),
    },
    needs=("order", "refund_id", "refund"),
)

SHEETS = (ORDERS, REFUNDS)
