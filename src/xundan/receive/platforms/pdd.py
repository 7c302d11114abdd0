"""拼多多: the order list, one row for each order, and the list of after-sales cases."""

from __future__ import annotations

from xundan.receive.platforms.sheets import Sheet

ORDERS = Sheet(
    platform="pdd",
    title="拼多多订单",
    channel="pdd",
    holds="orders",
    columns={
        "order": ("订单号",),
        "status": ("订单状态",),
        "after": ("售后状态",),
        "created": ("订单创建时间", "下单时间"),
        "paid": ("支付时间", "订单成交时间"),
        "shipped": ("发货时间",),
        "received": ("确认收货时间",),
        "closed": ("订单取消时间",),
        "amount": ("用户实付金额(元)", "用户实付金额", "商家实收金额(元)", "商家实收金额"),
        "product": ("商品id",),
    },
    needs=("order", "status", "paid", "amount"),
)

REFUNDS = Sheet(
    platform="pdd",
    title="拼多多售后单",
    channel="pdd",
    holds="refunds",
    columns={
        "order": ("订单编号", "订单号"),
        "refund_id": ("售后编号",),
        "status": ("售后状态", "退款状态"),
        "refund": ("退款金额(元)", "退款金额"),
        "refunded": ("退款成功时间", "退款时间", "售后完结时间"),
    },
    needs=("order", "refund_id", "status", "refund"),
)

SHEETS = (ORDERS, REFUNDS)
