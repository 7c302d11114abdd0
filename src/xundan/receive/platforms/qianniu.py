"""千牛 (淘宝, 天猫): the order report, the report of sub-orders (宝贝报表) and the list of refunds."""

from __future__ import annotations

from collections.abc import Mapping

from xundan.receive.platforms.sheets import Field, Sheet

_STATUS = ("订单状态", "交易状态")
_BUYER = ("买家会员名", "买家会员名称", "买家昵称", "买家旺旺", "旺旺名称")
_TIMES: Mapping[Field, tuple[str, ...]] = {
    "created": ("订单创建时间", "创建时间", "下单时间"),
    "paid": ("订单付款时间", "付款时间"),
    "shipped": ("发货时间",),
    "received": ("确认收货时间", "订单完成时间"),
    "closed": ("订单关闭时间",),
}

ORDERS = Sheet(
    platform="qianniu",
    title="千牛订单报表",
    channel="taobao",
    holds="orders",
    columns={
        "order": ("订单编号", "主订单编号"),
        "buyer": _BUYER,
        "status": _STATUS,
        **_TIMES,
        "amount": ("买家实际支付金额", "买家实付金额"),
        "refund": ("退款金额",),
        "refunded": ("退款完结时间", "退款时间"),
        "product": ("商品ID", "宝贝ID"),
    },
    needs=("order", "status", "created", "amount"),
)

ITEMS = Sheet(
    platform="qianniu",
    title="千牛宝贝报表",
    channel="taobao",
    holds="orders",
    columns={
        "order": ("主订单编号",),
        "sub": ("子订单编号",),
        "buyer": _BUYER,
        "status": _STATUS,
        "after": ("退款状态",),
        **_TIMES,
        "amount": ("买家实付金额", "买家实际支付金额"),
        "refund": ("退款金额",),
        "product": ("商品ID", "宝贝ID"),
    },
    needs=("order", "sub", "status", "created", "amount"),
    per_row=True,
)

REFUNDS = Sheet(
    platform="qianniu",
    title="千牛退款列表",
    channel="taobao",
    holds="refunds",
    columns={
        "order": ("订单编号",),
        "refund_id": ("退款编号",),
        "buyer": _BUYER,
        "status": ("退款状态",),
        "refund": ("买家退款金额", "退给买家金额", "退款总额", "退款金额"),
        "refunded": ("退款完结时间", "完结时间"),
    },
    needs=("order", "refund_id", "status", "refund"),
)

SHEETS = (ORDERS, ITEMS, REFUNDS)
