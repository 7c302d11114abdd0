"""An operator imports exports and chats: what is said, and when the report states a rate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli_process import SECRET, Shell

FIXTURES = Path(__file__).parents[1] / "fixtures" / "platforms"
CHATS = "user_id,text,ts,order_id\ntb_anna,这款还有吗,2026-11-01 09:00:00,\ntb_bert,在吗,2026-11-04 09:00:00,\n"
PERIOD = ("--from", "2026-11-01", "--to", "2026-11-20", "--format", "json")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\nscoring = false\n')
    shell.write("chats.csv", CHATS)
    for path in FIXTURES.iterdir():
        shutil.copy(path, tmp_path)
    return shell


def test_an_export_says_what_it_was_and_whom_it_found(shell: Shell) -> None:
    shell("import", "messages", "chats.csv")
    said = shell("import", "orders", "qianniu.csv")
    assert said.code == 0
    assert "收 57 行，重复 0 行，拒 9 行" in said.out
    assert "4 笔退款没有退款时间，按导出时间记" in said.out
    assert "22 笔订单中 3 笔找到了聊过的顾客：按买家编号 3，按聊天里的订单号 0，按账号关联 0；19 笔没有找到" in said.out
    assert "报告可能不给出转化率" in said.out
    assert "收 0 行，重复 57 行，拒 9 行" in shell("import", "orders", "qianniu.csv").out


def test_orders_without_a_buyer_wait_for_chats_and_the_report_for_them(shell: Shell) -> None:
    shell("import", "messages", "chats.csv")
    said = shell("import", "orders", "pdd.xlsx", "--format", "pdd")
    assert "按聊天里的订单号 0，按账号关联 0；28 笔没有找到" in said.out
    withheld = json.loads(shell("report", *PERIOD).out)
    assert withheld["withheld"]["reason"] == "unmatched"
    assert withheld["total"]["rates"]["paid"]["mature"]["rate"] is None
    rows = "".join(
        f"dy{n},订单到哪了,2026-11-01 12:00:00,2611{n % 20 + 1:02d}-1000000000001{n}\n" for n in range(20, 42)
    )
    shell.write("more.csv", CHATS.splitlines()[0] + "\n" + rows)
    shell("import", "messages", "more.csv")
    stated = json.loads(shell("report", *PERIOD).out)
    assert "withheld" not in stated
    assert stated["total"]["rates"]["paid"]["mature"]["rate"] is not None
    assert "按聊天里的订单号 22" in shell("import", "orders", "pdd.xlsx").out


def test_a_wrong_platform_is_one_sentence(shell: Shell) -> None:
    said = shell("import", "orders", "pdd.xlsx", "--format", "jd")
    assert said.code == 1
    assert "这不是 jd 的导出文件：缺少列" in said.err
    unknown = shell("import", "orders", "pdd.xlsx", "--format", "taobao").err
    assert "qianniu, jd, doudian, pdd, xundan" in unknown
