"""抖店 (抖音电商): the order list, one row for each sub-order, and the list of after-sales cases."""

from __future__ import annotations

from xundan.receive.platforms.sheets import Sheet

ORDERS = Sheet(
    platform="doudian",
    title="抖店订单",
    channel="douyin",
    holds="orders",
    columns={
        "order": ("主订单编号", "订单编号", "订单号"),
        "sub": ("子订单编号", "商品单号", "子订单号"),
        "status": ("订单状态",),
        "after": ("售后状态",),
        "created": ("订单提交时间", "下单时间"),
        "paid": ("支付完成时间", "支付时间"),
        "shipped": ("发货时间",),
        "received": ("订单完成时间",),
        "closed": ("订单关闭时间", "订单取消时间"),
        "amount": ("订单应付金额", "用户实付金额", "用户实付"),
        "product": ("商品ID",),
    },
    needs=("order", "sub", "status", "created", "amount"),
    per_row=True,
)

REFUNDS = Sheet(
    platform="doudian",
    title="抖店售后单",
    channel="douyin",
    holds="refunds",
    columns={
        "order": ("订单号", "主订单编号", "订单编号"),
        "refund_id": ("售后单号",),
        "status": ("售后状态",),
        "refund": ("退商品金额（元）", "退商品金额", "退款金额（元）", "退款金额"),
        "postage": ("退运费金额（元）", "退运费金额"),
        "refunded": ("商家退款时间", "退款成功时间", "用户到账时间", "售后完结时间"),
    },
    needs=("order", "refund_id", "status", "refund"),
)

SHEETS = (ORDERS, REFUNDS)
