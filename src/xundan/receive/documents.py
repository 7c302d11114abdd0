"""What the read API answers, in the names that the stored documents carry. Instants are UTC ms, money is fen."""

from __future__ import annotations

import msgspec

from xundan.domain.effects import Conversation, Order
from xundan.domain.records import Message


class MessageDocument(msgspec.Struct, rename="camel"):
    """A message. `pii` maps each placeholder in `text` to the encrypted original (compact JWE)."""

    id: str
    sender: str = msgspec.field(name="from")
    agent_id: str | None
    text: str
    ts: int
    intent: str | None
    buy_score: float | None
    pii: dict[str, str]


class ConversationDocument(msgspec.Struct, rename="camel"):
    """A conversation with its messages, oldest first. `servedBy` is bot, human, bot_then_human or none."""

    id: str = msgspec.field(name="_id")
    shop_id: int | str
    user_id: str
    thread_id: str | None
    msgs: list[MessageDocument]
    intent: str | None
    buy_score: float | None
    label: str | None
    order_id: str
    create_time: int
    update_time: int
    agents: list[str]
    served_by: str
    channel: str | None
    model_version: str | None


class OrderDocument(msgspec.Struct, rename="camel"):
    """An order as its events add up. `paid` is the payment in full; `conversationId` the one it is credited to."""

    order_id: str
    status: str
    matched: bool
    amount_fen: int
    refunded_fen: int
    created: int | None
    paid: int | None
    received: int | None
    cancelled: int | None
    refunded_in_full: int | None
    updated: int
    conversation_id: str | None
    product_id: str | None
    channel: str | None


class ContextAnswer(msgspec.Struct, rename="camel"):
    """A customer's history, newest conversation first; `next` is the cursor of the following page, null on the last.

    `userId` is where the facts of the id asked for rest now. `orders` come with the first page, last updated first.
    """

    shop_id: int | str
    user_id: str
    conversations: list[ConversationDocument]
    orders: list[OrderDocument]
    next: str | None


class IntentAnswer(msgspec.Struct, rename="camel"):
    """What the customer's last understood message wanted; all null where none is (yet) understood."""

    shop_id: int | str
    user_id: str
    intent: str | None
    buy_score: float | None
    label: str | None
    model: str | None
    message_id: str | None
    ts: int | None


def shop_value(shop: str) -> int | str:
    """The shop's id as documents carry it: an integer where it is one."""
    return int(shop) if shop.isascii() and shop.isdecimal() and (shop[0] != "0" or shop == "0") else shop


def conversation_document(conversation: Conversation, messages: list[Message]) -> ConversationDocument:
    return ConversationDocument(
        id=conversation.id,
        shop_id=shop_value(conversation.shop),
        user_id=conversation.user_id,
        thread_id=conversation.thread_id,
        msgs=[_message_document(message) for message in messages],
        intent=conversation.intent,
        buy_score=conversation.buy_score,
        label=conversation.label,
        order_id=conversation.order_id,
        create_time=conversation.create_time,
        update_time=conversation.update_time,
        agents=conversation.agents,
        served_by=conversation.served_by,
        channel=conversation.channel,
        model_version=conversation.model_version,
    )


def order_document(order: Order) -> OrderDocument:
    return OrderDocument(**{name: getattr(order, name) for name in OrderDocument.__struct_fields__})


def _message_document(message: Message) -> MessageDocument:
    return MessageDocument(
        message.id,
        message.sender,
        message.agent_id,
        message.text,
        message.ts,
        message.intent,
        message.buy_score,
        message.pii,
    )
