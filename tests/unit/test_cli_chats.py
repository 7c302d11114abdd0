"""Chat records on the command line: from a file, from standard input, and what is said about them."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli_process import SECRET, Shell

RECORD = "小仙女 2025-11-01 10:00:00\n在吗\n店铺:小美 2025-11-01 10:00:09\n在的\n已读\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\nscoring = false\n')
    shell.write("chat.txt", RECORD)
    return shell


def test_a_file_and_the_same_from_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    said = shell("import", "messages", "chat.txt", "--format", "qianniu-text", "--agents", "店铺:*")
    assert said.code == 0
    assert "收 2 行，重复 0 行，拒 0 行" in said.out
    assert "顾客 1 条、客服 1 条" in said.out
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(RECORD.encode())))
    assert "收 0 行，重复 2 行，拒 0 行" in shell("import", "messages", "-").out


def test_the_clipboard(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: program if program == "xclip" else None)
    done = subprocess.CompletedProcess([], 0, stdout=RECORD.encode())
    monkeypatch.setattr("subprocess.run", lambda *arguments, **options: done)
    assert "收 2 行" in shell("import", "messages", "--paste").out


def test_without_a_clipboard_it_says_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    said = shell("import", "messages", "--paste")
    assert said.code == 1
    assert "--format qianniu-text" in said.err


def test_chats_are_messages(shell: Shell) -> None:
    assert shell("import", "orders", "chat.txt", "--format", "qianniu-text").code == 2
    assert shell("import", "messages", "chat.txt", "--format", "word").code == 2


def test_a_table_is_not_taken_for_a_record(shell: Shell) -> None:
    shell.write("table.csv", "a,b\n1,2\n")
    said = shell("import", "messages", "table.csv", "--format", "chat-text")
    assert said.code == 1
    assert "这不是聊天记录" in said.err
