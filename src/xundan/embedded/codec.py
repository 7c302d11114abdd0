"""Facts and documents as JSON.

A fact is `{"v": 1, "message" | "order" | "link": {...}}` with the field names of `domain.records`. A document has the
camelCase names that an analyst's script expects (`_id`, `shopId`, `userId`, `from`); what is missing is null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

import msgspec

from xundan.domain.effects import Conversation, Order
from xundan.domain.ports import CubeRow, Logged
from xundan.domain.records import Fact, Link, Message, OrderEvent
from xundan.errors import Rejected, XundanError

FACT_VERSION = 1

T = TypeVar("T")


class _Envelope(msgspec.Struct, omit_defaults=True):
    v: int
    message: Message | None = None
    order: OrderEvent | None = None
    link: Link | None = None


class _Version(msgspec.Struct):
    v: int


_encode = msgspec.json.Encoder().encode
_decode_one = msgspec.json.Decoder(_Envelope).decode
_decode_many = msgspec.json.Decoder(list[tuple[int, _Envelope]]).decode
_decode_raw = msgspec.json.Decoder(list[tuple[int, msgspec.Raw]]).decode
_decode_version = msgspec.json.Decoder(_Version).decode


def encode_fact(fact: Fact) -> str:
    """A fact as JSON. Raises `Rejected` for what JSON cannot carry, e.g. half a surrogate pair."""
    try:
        if isinstance(fact, Message):
            envelope = _Envelope(FACT_VERSION, message=fact)
        elif isinstance(fact, OrderEvent):
            envelope = _Envelope(FACT_VERSION, order=fact)
        else:
            envelope = _Envelope(FACT_VERSION, link=fact)
        return _encode(envelope).decode()
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Rejected("the fact holds a value that cannot be written as JSON") from None


def decode_fact(data: str | bytes) -> Fact:
    """The fact of `encode_fact`. Raises `XundanError` naming the version where it is newer than this program."""
    try:
        return _fact(_decode_one(data))
    except msgspec.MsgspecError as error:
        _refuse_newer(data)
        raise XundanError(f"a logged fact cannot be read: {error}") from None


def decode_logged(data: str) -> list[Logged]:
    """Entries written as `[[offset, fact], ...]`. Raises `XundanError` naming the offset of what cannot be read."""
    try:
        return [Logged(offset, _fact(envelope)) for offset, envelope in _decode_many(data)]
    except (msgspec.MsgspecError, XundanError):
        return [Logged(offset, _decode_at(offset, raw)) for offset, raw in _decode_raw(data)]


def _decode_at(offset: int, raw: msgspec.Raw) -> Fact:
    try:
        return decode_fact(bytes(raw))
    except XundanError as error:
        raise XundanError(f"offset {offset}: {error}") from None


def _fact(envelope: _Envelope) -> Fact:
    if envelope.v > FACT_VERSION:
        raise _newer(envelope.v)
    fact = envelope.message or envelope.order or envelope.link
    if fact is None:
        raise XundanError("a logged fact cannot be read: it is no message, order or link")
    return fact


def _refuse_newer(data: str | bytes) -> None:
    try:
        version = _decode_version(data).v
    except msgspec.MsgspecError:
        return
    if version > FACT_VERSION:
        raise _newer(version)


def _newer(version: int) -> XundanError:
    return XundanError(
        f"the log holds facts of schema version {version}, this Xundan knows {FACT_VERSION}: upgrade Xundan"
    )


class _Documents(Generic[T]):
    """Reads and writes records of one type under their names on disk."""

    def __init__(self, record: Callable[..., T], **names: str) -> None:
        hints = get_type_hints(record)
        declared = fields(record)  # type: ignore[arg-type]  # a dataclass
        self._list: type[list[T]] = list[record]  # type: ignore[valid-type]  # it is a type
        self._values = attrgetter(*(f.name for f in declared))
        self._struct = msgspec.defstruct(
            f"{getattr(record, '__name__', '')}Document",
            [_struct_field(f.name, hints[f.name], f) for f in declared],
            rename={f.name: names.get(f.name) or _camel(f.name) for f in declared},
            omit_defaults=True,
        )
        self._decode_list = msgspec.json.Decoder(list[self._struct]).decode  # type: ignore[name-defined]  # made above
        self._decode_groups = msgspec.json.Decoder(list[tuple[str, list[self._struct]]]).decode  # type: ignore[name-defined]

    def encode(self, record: T) -> str:
        return _encode(self._struct(*self._values(record))).decode()

    def encode_list(self, records: list[T]) -> str:
        return _encode([self._struct(*self._values(record)) for record in records]).decode()

    def decode_list(self, data: str) -> list[T]:
        return self._records(self._decode_list(data))

    def decode_groups(self, data: str) -> dict[str, list[T]]:
        """`[[name, [doc, ...]], ...]` as lists by name; a name that comes again goes on."""
        groups: dict[str, list[T]] = {}
        for name, docs in self._decode_groups(data):
            groups.setdefault(name, []).extend(self._records(docs))
        return groups

    def _records(self, docs: list[Any]) -> list[T]:
        return msgspec.convert(docs, self._list, from_attributes=True)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _struct_field(name: str, hint: Any, declared: Any) -> tuple[Any, ...]:
    if declared.default is not MISSING:
        return (name, hint, declared.default)
    if declared.default_factory is not MISSING:
        return (name, hint, msgspec.field(default_factory=declared.default_factory))
    return (name, hint)


conversations = _Documents(Conversation, id="_id", shop="shopId")
messages = _Documents(Message, shop="shopId", sender="from")
orders = _Documents(Order, shop="shopId")


class DumpRow(NamedTuple):
    """A cube row with its grouping."""

    grouping: str
    day: int
    family: str
    value: str
    lag: int
    lag2: int
    n: int
    fen: int
    refunded: int


decode_cube = msgspec.json.Decoder(list[CubeRow]).decode
decode_dump = msgspec.json.Decoder(list[DumpRow]).decode
decode_texts = msgspec.json.Decoder(list[str]).decode
decode_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


def encode_texts(texts: list[str]) -> str:
    return _encode(texts).decode()
