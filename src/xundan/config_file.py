"""Writing `xundan.toml`."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from xundan.errors import ConfigError

SECRET_BYTES = 48


def new_secret() -> str:
    """A secret that signs tokens: 48 random bytes, 64 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def toml_lines(values: Mapping[str, str]) -> str:
    """`name = "value"` a line. Raises `ConfigError` for a text that does not fit on a line."""
    for name, value in values.items():
        if not value.isprintable() or not value.strip():
            raise ConfigError(f"command line: {name} must be a text, not {value!r}")
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (0600 from the first byte on)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
