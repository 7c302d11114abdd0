"""`python -m xundan.understand.train`: make the model of the package from the written data, with its card."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xundan.errors import MissingExtra, XundanError
from xundan.understand.evaluate import Answers, answer, at_threshold, measure, read_labelled
from xundan.understand.model import DEFAULT_MODEL, load_classifier

try:
    from xundan.understand.train.data import Data, read_folder
    from xundan.understand.train.export import write_directory
    from xundan.understand.train.fit import FOLDS, Recipe, calibrate, cross_validate, fit
except ImportError:
    raise SystemExit(str(MissingExtra("training", "train"))) from None

THRESHOLD = 0.7


def main() -> None:
    """Train, calibrate on scenes held out, write the model directory, measure it."""
    parser = argparse.ArgumentParser(prog="python -m xundan.understand.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/written"), help="folder with labelled *.jsonl files")
    parser.add_argument("--out", type=Path, default=DEFAULT_MODEL, help="model directory to write")
    parser.add_argument("--measure", type=Path, help="labelled messages never trained on, for the card")
    parser.add_argument("--measure-name", default="", help="what those messages are, for the card")
    parser.add_argument("--compare", action="store_true", help="only compare variants by cross-validation")
    options = parser.parse_args()
    try:
        data = read_folder(options.data)
        if options.compare:
            compare(data)
        else:
            train(data, options.out, options.measure, options.measure_name)
    except XundanError as error:
        raise SystemExit(str(error)) from None


def train(data: Data, out: Path, measured: Path | None, measured_name: str) -> None:
    """Make a model directory from all data; the calibration and its measures come from held-out scenes."""
    recipe = Recipe()
    held_out = cross_validate(data.examples, recipe)
    calibration = calibrate(held_out)
    held_out = held_out._replace(score=calibration.apply(held_out.score))
    card: dict[str, Any] = {
        "name": "n-grams, first model",
        "recipe": asdict(recipe),
        "calibration": {"method": "Platt", **calibration._asdict()},
        "thresholds": {"high": THRESHOLD},
        "data": {"messages": len(data.examples), "sha256": data.digest, "files": data.files},
        "held_out": {"split": f"{FOLDS} folds by scene", **_measures(held_out)},
        "made_with": {name: version(name) for name in ("scikit-learn", "scipy", "numpy", "onnx")},
    }
    model = fit(data.examples, recipe)
    write_directory(out, model, calibration, card)
    if measured:
        answers = answer(load_classifier(out), read_labelled(measured))
        card["measured"] = {"on": measured_name or measured.name, **_measures(answers)}
        write_directory(out, model, calibration, card)
    print(json.dumps({name: card[name] for name in ("data", "held_out", "measured") if name in card}, indent=1))


def _measures(answers: Answers) -> dict[str, Any]:
    return {**measure(answers), "high": at_threshold(answers, THRESHOLD)}


def compare(data: Data) -> None:
    """Print a table of variants, each measured on held-out scenes."""
    base = Recipe()
    variants = {
        "chosen": base,
        "n-grams up to 3": replace(base, ngrams=replace(base.ngrams, text_n=3)),
        "n-grams up to 4": replace(base, ngrams=replace(base.ngrams, text_n=4)),
        "context n-grams up to 3": replace(base, ngrams=replace(base.ngrams, context_n=3)),
        "no context": replace(base, context_weight=0.0),
        "context weight 0.4": replace(base, context_weight=0.4),
        "context weight 0.8": replace(base, context_weight=0.8),
        "no idf": replace(base, idf=False),
        "features seen once too": replace(base, least_count=1),
        "features seen 3 times": replace(base, least_count=3),
        "C = 10": replace(base, regularisation=10.0),
        "C = 90": replace(base, regularisation=90.0),
        "intents as they come": replace(base, balance=0.0),
        "intents weighed alike": replace(base, balance=1.0),
    }
    print(f"{'variant':26} accuracy macro-F1 buy AUC")
    for name, recipe in variants.items():
        found = measure(cross_validate(data.examples, recipe))
        values = (found[key]["value"] for key in ("accuracy", "macro_f1", "buy_auc"))
        print(f"{name:26} " + " ".join(f"{value:8.3f}" for value in values), flush=True)


if __name__ == "__main__":
    main()
