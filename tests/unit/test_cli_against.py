"""`xundan report --against`: the shop's own figures beside ours, each difference with its likely reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_process import SECRET, Shell

FIXTURES = Path(__file__).parents[1] / "fixtures"
CHITU = FIXTURES / "performance" / "chitu.csv"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n')
    chats = "user_id,text,ts,from\n" + "".join(
        f"u{n},在吗,2025-11-01 10:{n:02}:00,user\nu{n},在的,2025-11-01 10:{n:02}:20,agent\n" for n in range(6)
    )
    shell.write("chats.csv", chats)
    orders = "order_id,user_id,status,ts,amount\n" + "".join(
        f"o{n},u{n},created,2025-11-01 11:00:00,\no{n},u{n},paid,{day} 12:00:00,{n + 1}00.00\n"
        for n, day in enumerate(("2025-11-01", "2025-11-01", "2025-11-02", "2025-11-03"))
    )
    shell.write("orders.csv", orders)
    assert shell("import", "messages", "chats.csv").code == 0
    assert shell("import", "orders", "orders.csv").code == 0
    return shell


def test_each_difference_has_its_likely_reason(shell: Shell) -> None:
    shell.write(
        "kpi.csv",
        "日期,接待人数,询单->次日付款人数,客服销售额,客单价\n2025-11-01,6,4,300.00,88\n2025-11-02,0,0,0,\n汇总,6,4,300,\n",
    )
    said = shell("report", "--against", "kpi.csv")
    assert said.code == 0
    assert "2025-11-01 至 2025-11-02，用了 2 行，跳过汇总 1 行" in said.out
    assert "接待人数：一致" in said.out
    assert "询单->次日付款人数：按“3日付款”计是 4，最接近（差 0）；区别多半在窗口（次日 → 3日）" in said.out
    assert (
        "客服销售额：按“付款判定当日客服销售额”计是 300.00，最接近（差 0.00）；区别多半在窗口（次日 → 当日）"
        in said.out
    )
    assert "合起来看，最像" in said.out
    assert "没有对照的列：客单价" in said.out


def test_programs_get_json_and_other_names_are_mapped(shell: Shell) -> None:
    shell.write("kpi.csv", "成交人头\n3\n")
    command = ("report", "--against", "kpi.csv", "--map", "paid=成交人头", "--from", "2025-11-01", "--to", "2025-11-03")
    said = shell(*command, "--format", "json")
    made = json.loads(said.out)
    [figure] = made["figures"]
    assert (made["from"], figure["theirs"], figure["ours"]["value"], figure["ours"]["window"]) == (
        "2025-11-01",
        3,
        3,
        2,
    )
    assert shell(*command, "--format", "csv").code == 2
    assert shell("report", "--against", "kpi.csv", "--map", "money=成交人头").code == 2


def test_an_export_of_other_days(shell: Shell) -> None:
    said = shell("report", "--against", str(CHITU), "--from", "2024-01-01", "--to", "2024-01-02")
    assert said.code == 0
    assert "这段时间我们没有任何数据" in said.out
    assert shell("report", "--against", "none.csv").code == 1


def test_agents_are_added_up(shell: Shell) -> None:
    assert "一位顾客被两位客服接待会算两次" in shell("report", "--against", str(CHITU)).out
