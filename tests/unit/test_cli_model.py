"""`xundan model`: what an operator sees of it, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_dirs import another, replace

from cli_process import SECRET, Shell
from xundan.understand.directory import read_directory
from xundan.understand.model import DEFAULT_MODEL

BUILT_IN = read_directory(DEFAULT_MODEL).version


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n')
    return shell


def test_a_model_is_added_activated_and_left(shell: Shell, tmp_path: Path) -> None:
    source = another(tmp_path, "one")
    assert "启用：xundan model activate one" in shell("model", "add", source).out
    assert "已启用 one" in shell("model", "activate", "one").out
    listed = shell("model", "list").out.splitlines()
    assert listed[0].startswith(f"  {BUILT_IN}")
    assert "自带" in listed[0]
    assert listed[1].startswith("* one")
    assert f"已启用 {BUILT_IN}" in shell("model", "rollback").out
    assert shell("model", "list").out.startswith(f"* {BUILT_IN}")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("add", "nowhere"), "nowhere 不是目录"),
        (("activate", "nowhere"), "没有模型 'nowhere'"),
        (("rollback",), "在这之前没有启用过别的模型"),
    ],
)
def test_what_cannot_be_done_is_said(shell: Shell, line: tuple[str, ...], sentence: str) -> None:
    said = shell("model", *line)
    assert said.code == 2
    assert sentence in said.err


def test_a_broken_model_is_refused_before_anything_changes(shell: Shell, tmp_path: Path) -> None:
    said = shell("model", "add", another(tmp_path, "one", replace("tokenizer.json", b"{}")))
    assert said.code == 2
    assert "不是可用的分词器文件" in said.err
    shell("model", "add", another(tmp_path, "two"))
    (tmp_path / "var" / "models" / "two" / "model.onnx").write_bytes(b"x")
    said = shell("model", "activate", "two")
    assert said.code == 2
    assert "SHA-256" in said.err
    listed = shell("model", "list").out
    assert listed.startswith(f"* {BUILT_IN}")
    assert "不可用" in listed


def test_model_dir_outdoes_an_activated_model(shell: Shell, tmp_path: Path) -> None:
    shell("model", "add", another(tmp_path, "one"))
    option = ("--set", f"model_dir={tmp_path / 'from-one'}")
    said = shell("model", "activate", "one", *option)
    assert said.code == 2
    assert "先去掉这项设置" in said.err
    assert "以它为准" in shell("model", "list", *option).out
    assert "*" not in shell("model", "list", *option).out
