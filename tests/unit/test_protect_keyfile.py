"""The key file: made once, for its owner alone, and what it encrypts opens for one shop alone."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xundan.errors import ConfigError, Rejected
from xundan.protect.keyfile import KeyFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "pii.jwk"


def test_made_for_the_owner_alone(path: Path) -> None:
    KeyFile(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_opens_again_after_a_restart(path: Path) -> None:
    token = KeyFile(path).encrypt("1024", "13800138000")
    assert KeyFile(path).decrypt("1024", token) == "13800138000"


def test_token_says_how_it_is_made(path: Path) -> None:
    token = KeyFile(path).encrypt("1024", "13800138000")
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    kid = json.loads(path.read_text())["keys"][0]["kid"]
    assert header == {"alg": "dir", "enc": "A256CBC-HS512", "kid": kid, "shop": "1024"}
    assert "13800138000" not in token


def test_many_that_start_at_once_share_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: KeyFile(path), range(16)))
    token = files[0].encrypt("s", "x")
    assert {file.decrypt("s", token) for file in files} == {"x"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_wide_permissions_are_refused_with_the_remedy(path: Path, mode: int) -> None:
    KeyFile(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"chmod 600"):
        KeyFile(path)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "kid": "a", "k": "MTIzNDU2Nzg5MDEyMzQ1Ng"}]}']
)
def test_a_file_that_is_none_is_refused(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"pii\.jwk"):
        KeyFile(path)
    assert path.read_text() == content


def test_a_path_that_cannot_be_written_is_a_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        KeyFile(tmp_path / "file" / "pii.jwk")


def test_an_old_key_still_opens_and_the_first_encrypts(path: Path, tmp_path: Path) -> None:
    old = KeyFile(path).encrypt("s", "old")
    new = tmp_path / "new.jwk"
    KeyFile(new)
    both = {"keys": json.loads(new.read_text())["keys"] + json.loads(path.read_text())["keys"]}
    path.write_text(json.dumps(both))
    rotated = KeyFile(path)
    assert rotated.decrypt("s", old) == "old"
    assert KeyFile(new).decrypt("s", rotated.encrypt("s", "new")) == "new"


def test_another_shop_another_key_or_an_altered_token_is_refused(path: Path, tmp_path: Path) -> None:
    keys = KeyFile(path)
    token = keys.encrypt("1024", "13800138000")
    head, *rest = token.split(".")
    stolen = base64.urlsafe_b64encode(base64.urlsafe_b64decode(head + "==").replace(b"1024", b"2048")).decode()
    altered = ".".join([stolen.rstrip("="), *rest])
    for shop, bad in [("2048", token), ("2048", altered), ("1024", token[:-2]), ("1024", ""), ("1024", "a.b.c.d.e")]:
        with pytest.raises(Rejected):
            keys.decrypt(shop, bad)
    with pytest.raises(Rejected):
        KeyFile(tmp_path / "other.jwk").decrypt("1024", token)
