"""How good a model is on labelled messages: `python -m xundan.understand.evaluate FILE [--model DIR]`.

Needs nothing but the program itself. A file has one JSON object a line: text, context, intent, buy (docs/model.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xundan.domain.ports import Classifier, Question, Turn
from xundan.understand.model import load_classifier

Flags = NDArray[np.bool_]
Names = NDArray[np.str_]
Reals = NDArray[np.float64]

RESAMPLES = 1000


class Labelled(NamedTuple):
    """One labelled message."""

    question: Question
    intent: str
    buy: bool


class Answers(NamedTuple):
    """Truth and prediction, message by message."""

    intent: Names
    predicted: Names
    buy: Flags
    score: Reals

    def take(self, rows: NDArray[np.int64]) -> Answers:
        """The same for some rows."""
        return Answers(self.intent[rows], self.predicted[rows], self.buy[rows], self.score[rows])


def read_labelled(path: Path) -> list[Labelled]:
    """Labelled messages of a JSON Lines file."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip())
    return [labelled(row["text"], row["context"], row["intent"], row["buy"]) for row in rows]


def labelled(text: str, context: Sequence[dict[str, Any]], intent: str, buy: int) -> Labelled:
    """One labelled message from its JSON fields; only the last three turns before it count."""
    turns = tuple(Turn(turn["from"], turn["text"]) for turn in context[-3:])
    return Labelled(Question(text, turns), intent, bool(buy))


def accuracy(answers: Answers) -> float:
    """The share of messages whose intent is right."""
    return float((answers.intent == answers.predicted).mean())


def macro_f1(answers: Answers) -> float:
    """The mean of the F1 of every intent that occurs in the truth."""
    scores = []
    for name in np.unique(answers.intent):
        true, said = answers.intent == name, answers.predicted == name
        scores.append(2 * (true & said).sum() / (true.sum() + said.sum()))
    return float(np.mean(scores))


def buy_auc(answers: Answers) -> float:
    """The probability that a message with buy scores above one without (ties half): area under the ROC curve."""
    _, place, counts = np.unique(answers.score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positive = int(answers.buy.sum())
    negative = len(answers.buy) - positive
    if not positive or not negative:
        return float("nan")
    return float((ranks[answers.buy].sum() - positive * (positive + 1) / 2) / (positive * negative))


def calibration_error(answers: Answers, bins: int = 10) -> float:
    """Expected calibration error of the buy score over equally wide bins (Naeini et al. 2015)."""
    which = np.minimum((answers.score * bins).astype(int), bins - 1)
    gaps = [
        abs(answers.score[which == b].mean() - answers.buy[which == b].mean()) * (which == b).mean()
        for b in np.unique(which)
    ]
    return float(sum(gaps))


def brier(answers: Answers) -> float:
    """The mean squared error of the buy score (Brier 1950)."""
    return float(((answers.score - answers.buy) ** 2).mean())


MEASURES: dict[str, Callable[[Answers], float]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "buy_auc": buy_auc,
    "buy_brier": brier,
    "buy_calibration_error": calibration_error,
}


def measure(answers: Answers, seed: int = 0) -> dict[str, Any]:
    """Every measure with its 95 % percentile bootstrap interval (1,000 resamples of messages), and the count."""
    draws = np.random.default_rng(seed).integers(len(answers.buy), size=(RESAMPLES, len(answers.buy)))
    resampled = [answers.take(rows) for rows in draws]
    result: dict[str, Any] = {"messages": len(answers.buy)}
    for name, function in MEASURES.items():
        low, high = np.nanpercentile([function(sample) for sample in resampled], [2.5, 97.5])
        result[name] = {"value": round(function(answers), 4), "low": round(low, 4), "high": round(high, 4)}
    return result


def at_threshold(answers: Answers, threshold: float) -> dict[str, Any]:
    """Precision and recall of the label `high` for buy, with its counts."""
    high = answers.score >= threshold
    right = int((high & answers.buy).sum())
    return {
        "threshold": threshold,
        "high": int(high.sum()),
        "precision": round(right / max(1, int(high.sum())), 4),
        "recall": round(right / max(1, int(answers.buy.sum())), 4),
    }


def answer(classifier: Classifier, messages: Sequence[Labelled]) -> Answers:
    """What a classifier says about labelled messages."""
    scored = classifier.classify([message.question for message in messages])
    return Answers(
        np.array([message.intent for message in messages]),
        np.array([one.intent for one in scored]),
        np.array([message.buy for message in messages]),
        np.array([one.buy_score for one in scored]),
    )


def main() -> None:
    """Print the measures of a model on a file as JSON."""
    parser = argparse.ArgumentParser(prog="python -m xundan.understand.evaluate", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, help="model directory; the model in the package if not given")
    parser.add_argument("--threshold", type=float, default=0.7)
    options = parser.parse_args()
    classifier = load_classifier(options.model)
    answers = answer(classifier, read_labelled(options.file))
    report = {"model": classifier.version} | measure(answers) | {"high": at_threshold(answers, options.threshold)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
