"""The key service of the embedded profile: keys in a file that only its owner may read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from xundan.errors import ConfigError, Rejected

KEY_BYTES = 64
"""A256CBC-HS512 takes 32 bytes for the MAC and 32 for the cipher (RFC 7518, 5.2.5)."""

_ALG, _ENC = "dir", "A256CBC-HS512"
_REGISTRY = jwe.JWERegistry(algorithms=[_ALG, _ENC], strict_check_header=False)


class KeyFile:
    """`KeyService` over a file with a JWK set (RFC 7517), mode 0600, made on first use.

    New data is encrypted with the first key of the set; the others still open what they once encrypted.
    A token carries the key's id and the shop in its protected header and opens for that shop alone.

    Args:
        path: the key file.

    Raises:
        ConfigError: others may read the file, or it holds no usable key, or it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            if not path.exists():
                _create(path)
            _refuse_if_open(path)
            self._keys = _read(path)
        except OSError as error:
            raise ConfigError(f"{path}: the key file cannot be used: {error.strerror}") from None
        self._current = self._keys.keys[0]

    def encrypt(self, shop: str, plain: str) -> str:
        """A compact JWE of `plain`, bound to the shop."""
        header = {"alg": _ALG, "enc": _ENC, "kid": self._current.kid, "shop": shop}
        return jwe.encrypt_compact(header, plain.encode(), self._current, registry=_REGISTRY)

    def decrypt(self, shop: str, token: str) -> str:
        """What `encrypt` was given. Raises `Rejected` for another shop, an unknown key or an altered token."""
        try:
            opened = jwe.decrypt_compact(token, self._keys, registry=_REGISTRY)
            plain = (opened.plaintext or b"").decode()
        except (JoseError, ValueError, TypeError, KeyError):
            raise Rejected("this encrypted value does not open with the keys at hand", code="unreadable") from None
        if opened.headers().get("shop") != shop:
            raise Rejected("this encrypted value belongs to another shop", code="unreadable")
        return plain


def _create(path: Path) -> None:
    """Write a new key file in one step: it appears whole or not at all, and never replaces one that is there."""
    key = {"kty": "oct", "kid": secrets.token_hex(8), "alg": _ALG, "enc": _ENC}
    key["k"] = OctKey.import_key(secrets.token_bytes(KEY_BYTES)).as_dict(private=True)["k"]  # type: ignore[assignment]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        json.dump({"keys": [key]}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key holds
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_if_open(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(f"{path}: others may read this key file (mode {mode:04o}); run: chmod 600 {path}")


def _read(path: Path) -> KeySet:
    try:
        content: Any = json.loads(path.read_text(encoding="ascii"))
        keys = [OctKey.import_key(one) for one in content["keys"]]
    except (ValueError, TypeError, KeyError, JoseError):
        raise ConfigError(f"{path}: this is not a key file (a JWK set with keys of {KEY_BYTES} bytes)") from None
    if not keys or any(len(key.raw_value) != KEY_BYTES or not key.kid for key in keys):
        raise ConfigError(f"{path}: every key must have a kid and {KEY_BYTES} bytes")
    return KeySet([*keys])
