"""Fields of what is received, one by one: each reader gives the value or raises `Rejected` with the field's name.

Forms and files have only strings, JSON has numbers too, so every field is read from either. `None` and, but for
texts, the empty string mean "not given". Reasons say what was expected, never the value: it may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from xundan.errors import Rejected

ID_CHARS = 256
CHANNEL_CHARS = 64
TEXT_CHARS = 16_000
ITEMS_BYTES = 16_000
ITEMS_DEPTH = 6
MAX_FEN = 10**13

Raw = Mapping[str, object]

_BAD_IN_ID = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BAD_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")
_encode = msgspec.json.Encoder(order="deterministic").encode


def read_text(raw: Raw, name: str) -> str:
    """The text in a field, as it came; "" is a text (a picture without words). Raises `Rejected`."""
    value = raw.get(name)
    if value is None:
        raise missing(name)
    if not isinstance(value, str):
        raise Rejected(f"{name} must be a text", field=name)
    if len(value) > TEXT_CHARS:
        raise Rejected(f"{name} must not be longer than {TEXT_CHARS} characters", field=name, code="too_large")
    if _BAD_IN_TEXT.search(value):
        raise Rejected(f"{name} must not contain NUL or lone surrogate characters", field=name)
    return value


def missing(name: str) -> Rejected:
    """The refusal of a field that is not there."""
    return Rejected(f"{name} is missing", field=name, code="missing_field")


def read_required_id(raw: Raw, name: str) -> str:
    """An id that must be there; "" where it is there but empty."""
    value = read_id(raw, name)
    if value is None and raw.get(name) is None:
        raise missing(name)
    return value or ""


def read_id(raw: Raw, name: str, limit: int = ID_CHARS) -> str | None:
    """An id, without the white space around it; a whole number counts as its text. None where none is given."""
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


def read_choice(raw: Raw, name: str, allowed: tuple[str, ...], default: str | None) -> str:
    """One of the allowed words; `default` where none is given, or a refusal where there is no default."""
    value = raw.get(name)
    if value is None or value == "":
        if default is None:
            raise missing(name)
        return default
    if value not in allowed:
        raise Rejected(f"{name} must be one of {', '.join(filter(None, allowed))}", field=name)
    return str(value)


def read_amount(raw: Raw) -> int | None:
    """Fen, from `amount_fen` or from yuan in `amount`; None where neither is given."""
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


def read_items(raw: Raw) -> list[dict[str, Any]]:
    """What was bought: objects, or their JSON text; [] where none is given."""
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
