"""`xundan train` as a user runs it: a base becomes a model directory that serves, can be gone on with, can teach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train_cli import train

from xundan.domain.ports import Question, Turn
from xundan.understand.model import load_classifier

ASKED = [Question("手机多少钱"), Question("冰箱坏了", (Turn("agent", "在的"), Turn("user", "茶叶"))), Question("")]


@pytest.fixture(scope="module")
def model(base: Path, labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "model"
    done = train(
        "--base", base, "--data", labelled, "--out", out, "--epochs", 12, "--learning-rate", 3e-3, "--measure", labelled
    )
    assert done.returncode == 0, done.stderr
    assert f"the model is in {out}" in done.stdout
    return out


def card(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "card.json").read_text(encoding="utf-8"))
    return found


def test_the_directory_holds_what_a_model_is(model: Path) -> None:
    assert {path.name for path in model.iterdir()} == {"model.onnx", "tokenizer.json", "labels.json", "card.json"}
    said = card(model)
    assert said["kind"] == "encoder"
    assert said["features"] == {"length": 64}
    assert said["data"]["messages"] == 320
    assert sum(said["data"]["split"].values()) == 320
    assert set(said["int8"]["lost_on_hold_out"]) == {"accuracy", "macro_f1", "buy_auc"}
    assert max(said["int8"]["lost_on_hold_out"].values()) <= 0.005
    assert said["held_out"]["accuracy"]["value"] > 0.5, "sixteen intents, each with a cue of its own"
    assert said["measured"]["messages"] == 320


def test_it_has_learnt_and_scores_alone_as_in_company(model: Path) -> None:
    classifier = load_classifier(model)
    together = classifier.probabilities(ASKED * 20)
    for number, question in enumerate(ASKED):
        alone = classifier.probabilities([question])
        np.testing.assert_allclose(together[0][number], alone[0][0], atol=1e-3)
        np.testing.assert_allclose(together[1][number], alone[1][0], atol=1e-3)
    price, broken = classifier.classify(ASKED[:2])
    assert (price.intent, broken.intent) == ("price_query", "after_sale")
    assert price.buy_score > 0.5 > broken.buy_score


def test_a_teacher_makes_a_smaller_model(model: Path, base: Path, labelled: Path, tmp_path: Path) -> None:
    options = ("--base", base, "--data", labelled, "--student", "1x26", "--teacher", model, "--unlabelled", labelled)
    done = train(*options, "--out", tmp_path / "small", "--epochs", 3, "--learning-rate", 3e-3, "--float")
    assert done.returncode == 0, done.stderr
    said = card(tmp_path / "small")
    assert said["recipe"]["teacher"] == card(model)["version"]
    assert said["recipe"]["unlabelled"] == 320
    assert (tmp_path / "small" / "model.onnx").stat().st_size < 200_000
    load_classifier(tmp_path / "small").classify(ASKED)


def test_the_linear_family(labelled: Path, tmp_path: Path) -> None:
    done = train("--base", "ngram", "--data", labelled, "--out", tmp_path / "ngram")
    assert done.returncode == 0, done.stderr
    assert card(tmp_path / "ngram")["kind"] == "ngram"
    load_classifier(tmp_path / "ngram").classify(ASKED)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--base", "no/such-base"], "no/such-base is no directory or hub model"),
        (["--student", "4x312"], "--student and --teacher go together"),
        (["--layers", "9"], "the base has 2, not 9"),
        (["--data", "missing.jsonl"], "missing.jsonl"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    options: list[str], sentence: str, base: Path, labelled: Path, tmp_path: Path
) -> None:
    given = (
        ["--base", base, "--data", labelled, *options] if "--base" not in options else ["--data", labelled, *options]
    )
    done = train(*given, "--out", tmp_path / "out")
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
