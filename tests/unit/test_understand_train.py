"""Training: the data reads, a small training ends in a directory that loads and answers as the fitted model does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xundan.errors import Rejected
from xundan.understand.evaluate import MEASURES
from xundan.understand.model import DEFAULT_MODEL
from xundan.understand.train.data import read_data, split, written


def test_the_card_names_the_data_it_was_made_from() -> None:
    data = read_data(written())
    card = json.loads((DEFAULT_MODEL / "card.json").read_text())
    said = {name: card["data"][name] for name in ("messages", "sha256", "files")}
    assert said == {"messages": len(data.examples), "sha256": data.digest, "files": data.files}
    assert set(MEASURES) <= set(card["held_out"])


def test_context_of_a_dialogue_is_what_was_said_before(tmp_path: Path) -> None:
    turns = [{"from": "user", "text": str(i), "intent": "other", "buy": 0} for i in range(5)]
    turns.insert(1, {"from": "agent", "text": "a"})
    (tmp_path / "d.jsonl").write_text(json.dumps({"scene": "s", "turns": turns}) + "\n")
    examples = read_data(tmp_path).examples
    assert [example.message.question.text for example in examples] == list("01234")
    assert [turn.text for turn in examples[3].message.question.context] == ["a", "1", "2"]
    assert len({example.scene for example in examples}) == 1


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"text": "x"}', '{"text": "x", "context": [], "intent": "unheard", "buy": 0}']
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "m.jsonl").write_text(line + "\n")
    with pytest.raises(Rejected, match=r"m\.jsonl, line 1"):
        read_data(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no labelled message"):
        read_data(tmp_path)


def test_a_scene_never_stands_on_two_sides() -> None:
    parts = split(read_data(written()).examples)
    scenes = [{example.scene for example in part} for part in parts]
    assert not scenes[0] & scenes[1]
    assert not (scenes[0] | scenes[1]) & scenes[2]
    assert min(map(len, parts)) > 100
