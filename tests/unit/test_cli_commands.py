"""Commands as an operator meets them: help with an example, data in and out, and one sentence for whatever is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import SECRET, Shell, xundan

COMMANDS = (
    *(("serve",), ("demo",), ("init",), ("settings",), ("token",), ("doctor",), ("version",), ("report",), ("tail",)),
    *(("import",), ("replay",), ("simulate",), ("rebuild",), ("dead", "list"), ("dead", "show"), ("dead", "replay")),
    *(("evaluate",), ("classify",), ("label",), ("label", "import"), ("label", "export"), ("label", "draw")),
    *(("model", "list"), ("model", "add"), ("model", "activate"), ("model", "rollback")),
)
MESSAGES = (
    "user_id,text,ts,from\n"
    "u1,这款还有黑色吗,2026-11-02 10:00:00,user\n"
    "u1,有的,2026-11-02 10:00:30,bot\n"
    "u1,我的手机13800138000,2026-11-02 10:01:00,user\n"
)
ORDERS = (
    "order_id,user_id,status,ts,amount\no1,u1,created,2026-11-02 10:05:00,\no1,u1,paid,2026-11-02 10:06:00,199.00\n"
)
BAD = "user_id,text,ts\n张*,你好,2026-11-02 10:00:00\nu2,13900139000,不是时间\nu3,在吗,2026-11-02 11:00:00\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n')
    shell.write("messages.csv", MESSAGES)
    shell.write("orders.csv", ORDERS)
    shell.write("bad.csv", BAD)
    return shell


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_an_example(shell: Shell, command: tuple[str, ...]) -> None:
    said = shell(*command, "--help")
    assert said.code == 0
    assert re.search(r"(Example: |例：)xundan " + " ".join(command), said.out)
    for option in ("--config", "--lang", "--set"):
        assert option in said.out


def test_help_speaks_both_languages(tmp_path: Path) -> None:
    chinese, english = xundan("--help", cwd=tmp_path), xundan("--lang", "en", "--help", cwd=tmp_path)
    assert "用法：" in chinese.out
    assert "启动服务" in chinese.out
    assert "Usage:" in english.out
    assert not re.search(r"[\u4e00-\u9fff]", english.out)


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, contextlib, io; from xundan.cli import run\n"
        "with contextlib.redirect_stdout(io.StringIO()): run(['--help'])\n"
        "heavy = ('rich', 'fastapi', 'uvicorn', 'numpy', 'onnxruntime', 'joserfc', 'sqlite3')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("frob",), "没有命令 frob"),
        (("report", "--form", "x"), "没有选项 --form"),
        (("serve", "--port", "abc"), "--port"),
        (("import",), "缺少参数"),
        (("import", "cats", "x.csv"), "kind 应为以下之一：messages, orders, links，而不是 'cats'"),
        (("import", "messages"), "要导入哪个文件"),
        (("report", "--format", "pdf"), "format 应为以下之一：text, json, csv，而不是 'pdf'"),
        (("dead", "replay"), "重放哪些"),
        (("dead", "replay", "1", "--all"), "重放哪些"),
    ],
)
def test_what_was_asked_wrongly_is_one_sentence_and_code_2(shell: Shell, line: tuple[str, ...], sentence: str) -> None:
    said = shell(*line)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert sentence in said.err


def test_before_anything_came_reading_says_so(shell: Shell) -> None:
    for command in ("report", "tail"):
        said = shell(command)
        assert (said.code, said.out) == (1, "")
        assert "还没有数据" in said.err
    assert shell("dead", "list").out == "没有被拒收的数据\n"


def test_imports_are_counted_reported_and_shown_without_personal_data(shell: Shell) -> None:
    assert shell("import", "messages", "messages.csv").out == "messages.csv：收 3 行，重复 0 行，拒 0 行\n"
    assert shell("import", "messages", "messages.csv").out == "messages.csv：收 0 行，重复 3 行，拒 0 行\n"
    assert shell("import", "orders", "orders.csv").code == 0
    asked = ("report", "--from", "2026-11-01", "--to", "2026-11-03", "--as-of", "2026-11-20")
    report = json.loads(shell(*asked, "--format", "json").out)
    assert report["total"]["figures"]["inquiries"] == 1
    assert report["total"]["figures"]["converted"]["paid"][0] == 1
    assert report["total"]["figures"]["sales"]["paid"]["total"]["fen"] == 19_900
    assert "100.0%" in shell(*asked).out
    assert len(list(csv.reader(io.StringIO(shell(*asked, "--format", "csv").out)))) > 1
    lines = shell("tail", "-n", "2").out.splitlines()
    assert lines[0] == "11-02 10:00:30  u1  机器人  有的"
    assert lines[1] == "11-02 10:01:00  u1  顾客  我的手机[手机号1]  [待打分]"


def test_refused_rows_are_kept_with_their_reasons_and_can_be_replayed(shell: Shell) -> None:
    said = shell("import", "messages", "bad.csv")
    assert said.code == 0
    assert "收 1 行，重复 0 行，拒 2 行" in said.out
    rejects = (shell.directory / "bad.csv.rejects.csv").read_text(encoding="utf-8-sig")
    assert "必须对应一个人" in rejects
    assert "看不懂" in rejects
    listed = shell("dead", "list").out
    assert len(listed.splitlines()) == 2
    assert "unusable_id" in listed
    shown = "".join(shell("dead", "show", number).out for number in (1, 2))
    assert "13900139000" not in shown
    assert "[手机号1]" in shown
    said = shell("dead", "replay", "--all", "--yes")
    assert said.code == 1
    assert "重放成功 0 条，仍有问题 2 条" in said.out
    assert len(shell("dead", "list").out.splitlines()) == 2
    assert shell("dead", "show", "99").code == 1


def test_replay_asks_first_and_takes_what_has_been_put_right(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from xundan.settings import load
    from xundan.wiring import open_letters, open_services

    settings = load(Path("xundan.toml"))
    with open_services(settings):
        pass
    with open_letters(settings) as letters:
        payload = json.dumps({"user_id": "u9", "text": "在吗", "ts": "2026-11-02 10:00:00"})
        letters.dead.put("1024", "messages:import", "invalid_field", "was wrong once", payload)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert shell("dead", "replay", "1").code == 130
    assert len(shell("dead", "list").out.splitlines()) == 1
    said = shell("dead", "replay", "1", "--yes")
    assert (said.code, said.out) == (0, "重放成功 1 条，仍有问题 0 条\n")
    assert shell("dead", "list").out == "没有被拒收的数据\n"
    assert "u9" in shell("tail").out


def test_a_file_that_cannot_be_read_costs_the_others_nothing(shell: Shell) -> None:
    said = shell("import", "messages", "nothing.csv", "messages.csv")
    assert said.code == 1
    assert "messages.csv：收 3 行" in said.out
    assert said.err == "错误：nothing.csv：没有这个文件\n"


@pytest.mark.parametrize(("kind", "form"), [("messages", "csv"), ("orders", "jsonl"), ("links", "xlsx")])
def test_a_template_can_be_imported_as_it_is(shell: Shell, kind: str, form: str) -> None:
    command = [sys.executable, "-m", "xundan", "import", kind, "--template", form]
    made = subprocess.run(command, cwd=shell.directory, capture_output=True, check=True).stdout
    (shell.directory / f"t.{form}").write_bytes(made)
    said = shell("import", kind, f"t.{form}")
    assert said.code == 0
    assert re.search(r"收 [1-9]\d* 行，重复 0 行，拒 0 行", said.out)


def test_a_rebuild_finds_what_was_kept_and_mends_what_has_drifted(shell: Shell) -> None:
    shell("import", "messages", "messages.csv")
    assert "逐字节一致" in shell("rebuild", "--check").out
    with sqlite3.connect("var/store.db") as store:
        table = store.execute("SELECT name FROM sqlite_master WHERE name LIKE 'cube%'").fetchone()[0]
        store.execute(f"UPDATE {table} SET n = n + 1")
    store.close()
    assert shell("rebuild", "--check").code == 1
    assert shell("rebuild", "--yes").code == 0
    assert shell("rebuild", "--check").code == 0


def test_figures_of_other_settings_are_not_shown_as_if_of_these(shell: Shell) -> None:
    shell("import", "messages", "messages.csv")
    for command in (("report",), ("import", "messages", "messages.csv"), ("serve",)):
        said = shell(*command, "--set", "session_gap_min=10")
        assert said.code == 2
        assert "xundan rebuild" in said.err
    assert "按另外的设置算的" in shell("doctor", "--set", "session_gap_min=10").out
    assert shell("rebuild", "--yes", "--set", "session_gap_min=10").code == 0
    assert shell("report", "--set", "session_gap_min=10").code == 0


def test_simulate_writes_the_same_shop_for_the_same_seed(shell: Shell) -> None:
    for folder in ("a", "b"):
        line = ("simulate", "--out", folder, "--days", "2", "--customers", "3", "--seed", "5", "--end", "2026-11-20")
        assert shell(*line).code == 0
    for name in ("messages.jsonl", "orders.jsonl", "links.jsonl", "truth.json"):
        assert (shell.directory / "a" / name).read_bytes() == (shell.directory / "b" / name).read_bytes()
    assert shell("import", "messages", "a/messages.jsonl").code == 0
    assert "拒 0 行" in shell("import", "orders", "a/orders.jsonl").out
    assert "days" in shell("simulate", "--out", "c", "--days", "0").err


def test_a_fault_of_ours_shows_neither_a_trace_nor_the_customers_words(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("我的手机13800138000")

    monkeypatch.setattr("xundan.tail.show", broken)
    said = shell("tail")
    assert said.code == 1
    assert "ValueError" in said.err
    assert "13800138000" not in said.err
    assert "Traceback" not in said.err


def test_version(shell: Shell) -> None:
    assert re.match(r"xundan \d+\.\d+", shell("version").out)
