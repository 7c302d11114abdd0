"""`xundan try`: an answer from two files without settings, an explanation where there is none, nothing left behind."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_process import Shell, xundan

FIXTURES = Path(__file__).parents[1] / "fixtures"
ORDERS = FIXTURES / "trial" / "orders.csv"
RECORD = FIXTURES / "chats" / "qianniu.txt"
FAST = ("--set", "scoring=false")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    return Shell(tmp_path / "here", monkeypatch, capsys)


def test_two_files_are_enough_and_nothing_is_left(shell: Shell, tmp_path: Path) -> None:
    began = time.monotonic()
    said = shell("try", str(ORDERS), str(RECORD), "--agents", "暖杯旗舰店:*")
    assert said.code == 0
    assert time.monotonic() - began < 20
    assert "找到聊天的订单 2 笔（66.7%），没找到 1 笔" in said.out
    assert "按顾客编号 1 笔，按聊天里的订单号 1 笔" in said.out
    assert "咨询 3 → 接待 3 → 询单" in said.out
    assert "95% 区间" in said.out
    assert "缺少时间 ts" in said.out
    assert "区间很宽" in said.out
    assert list((tmp_path / "temporary").iterdir()) == []
    assert list((tmp_path / "here").iterdir()) == []


def test_english_is_spoken(tmp_path: Path) -> None:
    said = xundan("try", ORDERS, RECORD, "--lang", "en", *FAST, cwd=tmp_path)
    assert "2 orders found a chat (66.7%), 1 did not" in said.out


def test_kept_data_can_be_reported_on(shell: Shell, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert shell("try", str(ORDERS), str(RECORD), "--keep", str(kept), *FAST).code == 0
    said = shell("report", "--config", str(kept / "xundan.toml"), "--from", "2025-10-31", "--to", "2025-11-02")
    assert "询单转化报告" in said.out
    assert shell("try", str(ORDERS), str(RECORD), "--keep", str(kept)).code == 2


def head(amount: str = "") -> str:
    return f"order_id,user_id,status,ts{amount}\n"


def messages(*rows: str) -> str:
    return "user_id,text,ts,from\n" + "".join(f"{row}\n" for row in rows)


TALK = messages("u1,在吗,2025-11-01 10:00:00,user", "u1,在的,2025-11-01 10:00:09,agent")


@pytest.mark.parametrize(
    ("orders", "chats", "sentence"),
    [
        (head() + "o1,x9,paid,2025-11-01 11:00:00\n", TALK, "像是两套编号"),
        (head() + "o1,t**9,paid,2025-11-01 11:00:00\n", TALK, "没有买家编号，或编号带星号"),
        (head() + "o1,x9,paid,2025-12-01 11:00:00\n", TALK, "不是同一段时间"),
        (head() + "o1,u1,paid,2025-11-01\n", TALK, "订单只有日期"),
        (head() + "o1,u1,created,2025-11-01 11:00:00\n", TALK, "订单里没有已付款的"),
        (head() + "o1,u1,paid,\n", TALK, "没有可用的订单"),
        (head() + "o1,u1,paid,2025-11-01 11:00:00\n", messages("u*,在吗,2025-11-01 10:00:00,user"), "没有可用的聊天"),
        (head() + "o1,u1,paid,2025-11-01 11:00:00\n", messages("u1,在吗,2025-11-01 10:00:00,user"), "接待为 0"),
        (head() + "o1,u1,paid,2025-11-01 11:00:00\n", messages("u1,在,2025-11-01 10:00:00,agent"), "没有顾客的话"),
        (
            head() + "o1,u1,paid,2025-11-01 11:00:00\n",
            messages(
                *(f"u1,第{n}句,2025-11-01 10:00:{n:02},user" for n in range(25)), "u2,在吗,2025-11-01 12:00:00,user"
            ),
            "96.2% 的消息属于同一位顾客",
        ),
    ],
)
def test_what_the_data_do_not_allow_is_explained(shell: Shell, orders: str, chats: str, sentence: str) -> None:
    shell.write("orders.csv", orders)
    shell.write("chats.csv", chats)
    said = shell("try", "orders.csv", "chats.csv", *FAST)
    assert said.code == 0
    assert sentence in said.out


def test_a_rate_without_overlap_is_withheld(shell: Shell) -> None:
    shell.write("orders.csv", head() + "o1,x9,paid,2025-11-01 11:00:00\n")
    shell.write("chats.csv", TALK)
    said = shell("try", "orders.csv", "chats.csv", *FAST)
    assert "所以不给" in said.out
    assert "95% 区间" not in said.out


def test_ten_customers_of_high_intent_without_an_order(shell: Shell, capped: Callable[[], list[str]]) -> None:
    assert len(capped()) == 10


@pytest.fixture
def capped(shell: Shell) -> Callable[[], list[str]]:
    def tried() -> list[str]:
        shell.write("orders.csv", head() + "o0,u0,paid,2025-11-01 11:00:00\n")
        rows = [f"u{n},我要下单，怎么付款，现在拍下今天能发货吗,2025-11-01 10:{n:02}:00,user" for n in range(14)]
        shell.write("chats.csv", messages(*(row.replace("，怎", " 怎").replace("，现", " 现") for row in rows)))
        said = shell("try", "orders.csv", "chats.csv", "--set", "threshold=0.01")
        assert " u0  " not in said.out
        return [line for line in said.out.splitlines() if "2025-11-01 10:" in line]

    return tried


def test_an_export_of_a_platform(shell: Shell) -> None:
    shell.write("chat.txt", "tb_anna 2026-11-01 09:50:00\n有货吗\n店铺:小美 2026-11-01 09:50:20\n有的\n")
    said = shell("try", str(FIXTURES / "platforms" / "qianniu.csv"), "chat.txt", "--set", "min_overlap=0.01", *FAST)
    assert said.code == 0
    assert "95% 区间" in said.out
    assert "按顾客编号 0 笔" not in said.out


def test_a_file_that_is_not_there(shell: Shell) -> None:
    said = shell("try", "orders.csv", str(RECORD), *FAST)
    assert said.code == 1
    assert "没有这个文件" in said.out
