"""Plain values as YAML, to be read by people and imported by programs. Written only, never read.

Every scalar is in JSON's notation, which YAML 1.2 takes over whole: `no` stays a text and "200" no number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

_PLAIN_KEY = re.compile(r"[A-Za-z_/][\w./-]*")
_OTHER_THAN_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that YAML 1.1 does not read as texts."""

Value = str | int | float | bool | None | Mapping[str, "Value"] | Sequence["Value"]


def to_yaml(value: Mapping[str, Value]) -> str:
    """A document in block style, two blanks a level."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Value) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _entry(f"{_key(key)}:", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for inner in value:
            first, *rest = _lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield json.dumps(value, ensure_ascii=False)


def _entry(key: str, value: Value) -> Iterator[str]:
    first, *rest = _lines(value)
    if not isinstance(value, str) and isinstance(value, Mapping | Sequence) and value:
        yield key
        yield from (f"  {line}" for line in (first, *rest))
    else:
        yield f"{key} {first}"


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _OTHER_THAN_TEXT
    return key if plain else json.dumps(key, ensure_ascii=False)
