"""From labelled messages and a pretrained encoder to a model directory: fit, calibrate, export, measure."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from xundan.domain.ports import Question
from xundan.domain.records import INTENTS
from xundan.understand.encode import PairEncoder
from xundan.understand.evaluate import answer
from xundan.understand.labelled import Labelled
from xundan.understand.model import OnnxClassifier, load_classifier
from xundan.understand.train.base import Base
from xundan.understand.train.calibration import platt, scale
from xundan.understand.train.card import THRESHOLD, data_entry, figures
from xundan.understand.train.data import Data, Example, Split
from xundan.understand.train.encoder_export import Calibration, int8_loss, write_encoder
from xundan.understand.train.expand import expand
from xundan.understand.train.fit import Progress, Recipe, Targets, Task, fit
from xundan.understand.train.network import Network

START_ROWS = 4000
"""Messages that the heads' linear start is fitted on: more change little and take long."""

LIBRARIES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "scikit-learn", "numpy")


class Teacher(NamedTuple):
    """A model whose answers are learnt, beside the labels where there are some; `share` is its part there."""

    classifier: OnnxClassifier
    unlabelled: Sequence[Question]
    share: float = 0.7


class Plan(NamedTuple):
    """What is to be trained, and where to. `measured` are labelled messages for the card, by name."""

    base: Base
    recipe: Recipe
    split: Split
    data: Data
    out: Path
    work: Path
    device: str = "cpu"
    teacher: Teacher | None = None
    int8: bool = True
    measured: tuple[str, Sequence[Labelled]] | None = None


def train(plan: Plan, told: Callable[[Progress], None]) -> dict[str, Any]:
    """Train and write the model directory; the card is returned. Raises `XundanError` with one sentence."""
    network = Network(plan.base.encoder, plan.base.padding, plan.recipe.dropout).to(plan.device)
    encoder = PairEncoder(plan.base.tokenizer, plan.recipe.length)
    _start(network, encoder, plan)
    fit(network, encoder, _task(plan, encoder), plan.recipe, plan.work, told)
    network.to("cpu")
    calibration = calibrate(network, encoder, plan.split.validation)
    card = _card(plan, calibration)
    if plan.int8:
        card["int8"] = {"lost_on_hold_out": _checked(network, plan, calibration)}
    write_encoder(plan.out, network, plan.base.tokenizer, plan.recipe.length, calibration, card, int8=plan.int8)
    _measure(plan, card)
    write_encoder(plan.out, network, plan.base.tokenizer, plan.recipe.length, calibration, card, int8=plan.int8)
    return card


def _start(network: Network, encoder: PairEncoder, plan: Plan) -> None:
    some = list(plan.split.train)
    random.Random(plan.recipe.seed).shuffle(some)  # noqa: S311 (which messages, no secret)
    rows = encoder.encode([example.message.question for example in some[:START_ROWS]])
    targets = Targets.of(some[:START_ROWS])
    network.start_heads(rows, targets.intent.argmax(axis=1), targets.buy.astype(np.int64))


def _task(plan: Plan, encoder: PairEncoder) -> Task:
    examples = plan.split.train
    checked = plan.split.validation
    rows = encoder.encode([example.message.question for example in checked])
    goal = Targets.of(checked)

    def questions(rng: random.Random) -> Sequence[Question]:
        found = expand(examples, rng) if plan.recipe.expand else [example.message.question for example in examples]
        return [*found, *(plan.teacher.unlabelled if plan.teacher else ())]

    def validate(network: Network) -> float:
        intent, buy = network.answer(rows)
        right = intent.argmax(axis=1) == goal.intent.argmax(axis=1)
        return float(right.mean() + ((buy > 0) == (goal.buy > 0.5)).mean()) / 2

    return Task(questions, _targets(plan), validate)


def _targets(plan: Plan) -> Targets:
    """The labels; with a teacher, its answers weighed in, and alone where nobody labelled."""
    labels = Targets.of(plan.split.train)
    if plan.teacher is None:
        return labels
    asked = [example.message.question for example in plan.split.train]
    intent, buy = plan.teacher.classifier.probabilities([*asked, *plan.teacher.unlabelled])
    order = [plan.teacher.classifier.intents.index(name) for name in INTENTS]
    targets = Targets(intent[:, order].astype(np.float64), buy.astype(np.float64))
    share = plan.teacher.share
    for mixed, own in zip(targets, labels, strict=True):
        mixed[: len(asked)] = share * mixed[: len(asked)] + (1 - share) * own
    return targets


def calibrate(network: Network, encoder: PairEncoder, examples: Sequence[Example]) -> Calibration:
    """Fit scale and line on scenes that were not trained on."""
    intent, buy = network.answer(encoder.encode([example.message.question for example in examples]))
    targets = Targets.of(examples)
    return Calibration(scale(intent, targets.intent.argmax(axis=1)), platt(buy, targets.buy > 0.5))


def _checked(network: Network, plan: Plan, calibration: Calibration) -> dict[str, float]:
    """Write float and int8 aside and compare them on the hold-out, before anything stands where it should."""
    messages = [example.message for example in plan.split.test]
    with tempfile.TemporaryDirectory(dir=plan.work) as folder:
        exact, small = Path(folder, "float"), Path(folder, "int8")
        for path, int8 in ((exact, False), (small, True)):
            write_encoder(path, network, plan.base.tokenizer, plan.recipe.length, calibration, {}, int8=int8)
        return int8_loss(small, answer(load_classifier(exact), messages), messages)


def _card(plan: Plan, calibration: Calibration) -> dict[str, Any]:
    teacher = (
        {"teacher": plan.teacher.classifier.version, "unlabelled": len(plan.teacher.unlabelled)} if plan.teacher else {}
    )
    return {
        "name": f"{plan.base.name}, {plan.base.encoder.config.num_hidden_layers} layers",
        "recipe": asdict(plan.recipe) | teacher,
        "calibration": {
            "intent": {
                "temperature": calibration.intent.temperature,
                "bias": dict(zip(INTENTS, calibration.intent.bias.round(4).tolist(), strict=True)),
            },
            "buy": calibration.buy._asdict(),
        },
        "thresholds": {"high": THRESHOLD},
        "data": data_entry(plan.data, plan.split),
        "made_with": {name: version(name) for name in LIBRARIES},
    }


def _measure(plan: Plan, card: dict[str, Any]) -> None:
    classifier = load_classifier(plan.out)
    card["held_out"] = figures(classifier, [example.message for example in plan.split.test])
    if plan.measured:
        name, messages = plan.measured
        card["measured"] = {"on": name, **figures(classifier, messages)}
