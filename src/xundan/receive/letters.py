"""Refused input on its way to the dead letters: what it says is protected first, as everything that is kept."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

import msgspec

from xundan.domain.ports import DeadLetters
from xundan.errors import Rejected, XundanError

logger = logging.getLogger(__name__)

PII = "pii"
"""In a kept object: field name -> placeholder -> encrypted original, so that a replay has the text as it was sent."""

IDS = frozenset(
    {
        *("user_id", "conversation_id", "message_id", "agent_id", "channel", "product_id", "order_id"),
        *("event_id", "refund_id", "coupon_id", "alias", "link_id"),
    }
)
"""Fields whose value stays readable where all of it looks like a phone or a card: as an id the log keeps it too."""

_ESCAPE = re.compile(r"\\u(?!d[89a-f])([0-9a-f]{4})", re.IGNORECASE)
"""A character in JSON; halves of a pair stay as they are."""


class Protector(Protocol):
    """Replaces personal data in a text by placeholders; answers the text and the encrypted originals by placeholder."""

    def protect(self, shop: str, text: str) -> tuple[str, dict[str, str]]: ...

    def reveal(self, shop: str, text: str, pii: dict[str, str]) -> str: ...


class Refused(NamedTuple):
    """Input and why it was refused. `raw` is a mapping, or the text where it was not even an object."""

    rejected: Rejected
    raw: object


class Letters:
    """Writes dead letters. Lines refused for one and the same reason share a letter, one JSON object a line."""

    def __init__(self, dead: DeadLetters, protector: Protector) -> None:
        self.dead = dead
        self._protector = protector

    async def put(self, shop: str, source: str, refused: Iterable[Refused]) -> None:
        """As `put_now`, off the event loop."""
        await asyncio.to_thread(self.put_now, shop, source, list(refused))

    def put_now(self, shop: str, source: str, refused: Iterable[Refused]) -> None:
        """Keep what was refused; where even that cannot be written, say so in the log: the caller is answered anyway.

        Args:
            source: what it came by, as `xundan dead list` shows it and `receive.replay` reads it.
        """
        letters: dict[tuple[str, str], list[str]] = {}
        for rejected, raw in refused:
            letters.setdefault((rejected.code, rejected.reason), []).append(self._payload(shop, raw))
        for (code, reason), lines in letters.items():
            try:
                self.dead.put(shop, source, code, reason, "\n".join(lines))
            except (XundanError, OSError):
                logger.exception("a dead letter could not be kept", extra={"action": "dead_letter_failed"})

    def revealed(self, shop: str, raw: Mapping[str, object]) -> dict[str, object]:
        """An object of a letter with its texts as they were sent. Raises `Rejected` when no key opens them."""
        fields = dict(raw)
        hidden = fields.pop(PII, None)
        if not isinstance(hidden, dict):
            return fields
        for name, pii in hidden.items():
            text = fields.get(name)
            if isinstance(text, str) and isinstance(pii, dict):
                fields[name] = self._protector.reveal(shop, text, pii)
        return fields

    def _payload(self, shop: str, raw: object) -> str:
        try:
            return self._protected(shop, raw)
        except RecursionError:
            return "(nested too deeply to be kept)"

    def _protected(self, shop: str, raw: object) -> str:
        if not isinstance(raw, Mapping):
            text = _readable(raw) if isinstance(raw, str) else _json(self._without(shop, raw))
            return self._protector.protect(shop, text.replace("\n", " "))[0]
        kept: dict[str, object] = {}
        hidden: dict[str, dict[str, str]] = {}
        for given, value in raw.items():
            name = self._without(shop, given)
            if not isinstance(value, str):
                kept[name] = self._without(shop, value)
                continue
            text, pii = self._protector.protect(shop, value)
            if name in IDS and text in pii:
                text, pii = value, {}
            kept[name] = text
            if pii:
                hidden[name] = pii
        kept.pop(PII, None)
        return _json({**kept, PII: hidden} if hidden else kept)

    def _without(self, shop: str, value: Any) -> Any:
        """A nested value without the personal data in its texts and names."""
        if isinstance(value, str):
            return self._protector.protect(shop, value)[0]
        if isinstance(value, list):
            return [self._without(shop, part) for part in value]
        if isinstance(value, dict):
            return {self._without(shop, key): self._without(shop, part) for key, part in value.items()}
        return value


def _readable(text: str) -> str:
    """Broken JSON, or a broken form, without the escapes behind which a number could hide."""
    return unquote(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return "(cannot be written as JSON)"
