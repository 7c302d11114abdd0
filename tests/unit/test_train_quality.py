"""What is said of a labelled set is true: near-duplicates, contradictions and leaks are found, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_process import Shell
from xundan.errors import Rejected
from xundan.understand.train.categories import GENERAL, category_of
from xundan.understand.train.datacard import markdown
from xundan.understand.train.near import Index, near_pairs, normalised
from xundan.understand.train.quality import found_in, inspect, read_pieces, sides


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def single(text: str, *context: str, intent: str = "other", buy: int = 0, scene: str = "s") -> dict[str, Any]:
    turns = [{"from": "agent", "text": turn} for turn in context]
    return {"scene": scene, "category": "女装", "text": text, "context": turns, "intent": intent, "buy": buy}


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "same"),
    [("ＶＩＰ 会员， 有吗？", "vip会员有吗"), ("[链接x]", "链接x"), ("👍 👍", "👍👍"), ("好_的～", "好的")],
)
def test_typing_it_again_makes_no_other_text(text: str, same: str) -> None:
    assert normalised(text) == same


def jaccard(one: str, other: str) -> float:
    sets = [{text[at : at + 4] for at in range(max(1, len(text) - 3))} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@given(st.lists(st.text("ab", min_size=1, max_size=24), max_size=30), st.text("abc", min_size=1, max_size=24))
def test_the_index_finds_what_comparing_all_finds(texts: list[str], asked: str) -> None:
    assert Index(texts).near(asked) == [n for n, text in enumerate(texts) if jaccard(text, asked) >= 0.8]
    pairs = [(b, a) for b in range(len(texts)) for a in range(b) if jaccard(texts[a], texts[b]) >= 0.8]
    assert sorted(near_pairs(texts)) == pairs


def test_a_text_repeats_whatever_its_context_and_a_message_only_with_it(tmp_path: Path) -> None:
    rows = [
        single("这个冬天穿会不会太薄了一点", "亲在的，请问有什么可以帮您"),
        single("这个冬天穿会不会太薄了一点？", "您可以看看加绒的这一款哦"),
        single("这个冬天穿会不会太薄了一点呀", "亲，在的。请问有什么可以帮您~"),
        single("好的", "199元哦"),
        single("好的", "明天发货"),
        single("好的！", "199元 哦"),
    ]
    found = inspect(read_pieces(write(tmp_path / "m.jsonl", rows)))
    assert found.texts == [(1, 0), (2, 0), (2, 1)]
    assert found.messages == [(2, 0), (5, 3)]


def test_a_contradiction_is_another_label_for_the_same_thing(tmp_path: Path) -> None:
    rows = [
        single("能退吗", "在的", intent="after_sale"),
        single("能退 吗", "在的", intent="after_sale", buy=1),
        single("能退吗", "在的", intent="after_sale"),
        single("能退吗", "已签收", intent="after_sale", buy=1),
        single("能退吗？", "在的", intent="chitchat"),
    ]
    assert inspect(read_pieces(write(tmp_path / "m.jsonl", rows))).contradictions == [(1, 0), (2, 1)]


def test_a_leak_is_between_what_is_trained_on_and_what_is_held_back(tmp_path: Path) -> None:
    rows = [single(f"第{n}个问题完全不同{n * 7919}", scene=f"s{n}") for n in range(40)]
    pieces = read_pieces(write(tmp_path / "m.jsonl", rows))
    side = sides(pieces)
    held, trained, other = side.index("test"), side.index("train"), side.index("train", side.index("train") + 1)
    for twin in (trained, held, other):
        rows[twin]["text"] = "这款奶粉三段的还有没有货"
    assert inspect(read_pieces(write(tmp_path / "m.jsonl", rows))).leaks == sorted([(held, trained), (held, other)])


def test_what_is_taken_from_elsewhere_is_found_in_texts_and_turns(tmp_path: Path) -> None:
    rows = [single("尺码偏大还是偏小呢", "在的"), single("嗯", "尺码偏大还是偏小"), single("那就好吧", "没有的事")]
    pieces = read_pieces(write(tmp_path / "m.jsonl", rows))
    others = ["尺码偏大还是偏小呢？", "嗯", "没有的事"]
    assert list(found_in(pieces, others)) == [(0, "尺码偏大还是偏小呢"), (1, "尺码偏大还是偏小")]


def test_goods_have_one_name() -> None:
    assert category_of("笔记本/电脑整机") == category_of("电脑") == "computers"
    assert category_of("综合") == category_of("") == GENERAL
    assert category_of("无人机") == "无人机"


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    write(tmp_path / "m.jsonl", [single("好的"), {"text": "好的"}])
    with pytest.raises(Rejected, match=r"m\.jsonl, line 2: intent is missing"):
        read_pieces(tmp_path)
    (tmp_path / "m.jsonl").unlink()
    with pytest.raises(Rejected, match="no labelled message"):
        read_pieces(tmp_path)


def test_the_command_says_what_to_look_at(shell: Shell, tmp_path: Path) -> None:
    rows = [
        single("能退吗", intent="after_sale"),
        single("能退吗", intent="other"),
        single("洗衣机多少钱一台", scene="t"),
    ]
    write(tmp_path / "mine.jsonl", rows)
    said = shell("label", "check", "mine.jsonl")
    assert said.code == 1
    assert "3 条标注，其中推进购买 0 条；2 个场景或会话" in said.out
    assert "标注却不同：1 条\n  mine.jsonl:2 能退吗 [other 0]  ~  mine.jsonl:1 能退吗 [after_sale 0]" in said.out
    write(tmp_path / "mine.jsonl", rows[1:])
    said = shell("label", "check", "mine.jsonl")
    assert (said.code, "标注却不同：0 条" in said.out) == (0, True)
    write(tmp_path / "test.jsonl", [single("洗衣机 多少钱一台？")])
    said = shell("label", "check", "mine.jsonl", "--against", "test.jsonl")
    assert (said.code, "1 条\n  mine.jsonl:2 洗衣机多少钱一台" in said.out) == (1, True)


def test_the_tables_of_a_data_card(shell: Shell, tmp_path: Path) -> None:
    turns = [
        {"from": "user", "text": "在吗", "intent": "chitchat", "buy": 0},
        {"from": "agent", "text": "在的"},
        {"from": "user", "text": "便宜点", "intent": "bargain", "buy": 1},
    ]
    dialogue = {"scene": "d", "category": "手机", "turns": turns}
    write(tmp_path / "a.jsonl", [dialogue, single("好的")])
    pieces = read_pieces(tmp_path)
    card = markdown(pieces, inspect(pieces))
    assert "| turns of dialogues | 2 | 50 % | 1 | 1 | 0 | 1 | 0 |" in card
    assert "2 kinds of goods: phones 2, women's clothing 1; none in particular 0." in card
    assert shell("label", "check", tmp_path, "--table").out == card
