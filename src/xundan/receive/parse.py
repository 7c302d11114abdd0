"""From a mapping as it came (JSON object, urlencoded form, row of a file) to a fact; anything wrong is `Rejected`.

The three sources share one grammar. Forms and files have only strings, JSON has numbers too, so every field is read
from either. `None` and, but for `user_id` and `text`, the empty string mean "not given"; unknown fields are ignored.
White space around ids is cut off. Reasons name the field and what was expected, never the value: it may be personal.
"""

from __future__ import annotations

import base64
import hashlib
import re
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
from xundan.errors import Rejected
from xundan.receive.instants import instant

ID_CHARS = 256
CHANNEL_CHARS = 64
TEXT_CHARS = 16_000
ITEMS_BYTES = 16_000
ITEMS_DEPTH = 6
MAX_FEN = 10**13
SENDERS: tuple[str, ...] = get_args(Sender)
PARTS: tuple[str, ...] = get_args(Part)
NO_AGENT_IDS = frozenset({"bot", "none", "agent"})

_BAD_IN_ID = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BAD_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")
_encode = msgspec.json.Encoder(order="deterministic").encode


def parse_message(
    raw: Mapping[str, object],
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
    owner = _required_id(raw, "user_id")
    if not usable(owner):
        raise _unusable("user_id")
    agent_id = _id(raw, "agent_id")
    return Message(
        shop=shop,
        owner=owner,
        id=_id(raw, "message_id") or fallback_id or uuid.uuid4().hex,
        ts=instant(raw.get("ts"), received=received, source=source, rules=rules),
        received=received,
        source=source,
        sender=_one_of(raw, "from", SENDERS, "user"),  # type: ignore[arg-type]  # checked by _one_of
        text=message_text(raw, "text"),
        agent_id=None if agent_id in NO_AGENT_IDS else agent_id,
        conversation_id=_id(raw, "conversation_id"),
        channel=_id(raw, "channel", CHANNEL_CHARS),
        product_id=_id(raw, "product_id"),
        order_id=_id(raw, "order_id"),
    )


def parse_exchange(
    raw: Mapping[str, object],
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
        text=message_text(raw, "answer"),
    )
    return [message, answer]


def parse_order(
    raw: Mapping[str, object],
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
        "owner": _id(raw, "user_id") or "",
        "order_id": _required_id(raw, "order_id") or _missing("order_id"),
        "status": _one_of(raw, "status", STATUSES, None),
        "amount_fen": _amount(raw),
        "part": _one_of(raw, "part", PARTS, ""),
        "refund_id": _id(raw, "refund_id"),
        "product_id": _id(raw, "product_id"),
        "coupon_id": _id(raw, "coupon_id"),
        "channel": _id(raw, "channel", CHANNEL_CHARS),
        "items": _items(raw),
    }
    ts = instant(raw.get("ts"), received=received, source=source, rules=rules)
    # An event without a time hashes without one, so that its retry is still the same event.
    given_ts = None if raw.get("ts") in (None, "") else ts
    event_id = _id(raw, "event_id") or fallback_id or content_id({**fields, "ts": given_ts})
    return OrderEvent(shop=shop, id=event_id, ts=ts, received=received, source=source, **fields)


def parse_link(
    raw: Mapping[str, object],
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
    alias, user_id = _required_id(raw, "alias"), _required_id(raw, "user_id")
    if not usable_alias(alias):
        raise _unusable("alias")
    if not usable(user_id):
        raise _unusable("user_id")
    return Link(
        shop=shop,
        owner=alias,
        id=_id(raw, "link_id") or fallback_id or uuid.uuid4().hex,
        ts=instant(raw.get("ts"), received=received, source=source, rules=rules),
        received=received,
        source=source,
        user_id=user_id,
    )


def content_id(fields: Mapping[str, object]) -> str:
    """26 characters that name these fields whatever their order: lower-case base 32 of their BLAKE2b hash."""
    digest = hashlib.blake2b(_encode(fields), digest_size=17).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def row_id(raw: Mapping[str, object], ordinal: int) -> str:
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


def message_text(raw: Mapping[str, object], name: str) -> str:
    """The text in a field, as it came; "" is a text (a picture without words). Raises `Rejected`."""
    value = raw.get(name)
    if value is None:
        raise _missing_field(name)
    if not isinstance(value, str):
        raise Rejected(f"{name} must be a text", field=name)
    if len(value) > TEXT_CHARS:
        raise Rejected(f"{name} must not be longer than {TEXT_CHARS} characters", field=name, code="too_large")
    if _BAD_IN_TEXT.search(value):
        raise Rejected(f"{name} must not contain NUL or lone surrogate characters", field=name)
    return value


def _object(raw: object) -> None:
    if not isinstance(raw, dict | Mapping):
        raise Rejected("expected an object with named fields")


def _missing_field(name: str) -> Rejected:
    return Rejected(f"{name} is missing", field=name, code="missing_field")


def _missing(name: str) -> str:
    raise _missing_field(name)


def _unusable(name: str) -> Rejected:
    return Rejected(
        f"{name} must name one person: not empty, without * and not beginning with order:",
        field=name,
        code="unusable_id",
    )


def _required_id(raw: Mapping[str, object], name: str) -> str:
    value = _id(raw, name)
    if value is None and raw.get(name) is None:
        raise _missing_field(name)
    return value or ""


def _id(raw: Mapping[str, object], name: str, limit: int = ID_CHARS) -> str | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63:
        return str(value)
    if not isinstance(value, str):
        raise Rejected(f"{name} must be a text", field=name)
    value = value.strip()
    if len(value) > limit:
        raise Rejected(f"{name} must not be longer than {limit} characters", field=name, code="too_large")
    if _BAD_IN_ID.search(value):
        raise Rejected(f"{name} must not contain control or lone surrogate characters", field=name)
    return value or None


def _one_of(raw: Mapping[str, object], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = raw.get(name)
    if value is None or value == "":
        if default is None:
            raise _missing_field(name)
        return default
    if value not in allowed:
        raise Rejected(f"{name} must be one of {', '.join(filter(None, allowed))}", field=name)
    return str(value)


def _amount(raw: Mapping[str, object]) -> int | None:
    fen, yuan = raw.get("amount_fen"), raw.get("amount")
    has_fen, has_yuan = fen not in (None, ""), yuan not in (None, "")
    if has_fen and has_yuan:
        raise Rejected("give either amount_fen or amount, not both", field="amount")
    if has_fen:
        return _fen(fen)
    return _yuan(yuan) if has_yuan else None


def _fen(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) <= 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_FEN:
        raise Rejected("amount_fen must be a whole number of fen, not negative", field="amount_fen")
    return value


def _yuan(value: object) -> int:
    if isinstance(value, int | float):
        raise Rejected(
            'amount must be a text of yuan such as "199.00": a bare number could be yuan or fen; '
            "send whole fen as amount_fen",
            field="amount",
        )
    match = _YUAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Rejected('amount must be a text of yuan with at most two decimals, such as "199.00"', field="amount")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _items(raw: Mapping[str, object]) -> list[dict[str, Any]]:
    value = raw.get("items")
    if value is None or value == "":
        return []
    try:
        encoded = value.encode() if isinstance(value, str) else _encode(value)
        items = msgspec.json.decode(encoded)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        raise Rejected("items must be a list of objects", field="items") from None
    if len(encoded) > ITEMS_BYTES:
        raise Rejected(f"items must not be longer than {ITEMS_BYTES} bytes", field="items", code="too_large")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Rejected("items must be a list of objects", field="items")
    if b"\\u0000" in encoded or _deeper(items, ITEMS_DEPTH):
        raise Rejected(f"items must not contain NUL nor nest deeper than {ITEMS_DEPTH} levels", field="items")
    return items


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper(part, levels - 1) for part in value)
