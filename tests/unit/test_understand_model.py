"""The model of the package: loads, answers, does not depend on the batch; a broken directory is a clear sentence."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from model_dirs import TINY_NGRAM, replace, rewrite, sign

from xundan.domain.ports import Question, Turn
from xundan.domain.records import INTENTS
from xundan.errors import ConfigError
from xundan.understand.model import DEFAULT_MODEL, OnnxClassifier, load_classifier


@pytest.fixture(scope="module")
def classifier() -> OnnxClassifier:
    return load_classifier(None)


ASKED = [
    Question("便宜点"),
    Question("这个多少钱", (Turn("user", "[链接x]"),)),
    Question("好的"),
    Question(""),
    Question("转人工"),
    Question("我的快递到哪了", (Turn("agent", "您好 有什么可以帮您"), Turn("user", "在吗"))),
    Question("买的电饭煲坏了怎么办" * 50),
    Question("\ud800🙂\x00"),
] + [Question(f"第{i}个问题" * (i % 7), (Turn("agent", "好" * i),)) for i in range(200)]


@pytest.mark.parametrize(
    ("text", "intent"),
    [("便宜点", "bargain"), ("转人工", "human_handoff"), ("能开发票吗", "invoice"), ("好的谢谢", "chitchat")],
)
def test_knows_plain_cases(classifier: OnnxClassifier, text: str, intent: str) -> None:
    assert classifier.classify([Question(text)])[0].intent == intent


def test_buying_scores_above_complaining(classifier: OnnxClassifier) -> None:
    buying, complaining = classifier.classify([Question("有黑色的吗 我想要一个"), Question("用了两天就坏了 退货")])
    assert buying.buy_score > 0.7
    assert complaining.buy_score < 0.3


def test_answers_are_well_formed(classifier: OnnxClassifier) -> None:
    for scored in classifier.classify(ASKED):
        assert scored.intent in INTENTS
        assert 0 <= scored.buy_score <= 1
        assert scored.model == classifier.version
    assert classifier.classify([]) == []


def test_probabilities_say_what_the_scores_are_taken_from(classifier: OnnxClassifier) -> None:
    intent, buy = classifier.probabilities(ASKED)
    assert intent.shape == (len(ASKED), len(INTENTS))
    assert abs(intent.sum(axis=1) - 1).max() < 1e-4
    scores = classifier.classify(ASKED)
    assert [classifier.intents[best] for best in intent.argmax(axis=1)] == [scored.intent for scored in scores]
    assert buy.tolist() == [scored.buy_score for scored in scores]
    assert classifier.probabilities([])[0].shape == (0, len(INTENTS))


def test_a_score_does_not_depend_on_the_batch(classifier: OnnxClassifier) -> None:
    alone = {question: classifier.classify([question])[0] for question in ASKED}
    shuffled = ASKED * 2
    random.Random(1).shuffle(shuffled)
    for question, scored in zip(shuffled, classifier.classify(shuffled), strict=True):
        assert scored.intent == alone[question].intent
        assert scored.buy_score == pytest.approx(alone[question].buy_score, abs=1e-3)


def test_threads_share_one_classifier(classifier: OnnxClassifier) -> None:
    expected = classifier.classify(ASKED)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: classifier.classify(ASKED), range(8)))
    assert all(result == expected for result in results)


def test_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in DEFAULT_MODEL.iterdir()) < 40_000_000


def test_importing_costs_no_model() -> None:
    code = "import sys, xundan.understand.model, xundan.understand.scorer; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: shutil.rmtree(path), "no directory"),
        (lambda path: (path / "card.json").unlink(), "card.json cannot be read"),
        (lambda path: (path / "card.json").write_text("{"), "not valid JSON"),
        (lambda path: (path / "card.json").write_text("[]"), "JSON object"),
        (lambda path: (path / "model.onnx").unlink(), "model.onnx cannot be read"),
        (lambda path: (path / "model.onnx").write_bytes(b"x"), "SHA-256 differs"),
        (replace("model.onnx", b"nonsense"), "model.onnx cannot be loaded"),
        (replace("vocabulary.npy", b"nonsense"), "not a vocabulary"),
        (rewrite("card.json", format=2), "format must be 1"),
        (rewrite("card.json", kind="unheard"), "kind 'unheard' is unknown"),
        (rewrite("card.json", version=""), "version"),
        (rewrite("card.json", features={"colour": 1}), "features do not fit"),
        (rewrite("card.json", files={}), "files must name model.onnx"),
        (rewrite("labels.json", intents=["bargain"]), "intents must list"),
    ],
)
def test_a_broken_directory_is_a_clear_sentence(tmp_path: Path, damage: Callable[[Path], None], says: str) -> None:
    path = tmp_path / "model"
    shutil.copytree(TINY_NGRAM, path)
    damage(path)
    with pytest.raises(ConfigError, match=says) as caught:
        load_classifier(path)
    assert str(caught.value).startswith("model_dir: ")


def test_a_vocabulary_of_another_model_is_noticed(tmp_path: Path) -> None:
    import numpy as np

    path = tmp_path / "model"
    shutil.copytree(TINY_NGRAM, path)
    np.save(path / "vocabulary.npy", np.arange(10, dtype=np.int64))
    sign(path, "vocabulary.npy")
    with pytest.raises(ConfigError, match="32-bit hashes"):
        load_classifier(path)
