"""The fields of what is sent, as /docs describes them. `receive.parse` reads them; a test holds both together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from xundan.receive.fields import CHANNEL_CHARS, ID_CHARS, TEXT_CHARS

Id = Annotated[str, Meta(max_length=ID_CHARS)] | int
Channel = Annotated[str, Meta(max_length=CHANNEL_CHARS)]
Text = Annotated[str, Meta(max_length=TEXT_CHARS)]
Instant = Annotated[
    int | float | str,
    Meta(
        description="When it happened: seconds or milliseconds since 1970, or ISO 8601 with a zone; by default now. "
        "With source=import it is required and may be local time of the shop.",
        examples=["2026-11-24T10:00:00+08:00"],
    ),
]
ShopId = Annotated[str | int, Meta(description="If given, it must be the token's shop.")]


class Said(Struct, rename={"sender": "from"}, kw_only=True):
    """What a message has, whoever it comes from."""

    text: Annotated[Text, Meta(description="What was said; may be empty.", examples=["这款有货吗？"])]
    conversation_id: Annotated[Id | None, Meta(description="The platform's id of the chat.")] = None
    message_id: Annotated[Id | None, Meta(description="Makes a repeat harmless; a random id by default.")] = None
    sender: Annotated[Literal["user", "bot", "agent"], Meta(description="Who said it.")] = "user"
    agent_id: Annotated[Id | None, Meta(description="Which agent said it.")] = None
    ts: Instant | None = None
    channel: Annotated[Channel | None, Meta(description="Where the chat takes place.", examples=["taobao"])] = None
    product_id: Annotated[Id | None, Meta(description="The product the chat is about.")] = None
    order_id: Annotated[Id | None, Meta(description="An order the message names.")] = None
    shop_id: ShopId | None = None


class MessageFields(Said, rename={"sender": "from"}, kw_only=True):
    """A chat message."""

    user_id: Annotated[Id, Meta(description="The customer's id: not empty, without *.", examples=["tb_8812"])]


class CozeFields(Said, rename={"sender": "from"}, kw_only=True):
    """A chat message and, optionally, the bot's answer to it."""

    user_id: Annotated[
        Id | None, Meta(description="The customer's id; required unless the headers of a bot name it.")
    ] = None
    answer: Annotated[Text | None, Meta(description="The bot's reply, recorded as the next message.")] = None


class OrderFields(Struct):
    """Something that happened to an order. Events may come twice and in any order."""

    order_id: Annotated[Id, Meta(examples=["2026112400017"])]
    status: Annotated[
        Literal["created", "paid", "shipped", "received", "refunded", "cancelled"], Meta(examples=["paid"])
    ]
    user_id: Annotated[Id | None, Meta(description="The buyer's id; may be absent or masked with *.")] = None
    ts: Instant | None = None
    amount_fen: Annotated[int | str | None, Meta(description="What the buyer really pays, in fen.")] = None
    amount: Annotated[
        str | None,
        Meta(description="The same in yuan, as a text; give one of the two.", examples=["199.00"]),
    ] = None
    event_id: Annotated[Id | None, Meta(description="The event's id; by default a hash of all fields.")] = None
    part: Annotated[
        Literal["", "deposit", "balance"], Meta(description="Of a payment in parts; several payments add up.")
    ] = ""
    refund_id: Annotated[Id | None, Meta(description="Names one refund; the amount is that refund's.")] = None
    items: Annotated[list[dict[str, Any]] | None, Meta(description="What was bought, in the shop's own words.")] = None
    product_id: Id | None = None
    coupon_id: Id | None = None
    channel: Channel | None = None
    shop_id: ShopId | None = None


class LinkFields(Struct):
    """Two ids of one person. Of several links of one alias the last holds; a link to itself undoes them."""

    alias: Annotated[Id, Meta(description="Another platform's id of the person, or order:<id>.", examples=["jd_551"])]
    user_id: Annotated[Id, Meta(description="The id whose facts the alias's join.", examples=["tb_8812"])]
    link_id: Annotated[Id | None, Meta(description="Makes a repeat harmless.")] = None
    ts: Instant | None = None
    shop_id: ShopId | None = None
