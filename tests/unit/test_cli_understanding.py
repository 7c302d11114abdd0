"""Measuring a model and putting it to files, as an operator does it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli_process import Shell, xundan

ROWS = [
    {"text": "这款还有黑色吗", "intent": "stock_query", "buy": 1, "session": "a"},
    {"text": "有优惠券吗", "intent": "coupon_query", "buy": 1, "session": "a"},
    {"text": "快递到哪了", "intent": "logistics_tracking", "buy": 0, "session": "b"},
    {"text": "在吗", "context": [{"from": "agent", "text": "您好"}], "intent": "chitchat", "buy": 0},
]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("labelled.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    return shell


def test_a_model_is_measured_without_any_settings(shell: Shell) -> None:
    said = shell("evaluate", "--data", "labelled.jsonl", "--json", "--threshold", "0.5")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["model"].startswith("ngram-")
    assert (found["file"], found["messages"], found["buy"]) == ("labelled.jsonl", 4, 2)
    assert found["bootstrap"] == {"resamples": 1000, "seed": 0, "level": 0.95, "groups": 3}
    assert found["high"]["threshold"] == 0.5
    assert sum(map(sum, found["confusion"]["counts"])) == 4


def test_the_text_names_intents_in_the_language_spoken_and_every_interval(shell: Shell) -> None:
    chinese = shell("evaluate", "--data", "labelled.jsonl").out
    for words in ("意图正确率", "按会话或场景整组重抽 1,000 次，共 3 组", "库存", "混淆矩阵", "校准"):
        assert words in chinese
    assert re.search(r"意图正确率 +\d\.\d{3} +\d\.\d\d–\d\.\d\d", chinese)
    english = xundan("--lang", "en", "evaluate", "--data", "labelled.jsonl", cwd=shell.directory)
    assert "stock query" in english.out
    assert not re.search(r"[\u4e00-\u9fff]", english.out)


def test_the_picture_is_a_whole_svg_with_names_and_loads_nothing(shell: Shell) -> None:
    said = shell("evaluate", "--data", "labelled.jsonl", "--picture", "confusion.svg")
    assert (said.code, said.err) == (0, "图在 confusion.svg\n")
    drawn = (shell.directory / "confusion.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert texts.count("库存") == 2
    assert set(re.findall(r"\w+://[^\s\"']+", drawn)) == {"http://www.w3.org/2000/svg"}
    shell("evaluate", "--data", "labelled.jsonl", "--picture", "again.svg")
    assert (shell.directory / "again.svg").read_text(encoding="utf-8") == drawn


def test_the_shops_own_model_and_threshold_are_taken(shell: Shell) -> None:
    said = shell("evaluate", "--data", "labelled.jsonl", "--json", "--set", "threshold=0.9")
    assert json.loads(said.out)["high"]["threshold"] == 0.9
    said = shell("evaluate", "--data", "labelled.jsonl", "--set", "model_dir=nowhere")
    assert said.code == 2
    assert "nowhere" in said.err
    said = shell("evaluate", "--data", "labelled.jsonl", "--set", "threshold=viel")
    assert (said.code, said.err) == (2, "错误：命令行：threshold 应为 0 到 1 的数，而不是 'viel'\n")


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (("--data", "bad.jsonl"), 1, "bad.jsonl 第 2 行：intent 应为标注手册里 16 个名称之一，而不是 'buying'"),
        (("--data", "none.jsonl"), 1, "none.jsonl：没有这个文件"),
        (("--data", "labelled.jsonl", "--picture", "x.png"), 2, "文件名应以 .svg 结尾"),
        (("--data", "labelled.jsonl", "--threshold", "7"), 2, "--threshold"),
        ((), 2, "缺少选项"),
    ],
)
def test_what_is_wrong_is_one_sentence(shell: Shell, line: tuple[str, ...], code: int, sentence: str) -> None:
    rows = [json.dumps(ROWS[0]), json.dumps(ROWS[1] | {"intent": "buying"})]
    shell.write("bad.jsonl", "\n".join(rows))
    said = shell("evaluate", *line)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert sentence in said.err
