"""Training: the data reads, a small training ends in a directory that loads and answers as the fitted model does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xundan.domain.ports import Question
from xundan.domain.records import INTENTS
from xundan.errors import ConfigError
from xundan.understand.evaluate import MEASURES
from xundan.understand.model import DEFAULT_MODEL, load_classifier
from xundan.understand.train.data import read_folder

WRITTEN = Path(__file__).parents[2] / "data" / "written"


def test_the_card_names_the_data_it_was_made_from() -> None:
    data = read_folder(WRITTEN)
    card = json.loads((DEFAULT_MODEL / "card.json").read_text())
    assert card["data"] == {"messages": len(data.examples), "sha256": data.digest, "files": data.files}
    assert set(MEASURES) <= set(card["held_out"])


def test_context_of_a_dialogue_is_what_was_said_before(tmp_path: Path) -> None:
    turns = [{"from": "user", "text": str(i), "intent": "other", "buy": 0} for i in range(5)]
    turns.insert(1, {"from": "agent", "text": "a"})
    (tmp_path / "d.jsonl").write_text(json.dumps({"scene": "s", "turns": turns}) + "\n")
    examples = read_folder(tmp_path).examples
    assert [example.message.question.text for example in examples] == list("01234")
    assert [turn.text for turn in examples[3].message.question.context] == ["a", "1", "2"]
    assert len({example.scene for example in examples}) == 1


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"text": "x"}', '{"text": "x", "context": [], "intent": "unheard", "buy": 0}']
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "m.jsonl").write_text(line + "\n")
    with pytest.raises(ConfigError, match=r"m\.jsonl, line 1"):
        read_folder(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no labelled message"):
        read_folder(tmp_path)


def test_the_exported_model_answers_as_the_fitted_one(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the train extra is not installed")
    pytest.importorskip("onnx", reason="the train extra is not installed")
    from xundan.understand.train.export import write_directory
    from xundan.understand.train.fit import Calibration, Recipe, fit

    examples = read_folder(WRITTEN).examples[::10]
    model = fit(examples, Recipe())
    calibration = Calibration(slope=1.2, offset=-0.1)
    write_directory(tmp_path, model, calibration, {"thresholds": {"high": 0.7}})
    asked = [example.message.question for example in examples[:100]] + [Question("")]
    intents, buy = model.predict(asked)
    for scored, intent, score in zip(load_classifier(tmp_path).classify(asked), intents, buy, strict=True):
        assert scored.buy_score == pytest.approx(calibration.apply(score), abs=2e-3)
        assert intent[INTENTS.index(scored.intent)] == pytest.approx(intent.max(), abs=2e-3)
