"""Measuring a model and putting it to files, as an operator does it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_process import CLEAN, SECRET, Shell, xundan
from xundan.classify_lines import CHUNK, MAX_LINE, blocks
from xundan.understand.directory import read_directory
from xundan.understand.model import DEFAULT_MODEL

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
    assert found["model"] == read_directory(DEFAULT_MODEL).version
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


def test_two_models_are_set_side_by_side(shell: Shell) -> None:
    tiny = Path(__file__).parents[1] / "data" / "tiny_encoder"
    line = ("evaluate", "--data", "labelled.jsonl", "--against", tiny)
    found = json.loads(shell(*line, "--json").out)["against"]
    assert found["model"].startswith("tiny-")
    assert found["differences"]["accuracy"]["value"] > 0
    assert re.search(r"与 tiny-\w+ 相比", shell(*line).out)


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


def test_one_message_is_enough_to_say_what_can_be_said(shell: Shell) -> None:
    shell.write("one.jsonl", json.dumps(ROWS[0]))
    said = shell("evaluate", "--data", "one.jsonl", "--picture", "one.svg")
    assert said.code == 0
    assert re.search(r"购买分 AUC +— +—", said.out)
    ElementTree.parse(shell.directory / "one.svg")


def test_the_activated_model_is_taken(shell: Shell) -> None:
    shell.write("xundan.toml", f'shop_id = "1"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n')
    tiny = Path(__file__).parents[1] / "data" / "tiny_encoder"
    version = json.loads((tiny / "card.json").read_text())["version"]
    assert shell("model", "add", tiny).code == 0
    assert shell("model", "activate", version).code == 0
    assert json.loads(shell("evaluate", "--data", "labelled.jsonl", "--json").out)["model"] == version


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


MESSAGES: list[dict[str, Any]] = [
    {"text": "这款还有黑色吗", "order": 7},
    {"text": "好的", "context": [{"from": "agent", "text": "今天能发货"}]},
    {"text": "我的手机13800138000"},
]


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


def test_messages_are_classified_in_order_and_their_fields_pass_through(shell: Shell) -> None:
    shell.write("m.jsonl", lines(*MESSAGES))
    said = xundan("classify", "m.jsonl", "--threshold", "0.9", cwd=shell.directory)
    assert (said.code, said.err) == (0, "")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [row["text"] for row in found] == [row["text"] for row in MESSAGES]
    first = found[0]
    assert first["order"] == 7
    assert first["intent"] == "stock_query" == max(first["intentProbs"], key=first["intentProbs"].__getitem__)
    assert sum(first["intentProbs"].values()) == pytest.approx(1, abs=0.01)
    assert (len(first["intentProbs"]), first["model"]) == (16, found[1]["model"])
    assert [row["label"] for row in found] == ["high" if row["buyScore"] >= 0.9 else "low" for row in found]
    assert not (shell.directory / "m.jsonl.rejects.jsonl").exists()


def test_a_score_is_the_one_the_server_gives_a_masked_message(shell: Shell) -> None:
    rows = ({"text": "我的手机13800138000"}, {"text": "我的手机[手机号1]"})
    shell.write("m.jsonl", lines(*rows))
    one, other = map(json.loads, xundan("classify", "m.jsonl", cwd=shell.directory).out.splitlines())
    assert one["intentProbs"] == other["intentProbs"]


def test_a_bad_line_costs_the_good_ones_nothing_and_is_kept_with_its_reason(shell: Shell) -> None:
    bad = ('{"text": 5, "id": 9}', "no JSON", '{"text": "a\\ud800"}', "[1]")
    shell.write("m.jsonl", lines(MESSAGES[0], bad[0], "", bad[1], MESSAGES[1], *bad[2:]))
    said = xundan("classify", "m.jsonl", cwd=shell.directory)
    assert said.code == 1
    assert [json.loads(line)["text"] for line in said.out.splitlines()] == ["这款还有黑色吗", "好的"]
    assert "打分 2 条，被拒 4 行" in said.err
    kept = [json.loads(line) for line in (shell.directory / "m.jsonl.rejects.jsonl").read_text().splitlines()]
    assert kept[0] == {"text": 5, "id": 9, "rejected": {"line": 2, "reason": "text 应为非空的文字"}}
    assert kept[1] == {"raw": "no JSON", "rejected": {"line": 4, "reason": "这一行不是 JSON 对象"}}
    assert [row["rejected"]["line"] for row in kept] == [2, 4, 6, 7]
    shell.write("mended.jsonl", lines(kept[0] | {"text": "在吗"}))
    assert xundan("classify", "mended.jsonl", cwd=shell.directory).code == 0


def test_a_line_is_answered_while_the_pipe_is_still_open(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xundan", "classify"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=CLEAN, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for text in ("多少钱", "在吗"):
            process.stdin.write(lines({"text": text}).encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text  # else it would wait for ever
        process.stdin.write(b"broken\n" + lines({"text": "好的"}).encode().rstrip())
        process.stdin.close()
        assert json.loads(process.stdout.readline())["text"] == "好的"
        assert process.stderr.read().decode() == "第 3 行：这一行不是 JSON 对象\n打分 3 条，被拒 1 行\n"
        assert process.wait() == 1


def test_a_file_that_is_not_there_is_one_sentence(shell: Shell) -> None:
    said = shell("classify", "nothing.jsonl")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "nothing.jsonl" in said.err


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\r", b"")), max_size=8), st.integers(1, 9))
def test_lines_are_the_same_however_the_bytes_come(parts: list[bytes], size: int) -> None:
    whole = b"\n".join(parts)

    class Slow(io.BytesIO):
        def read1(self, _: int | None = -1) -> bytes:
            return super().read(size)

    found = [line for _, block in blocks(cast(io.BufferedReader, Slow(whole))) for line in block]
    expected = [(n, line) for n, line in enumerate(whole.split(b"\n"), 1) if line.strip()]
    assert found == expected


def test_an_endless_line_does_not_fill_memory() -> None:
    source = cast(io.BufferedReader, io.BytesIO(b"a" * (3 * MAX_LINE) + b"\n" + b"b\n"))
    kept = [line for _, block in blocks(source) for line in block]
    assert [(line.number, line.content[:1], len(line.content) <= MAX_LINE + CHUNK) for line in kept] == [
        (1, b"a", True),
        (2, b"b", True),
    ]
