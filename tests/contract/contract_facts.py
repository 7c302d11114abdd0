"""Facts and documents for the contract tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xundan.domain.effects import Conversation, Order
from xundan.domain.ports import Append
from xundan.domain.records import Link, Message, OrderEvent

NOW = 1_700_000_000_000


def message(id: str, owner: str = "u1", shop: str = "1024", **fields: Any) -> Message:
    made = Message(shop, owner, id, NOW, NOW + 5, "live", "user", f"{id}: 这件有货吗？")
    return replace(made, **fields)


def scored(id: str, owner: str = "u1", shop: str = "1024", **fields: Any) -> Message:
    return message(id, owner, shop, **{"intent": "stock_query", "buy_score": 0.75, "model": "m1", **fields})


def order(id: str, owner: str = "u1", shop: str = "1024", **fields: Any) -> OrderEvent:
    return replace(OrderEvent(shop, owner, id, NOW, NOW + 5, "live", "o1", "paid", 19900), **fields)


def link(id: str, owner: str = "alias", shop: str = "1024") -> Link:
    return Link(shop, owner, id, NOW, NOW + 5, "live", "u1")


def appends(*facts: Message | OrderEvent | Link) -> list[Append]:
    return [Append(fact) for fact in facts]


def conversation(id: str, user_id: str = "u1", shop: str = "1024", at: int = NOW, messages: int = 1) -> Conversation:
    return Conversation(
        id=id,
        shop=shop,
        user_id=user_id,
        thread_id=None,
        intent="bargain",
        buy_score=0.5,
        label="low",
        order_id="",
        create_time=at,
        update_time=at,
        agents=["小王"],
        served_by="human",
        last_agent="小王",
        channel=None,
        model_version="m1",
        messages=messages,
    )


def order_document(order_id: str, user_id: str = "u1", shop: str = "1024", updated: int = NOW) -> Order:
    return Order(
        order_id=order_id,
        shop=shop,
        user_id=user_id,
        matched=True,
        status="paid",
        amount_fen=19900,
        refunded_fen=0,
        created=NOW - 10,
        paid=NOW,
        received=None,
        cancelled=None,
        refunded_in_full=None,
        updated=updated,
        conversation_id=None,
        product_id=None,
        channel=None,
    )
