"""xundan doctor: each thing that can be wrong is found, and the advice goes with it."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli_process import SECRET, Shell
from xundan import doctor, words
from xundan.doctor import Finding
from xundan.domain.ports import Question, Scored
from xundan.errors import XundanError
from xundan.serve import free_port
from xundan.settings import Settings


@pytest.fixture(autouse=True)
def chinese() -> None:
    words.use("zh")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir(mode=0o700)
    secret = {"default": SECRET}
    return Settings(shop_id="1024", coze_secret=secret, data_dir=tmp_path / "data", port=free_port(0))


def levels(found: Iterator[Finding]) -> list[str]:
    return [finding.level for finding in found]


def test_a_fresh_shop_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path, monkeypatch, capsys)
    assert shell("init").code == 0
    said = shell("doctor", "--set", f"port={free_port(0)}")
    assert said.code == 0
    assert "✗" not in said.out
    assert "一切正常" in said.out


def test_settings_that_cannot_be_read_are_the_only_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Shell(tmp_path, monkeypatch, capsys)("doctor")
    assert said.code == 1
    assert said.out.startswith("✗ 缺少设置 shop_id")
    assert "→" in said.out


@pytest.mark.parametrize(
    ("secret", "level"),
    [("a" * 31, "fail"), ("a" * 40, "warn"), (SECRET, "ok"), ("询单" * 5, "fail"), ("询" * 11, "warn")],
)
def test_a_weak_secret_is_found(settings: Settings, secret: str, level: str) -> None:
    assert levels(doctor.secrets(replace(settings, coze_secret={"k": secret}))) == [level]


def test_every_failure_and_warning_says_what_to_do(settings: Settings) -> None:
    finding = next(doctor.secrets(replace(settings, coze_secret={"k": "short"})))
    assert "5 字节" in finding.what
    assert "openssl" in finding.advice


def test_a_file_with_secrets_that_others_read_is_found(settings: Settings) -> None:
    config = settings.data_dir / "xundan.toml"
    config.write_text("")
    config.chmod(0o644)
    finding = next(doctor.findings(config, lambda: settings))
    assert finding.level == "ok"
    assert f"chmod 600 {config}" in [f.advice for f in doctor.findings(config, lambda: settings)][2]


def test_little_room_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((10_000_000, "fail"), (900_000_000, "warn"), (90_000_000_000, "ok")):
        usage = shutil.disk_usage("/")._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        assert levels(doctor.folder(settings)) == ["ok", level]


def test_a_folder_that_cannot_be_written_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert levels(doctor.folder(settings)) == ["fail"]


def test_a_clock_that_cannot_be_right_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(doctor.clock(settings)) == ["ok"]
    monkeypatch.setattr("time.time", lambda: 1_500_000_000.0)
    assert levels(doctor.clock(settings)) == ["fail"]


def test_a_key_file_that_others_read_is_found(settings: Settings) -> None:
    assert levels(doctor.keys(settings)) == ["ok"]
    path = settings.data_dir / "keys.json"
    path.write_text("{}")
    path.chmod(0o644)
    found = list(doctor.findings(Path("none"), lambda: settings))
    assert any(f.level == "fail" and f"chmod 600 {path}" in f.what for f in found)


@pytest.mark.parametrize(
    ("messages", "busiest", "level"), [(100, 21, "warn"), (100, 20, "ok"), (99, 99, None), (10_000, 2_001, "warn")]
)
def test_one_id_with_too_many_messages_is_found(messages: int, busiest: int, level: str | None) -> None:
    found = list(doctor.users(messages, [("op", busiest)]))
    assert [f.level for f in found] == ([level] if level else [])
    if level == "warn":
        assert "Coze" in found[0].advice


@pytest.mark.parametrize("name", ["log.db", "labels.db"])
def test_a_damaged_database_is_found(settings: Settings, name: str) -> None:
    from xundan.wiring import open_labels, open_services

    with open_services(replace(settings, scoring=False)), open_labels(settings) as labels:
        labels.add("1024", [])
    assert levels(doctor.data(settings))[0] == "ok"
    path = settings.data_dir / name
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    found = list(doctor.findings(Path("none"), lambda: settings))
    assert any(f.level == "fail" and ("损坏" in f.what or name in f.what) for f in found)


class Model:
    version = "test-1"

    def classify(self, questions: list[Question]) -> list[Scored]:
        return [Scored("price_query", 0.9, self.version) for _ in questions]


def test_the_model_is_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xundan.serving.open_classifier", lambda _: Model())
    assert "test-1" in next(doctor.model(settings)).what

    def absent(_: Settings) -> None:
        raise XundanError("there is no model here")

    monkeypatch.setattr("xundan.serving.open_classifier", absent)
    found = list(doctor.findings(Path("none"), lambda: settings))
    assert any(f.level == "fail" and "no model" in f.what for f in found)
    assert levels(doctor.model(replace(settings, scoring=False))) == ["warn"]


def test_one_look_that_breaks_does_not_hide_the_others(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xundan.serving.open_classifier", lambda _: 1 / 0)
    found = list(doctor.findings(Path("none"), lambda: settings))
    assert any(f.level == "fail" and "ZeroDivisionError" in f.what for f in found)
    assert "空闲" in found[-1].what


def test_a_taken_port_is_found(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.port)), pytest.raises(XundanError, match="不能监听"):
        list(doctor.network(settings))
