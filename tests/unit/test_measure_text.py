from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure_fakes import DIMS, FIRST, LAST, FakeStore, cells, conversation, helped, inquiry, query, sale, together
from rich.cells import cell_len

from xundan.domain.calendar import day_start
from xundan.domain.cells import Amount, Cell, Contributions
from xundan.domain.records import INTENTS
from xundan.domain.rules import SALE_RULES, Rules
from xundan.measure.intervals import wilson
from xundan.measure.layout import bar, clean, scale, wrap
from xundan.measure.names import value_name
from xundan.measure.query import BY, UNITS
from xundan.measure.render import to_text
from xundan.measure.report import build

RULES = Rules()
NOON = day_start(LAST, RULES.zone) + 12 * 3_600_000
Lang = Literal["zh", "en"]
CELLS = together(
    [
        *[inquiry(FIRST, DIMS[0], ordered=0, paid=1) for _ in range(45)],
        *[inquiry(FIRST + 1, DIMS[1]) for _ in range(55)],
        *[inquiry(LAST, DIMS[1], paid=0) for _ in range(4)],
        *[inquiry(LAST, DIMS[1]) for _ in range(3)],
        *[sale(FIRST + 1, lag=1, fen=123_456) for _ in range(10)],
        *[sale(FIRST + 1, lag=15, fen=50_000) for _ in range(3)],
        sale(FIRST + 2, lag=-1, fen=990),
        sale(LAST, lag=0, fen=20_000, refunded=5_000),
        helped(FIRST, "小张", 1),
        conversation(FIRST, ordered=True),
        {Cell("refunds", LAST): Amount(1, 0, 5_000)},
    ]
)


def text(given: Contributions = CELLS, lang: Lang = "zh", width: int = 80, color: bool = False, **changes: Any) -> str:
    made = build(query(**({"as_of": NOON} | changes)), FakeStore(given, 48_213), RULES, made_at=NOON)
    return to_text(made, lang, width, color=color)


def line(found: str, start: str) -> list[str]:
    """The words of the first line that begins so."""
    return next(line for line in found.splitlines() if line.strip().startswith(start)).split()


def test_the_picture_of_the_readme() -> None:
    lines = text().splitlines()
    assert lines[0] == " 询单转化报告 · 店铺 1024" + " " * 31 + "2026-11-01 至 2026-11-10"
    assert lines[1] == " 付款判定 · 次日窗口 · 按日期 · 统计至 2026-11-10 12:00（Asia/Shanghai）"
    assert lines[3:6] == [
        " 询单→次日付款转化率  45.0%  95% 区间 35.6%–54.8%",
        " 已成熟的 8 天里，100 人天询单中有 45 人天在次日内付款：每 100 个询单约 45 个付",
        " 款，真实水平有 95% 的把握在 35.6% 到 54.8% 之间。",
    ]
    assert lines[7].split() == ["日期", "咨询", "接待", "询单", "付款", "转化率", "95%区间", "0–100%", "客服销售额"]
    assert set(lines[8].strip()) == {"─"}


def test_a_day_shows_its_counts_rate_interval_bar_and_sales() -> None:
    found = line(text(), "11-02 一")
    assert found[:8] == ["11-02", "一", "55", "55", "55", "0", "0.0%", "0.0–6.5"]
    assert set(found[8]) == {"░"}
    assert found[9] == "12,345.60"
    assert set(line(text(), "11-01 日")[8]) == {"█", "▓"}


def test_the_total_is_of_mature_days_and_the_immature_ones_stand_below_it() -> None:
    found = text()
    assert line(found, "合计人天")[1:7] == ["100", "100", "100", "45", "45.0%", "35.6–54.8"]
    assert line(found, "延迟统计 ")[1:7] == ["7", "7", "7", "4", "57.1%", "25.0–84.2"]
    below = found.index("延迟统计：窗口未满，仍会变动，不计入合计")
    assert found.index("合计人天") < below < found.index("11-10 二")
    assert line(found, "11-10 二")[-1] == "200.00*"
    assert "* 延迟统计：这一天的销售额仍会变动" in found


def test_all_four_rates_stand_under_their_trade_names_with_their_window() -> None:
    found = text(window=1)
    for name in ("询单→当日下单转化率", "询单→当日付款转化率", "询单→最终付款转化率（当日下单）"):
        assert name in found
    assert "询单→最终付款未退转化率（当日下单）" in text(window=1)
    assert "询单→3日付款转化率" in text(window=3)
    assert line(text(), "询单→次日下单转化率")[1:] == ["8天", "45/100", "45.0%", "35.6%–54.8%"]
    assert line(text(), "询单→最终付款转化率")[1:] == ["0天", "–"]


def test_the_money_shows_that_its_parts_are_the_whole() -> None:
    found = text(as_of=day_start(LAST + 30, RULES.zone))
    assert line(found, "天数") == ["天数", "客服", "+", "静默", "+", "未匹配", "=", "全店"]
    assert line(found, "订单数") == ["订单数", "10天", "11", "3", "1", "15"]
    assert line(found, "销售额") == ["销售额", "10天", "12,545.60", "1,500.00", "9.90", "14,055.50"]
    assert line(found, "退款") == ["退款", "10天", "-50.00", "0.00", "0.00", "-50.00"]
    assert line(found, "净销售额")[2:] == ["12,495.60", "1,500.00", "9.90", "14,005.50"]
    assert "销售 · 下单优先判定 · 5日" in text(rule="order_first", window=5)


