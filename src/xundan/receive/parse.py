"""From a mapping as it came (JSON object, urlencoded form, row of a file) to a fact; anything wrong is `Rejected`.

The three sources share one grammar. Forms and files have only strings, JSON has numbers too, so every field is read
from either. `None` and, but for `user_id` and `text`, the empty string mean "not given"; unknown fields are ignored.
White space around ids is cut off. Reasons name the field and what was expected, never the value: it may be personal.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import msgspec

from xundan.domain.records import (
    STATUSES,
    Link,
    Message,
    OrderEvent,
    Part,
    Sender,
    Source,
    usable,
    usable_alias,
)
from xundan.domain.rules import Rules
from xundan.domain.sessions import NO_AGENT
from xundan.errors import Rejected
from xundan.receive.fields import (
    CHANNEL_CHARS,
    Raw,
    missing,
    read_amount,
    read_choice,
    read_id,
    read_items,
    read_required_id,
    read_text,
)
from xundan.receive.instants import instant

SENDERS: tuple[str, ...] = get_args(Sender)
PARTS: tuple[str, ...] = get_args(Part)

_encode = msgspec.json.Encoder(order="deterministic").encode


def parse_message(
    raw: Raw,
    *,
    shop: str,
    received: int,
    source: Source,
    rules: Rules,
    fallback_id: str | None = None,
) -> Message:
    """A chat message; its text is still raw and unscored.

    Args:
        raw: `user_id`, `text`, and optionally `conversation_id`, `message_id`, `from`, `agent_id`, `ts`, `channel`,
            `product_id`, `order_id`.
        received: when intake got it, UTC ms; a live message without `ts` happened then.
        fallback_id: the id of a message that has none; without it a random one.

    Raises:
        Rejected: code `missing_field`, `invalid_field`, `too_large`, `too_late` or `unusable_id`.
    """
    _object(raw)
    owner = read_required_id(raw, "user_id")
    if not usable(owner):
        raise _unusable("user_id")
    agent_id = read_id(raw, "agent_id")
    return Message(
        shop=shop,
        owner=owner,
        id=read_id(raw, "message_id") or fallback_id or uuid.uuid4().hex,
        ts=instant(raw.get("ts"), received=received, source=source, rules=rules),
        received=received,
        source=source,
        sender=read_choice(raw, "from", SENDERS, "user"),  # type: ignore[arg-type]  # checked by _one_of
        text=read_text(raw, "text"),
        agent_id=None if agent_id in NO_AGENT else agent_id,
        conversation_id=read_id(raw, "conversation_id"),
        channel=read_id(raw, "channel", CHANNEL_CHARS),
        product_id=read_id(raw, "product_id"),
        order_id=read_id(raw, "order_id"),
    )


def parse_exchange(
    raw: Raw,
    *,
    shop: str,
    received: int,
    source: Source,
    rules: Rules,
    fallback_id: str | None = None,
) -> list[Message]:
    """A chat message and, where the field `answer` has one, the bot's reply to it as the message 1 ms later.

    The reply's id follows from the message's, so a repeated exchange is repeated whole. Arguments and errors as for
    `parse_message`.
    """
    message = parse_message(raw, shop=shop, received=received, source=source, rules=rules, fallback_id=fallback_id)
    if raw.get("answer") in (None, ""):
        return [message]
    answer = replace(
        message,
        id=message.id + ".answer",
        ts=message.ts + 1,
        sender="bot",
        agent_id=None,
        order_id=None,
        text=read_text(raw, "answer"),
    )
    return [message, answer]


def parse_order(
    raw: Raw,
    *,
    shop: str,
    received: int,
    source: Source,
    rules: Rules,
    fallback_id: str | None = None,
) -> OrderEvent:
    """An order event. Its owner is the buyer's id as received: "" or masked where the platform names nobody.

    Args:
        raw: `order_id`, `status`, and optionally `user_id`, `ts`, `amount_fen` or `amount`, `event_id`, `part`,
            `refund_id`, `items`, `product_id`, `coupon_id`, `channel`.
        received: as for `parse_message`.
        fallback_id: the id of an event that has none; without it a hash of all its fields.

    Raises:
        Rejected: code `missing_field`, `invalid_field`, `too_large` or `too_late`.
    """
    _object(raw)
    fields: dict[str, Any] = {
        "owner": read_id(raw, "user_id") or "",
        "order_id": read_required_id(raw, "order_id") or _missing("order_id"),
        "status": read_choice(raw, "status", STATUSES, None),
        "amount_fen": read_amount(raw),
        "part": read_choice(raw, "part", PARTS, ""),
        "refund_id": read_id(raw, "refund_id"),
        "product_id": read_id(raw, "product_id"),
        "coupon_id": read_id(raw, "coupon_id"),
        "channel": read_id(raw, "channel", CHANNEL_CHARS),
        "items": read_items(raw),
    }
    ts = instant(raw.get("ts"), received=received, source=source, rules=rules)
    # An event without a time hashes without one, so that its retry is still the same event.
    given_ts = None if raw.get("ts") in (None, "") else ts
    event_id = read_id(raw, "event_id") or fallback_id or content_id({**fields, "ts": given_ts})
    return OrderEvent(shop=shop, id=event_id, ts=ts, received=received, source=source, **fields)


def parse_link(
    raw: Raw,
    *,
    shop: str,
    received: int,
    source: Source,
    rules: Rules,
    fallback_id: str | None = None,
) -> Link:
    """A link: `alias` is the same person as `user_id`; optionally `link_id` and `ts`.

    `alias` may be `order:<id>`; an alias linked to itself is from then on nobody's alias.

    Raises:
        Rejected: code `missing_field`, `invalid_field`, `too_large`, `too_late` or `unusable_id`.
    """
    _object(raw)
    alias, user_id = read_required_id(raw, "alias"), read_required_id(raw, "user_id")
    if not usable_alias(alias):
        raise _unusable("alias")
    if not usable(user_id):
        raise _unusable("user_id")
    return Link(
        shop=shop,
        owner=alias,
        id=read_id(raw, "link_id") or fallback_id or uuid.uuid4().hex,
        ts=instant(raw.get("ts"), received=received, source=source, rules=rules),
        received=received,
        source=source,
        user_id=user_id,
    )


def content_id(fields: Mapping[str, object]) -> str:
    """26 characters that name these fields whatever their order: lower-case base 32 of their BLAKE2b hash."""
    digest = hashlib.blake2b(_encode(fields), digest_size=17).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def row_id(raw: Raw, ordinal: int) -> str:
    """The id of an imported row that has none: a hash of its fields and its ordinal among equal rows of its file.

    Every value counts as its text and empty ones not at all, so that a row has one id in CSV, XLSX and JSON Lines.
    """
    try:
        given = {str(name): _as_text(value) for name, value in raw.items() if value not in (None, "")}
        return content_id({"fields": given, "ordinal": ordinal})
    except (TypeError, ValueError, RecursionError):
        raise Rejected("the row holds a value that cannot be written as JSON") from None


def _as_text(value: object) -> object:
    return value if isinstance(value, list) else str(value)


def _object(raw: object) -> None:
    if not isinstance(raw, dict | Mapping):
        raise Rejected("expected an object with named fields")


def _missing(name: str) -> str:
    raise missing(name)


def _unusable(name: str) -> Rejected:
    return Rejected(
        f"{name} must name one person: not empty, without * and not beginning with order:",
        field=name,
        code="unusable_id",
    )
