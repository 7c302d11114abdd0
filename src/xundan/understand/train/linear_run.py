"""The n-gram family from labelled messages to a model directory: small, quick to train, weaker than an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xundan.understand.labelled import Labelled
from xundan.understand.model import load_classifier
from xundan.understand.train.calibration import logit, platt
from xundan.understand.train.card import THRESHOLD, data_entry, figures
from xundan.understand.train.data import Data, split
from xundan.understand.train.linear import FOLDS, LinearRecipe, cross_validate, fit
from xundan.understand.train.linear_export import write_directory


def train_linear(data: Data, out: Path, measured: tuple[str, Sequence[Labelled]] | None) -> dict[str, Any]:
    """Train on all but the test scenes and write the directory; the card is returned."""
    recipe = LinearRecipe()
    parts = split(data.examples)
    train = parts.train + parts.validation
    across = cross_validate(train, recipe)
    calibration = platt(logit(across.score), across.buy)
    card: dict[str, Any] = {
        "name": "character n-grams, linear",
        "recipe": asdict(recipe),
        "calibration": {"method": f"Platt, {FOLDS} folds by scene", **calibration._asdict()},
        "thresholds": {"high": THRESHOLD},
        "data": data_entry(data, parts),
        "made_with": {name: version(name) for name in ("scikit-learn", "scipy", "numpy", "onnx")},
    }
    model = fit(train, recipe)
    write_directory(out, model, calibration, card)
    classifier = load_classifier(out)
    card["held_out"] = figures(classifier, [example.message for example in parts.test])
    if measured:
        card["measured"] = {"on": measured[0], **figures(classifier, measured[1])}
    write_directory(out, model, calibration, card)
    return card