def test_immature_money_is_apart() -> None:
    after = text().split("未匹配 =")[1]
    assert line(after, "订单数")[:3] == ["订单数", "9天", "10"]
    late = after.split("延迟统计：仍会变动")[1]
    assert line(late, "订单数")[:3] == ["订单数", "1天", "1"]
    assert line(late, "净销售额")[1] == "10天"


def test_what_is_in_no_sum_is_said_apart() -> None:
    found = text()
    assert "协助（不计入销售）：小张 1 单" in found
    assert "本期发生的退款（按退款日）：1 笔 ¥50.00" in found


def test_one_sentence_says_what_is_immature_and_until_when() -> None:
    told = text().replace("\n ", "")
    assert "次日下单 2 天、次日付款 2 天、最终付款 10 天、最终付款未退 10 天、销售额 1 天" in told
    assert "2026-12-11 结束后全部成熟" in told
    assert "本期所有数字都已成熟。" in text(as_of=day_start(LAST + 60, RULES.zone))


def test_before_anything_is_mature_no_rate_is_claimed() -> None:
    found = text(as_of=day_start(FIRST, RULES.zone))
    assert "询单→次日付款转化率  –" in found
    assert "给不出转化率" in found


def test_an_empty_shop_is_told_so() -> None:
    assert "这段时间没有任何聊天或订单。" in text({})
    assert "Nothing was said or bought" in text({}, "en")


def test_groups_have_chinese_names_and_their_immature_days_in_a_column() -> None:
    found = text(by="intent")
    assert line(found, "库存")[1:5] == ["55", "0", "0.0%", "0.0–6.5"]
    assert line(found, "库存")[-1] == "4/7"
    assert line(found, "议价")[-2:] == ["12,345.60", "0/0"]
    assert line(found, "合计")[1:3] == ["100", "45"]
    assert "未识别" not in found


def test_every_intent_has_a_chinese_name() -> None:
    for intent in (*INTENTS, "none"):
        assert re.search("[\u4e00-\u9fff]", value_name("intent", intent))


def test_conversations_have_their_own_table() -> None:
    found = text(unit="conversation")
    assert "会话成交率（付款判定·次日）  100.0%" in found
    assert "1 个会话中有 1 个带来了订单" in found


def test_english_says_the_same() -> None:
    found = text(lang="en")
    assert "inquiry → paid by next day  45.0%  95% interval 35.6%–54.8%" in found
    assert line(found, "11-02 Mon")[2:7] == ["55", "55", "55", "0", "0.0%"]
    assert not re.search("[\u4e00-\u9fff]", text(lang="en", unit="conversation").replace("小张", ""))


@settings(deadline=None)
@given(
    cells(),
    st.sampled_from(BY),
    st.sampled_from(UNITS),
    st.sampled_from(SALE_RULES),
    st.integers(1, 15),
    st.sampled_from(["zh", "en"]),
    st.sampled_from([80, 100, 120]),
)
def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(
    given_cells: Contributions, by: str, unit: str, rule: str, window: int, lang: Lang, width: int
) -> None:
    for found in text(given_cells, lang, width, by=by, unit=unit, rule=rule, window=window).splitlines():
        assert cell_len(found) <= width
        assert found == found.rstrip()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_columns_end_at_the_same_cell(width: int) -> None:
    lines = text(width=width).splitlines()
    days = [found for found in lines if re.match(r" \d\d-\d\d ", found)]
    ends = {cell_len(found.rstrip("*")) for found in days}
    assert len(ends) == 1
    assert max(map(cell_len, lines)) <= width


def test_a_wider_terminal_gets_longer_bars_and_a_narrow_one_none() -> None:
    def longest(width: int) -> int:
        return max(map(len, re.findall("[█▓░]{2,}", text(width=width))), default=0)

    assert longest(120) > longest(80) > longest(64) > 0
    assert longest(45) == 0
    assert "客服销售额" not in text(width=60).split("转化率  ")[0]


def test_colours_are_only_there_when_asked_for_and_change_nothing_else() -> None:
    plain, coloured = text(), text(color=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert [found.rstrip() for found in re.sub(r"\x1b\[[\d;]*m", "", coloured).splitlines()] == plain.splitlines()


def test_a_name_from_outside_cannot_command_the_terminal_or_break_the_table() -> None:
    evil = "\x1b[2J\u202e[bold]" + "长" * 100
    found = text(inquiry(FIRST, DIMS[0]._replace(agent=evil)), by="agent")
    assert "\x1b" not in found
    assert "\u202e" not in found
    assert "[bold]" in found
    assert max(map(cell_len, found.splitlines())) <= 80
    assert cell_len(clean(evil)) <= 24


def test_a_bar_is_full_to_the_low_end_dark_to_the_rate_and_light_to_the_high_end() -> None:
    assert bar(0.5, wilson(50, 100), 1.0, 20).plain == "█" * 8 + "▓" * 2 + "░" * 2
    assert bar(0.5, wilson(50, 100), 1.0, 20, mature=False).plain == "░" * 10
    assert bar(None, None, 1.0, 20).plain == ""
    assert scale([wilson(50, 100), wilson(1, 100), None]) == pytest.approx(0.6)
    assert scale([]) == 1.0


def test_sentences_break_between_characters_but_not_before_a_stop() -> None:
    broken = [found.plain for found in wrap("一二三四，五六 seven，八", 9)]
    assert broken == [" 一二三", " 四，五六", " seven，", " 八"]
