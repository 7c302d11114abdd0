"""How good a model is on labelled messages: every figure with its 95 % bootstrap interval (docs/model.md).

Percentile bootstrap over messages, or over whole groups where the messages say what they were written in: messages of
one session are alike, and drawn apart they would make the intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from xundan.domain.ports import Classifier, Scored
from xundan.understand.labelled import Labelled, labelled, read_labelled
from xundan.understand.measures import (
    BINS,
    FREQUENT,
    PER_INTENT,
    SCALARS,
    Answers,
    Reals,
    Tally,
    group_numbers,
    resamples,
)

__all__ = [
    "MEASURES",
    "Answers",
    "Labelled",
    "answer",
    "at_threshold",
    "differences",
    "evaluate",
    "labelled",
    "measure",
    "read_labelled",
]

RESAMPLES = 1000
AT_ONCE = 1024
"""Messages put to a model at a time: it sorts them by length, and progress is told between."""

THRESHOLD = 0.7
INTERVAL = (2.5, 97.5)
_ONE_BY_ONE = tuple(name for name in SCALARS if not name.startswith("high_"))


def _value(name: str, answers: Answers) -> float:
    return float(Tally(answers, THRESHOLD).figures(_once(answers))[name][0])


MEASURES: dict[str, Callable[[Answers], float]] = {
    name: partial(_value, name) for name in ("accuracy", "macro_f1", "buy_auc", "buy_brier", "buy_calibration_error")
}
"""The figures that every model's card gives, each alone and without an interval."""


def measure(answers: Answers, seed: int = 0, groups: Sequence[str] = ()) -> dict[str, Any]:
    """The number of messages, and every figure that needs no threshold as `{"value", "low", "high"}`.

    Args:
        groups: what each message was written in, for `resamples`; () draws single messages.
    """
    tally = Tally(answers, THRESHOLD)
    figures = _Figures(tally, answers, groups, seed, RESAMPLES)
    return {"messages": len(answers.buy)} | {name: figures.scalar(name) for name in _ONE_BY_ONE}


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


def evaluate(
    answers: Answers, *, threshold: float = THRESHOLD, groups: Sequence[str] = (), seed: int = 0, count: int = RESAMPLES
) -> dict[str, Any]:
    """Everything there is to say, ready for JSON: what cannot be told is None.

    Args:
        groups: as for `measure`.
        count: resamples.
    """
    tally = Tally(answers, threshold)
    figures = _Figures(tally, answers, groups, seed, count)
    high = at_threshold(answers, threshold)
    return {
        "messages": len(answers.buy),
        "buy": int(answers.buy.sum()),
        "bootstrap": {"resamples": count, "seed": seed, "level": 0.95, "groups": figures.groups},
        **{name: figures.scalar(name) for name in _ONE_BY_ONE},
        "frequent": {"least": FREQUENT, "intents": int(tally.frequent.sum())},
        "high": high | {name: figures.scalar(f"high_{name}") for name in ("precision", "recall")},
        "intents": list(_intents(tally, figures, answers)),
        "confusion": {
            "intents": tally.intents,
            "counts": tally.confusion(_once(answers))[0].astype(int).tolist(),
        },
        "calibration": list(_calibration(figures)),
    }


def differences(
    one: Answers, other: Answers, *, threshold: float = THRESHOLD, groups: Sequence[str] = (), seed: int = 0
) -> dict[str, Any]:
    """How much the figures of one model's answers lie above another's, on the same messages in the same order.

    Both are counted on the same resamples: what makes a message hard for either does not widen the interval.
    """
    ours, theirs = (_Figures(Tally(answers, threshold), answers, groups, seed, RESAMPLES) for answers in (one, other))
    return {
        name: _told(ours.values[name][0] - theirs.values[name][0], ours.drawn[name] - theirs.drawn[name])
        for name in SCALARS
    }


def _intents(tally: Tally, figures: _Figures, answers: Answers) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(tally.intents):
        counts = {"support": int(tally.support[place]), "predicted": int((answers.predicted == name).sum())}
        yield {"intent": name} | counts | {figure: figures.at(figure, place) for figure in PER_INTENT}


def _calibration(figures: _Figures) -> Iterator[dict[str, Any]]:
    """The bins that hold messages: what was said on average, and the share that is true."""
    for place, messages in enumerate(figures.values["bin_messages"][0]):
        if messages:
            ends = {"from": place / BINS, "to": (place + 1) / BINS, "messages": int(messages)}
            yield ends | {"score": figures.at("bin_score", place)["value"], "buy": figures.at("bin_buy", place)}


class _Figures:
    """Values and intervals of everything."""

    def __init__(self, tally: Tally, answers: Answers, groups: Sequence[str], seed: int, count: int) -> None:
        numbers = group_numbers(groups) if any(groups) else np.arange(len(answers.buy))
        self.groups = int(numbers.max()) + 1 if any(groups) else None
        self.values = tally.figures(_once(answers))
        blocks = [tally.figures(weights) for weights in resamples(numbers, count, seed)]
        self.drawn = {name: np.concatenate([block[name] for block in blocks]) for name in self.values}

    def scalar(self, name: str) -> dict[str, float | None]:
        return _told(self.values[name][0], self.drawn[name])

    def at(self, name: str, place: int) -> dict[str, float | None]:
        return _told(self.values[name][0, place], self.drawn[name][:, place])


def _told(value: float, drawn: Reals) -> dict[str, float | None]:
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    ends = {"value": value, "low": low, "high": high}
    return {name: None if np.isnan(end) else round(float(end), 4) for name, end in ends.items()}


def _once(answers: Answers) -> Reals:
    return np.ones((1, len(answers.buy)))


def answer(
    classifier: Classifier, messages: Sequence[Labelled], progress: Callable[[int], object] = lambda done: None
) -> Answers:
    """What a classifier says about labelled messages. `progress` is told how many are done."""
    scored: list[Scored] = []
    for start in range(0, len(messages), AT_ONCE):
        scored += classifier.classify([message.question for message in messages[start : start + AT_ONCE]])
        progress(len(scored))
    return Answers(
        np.array([message.intent for message in messages]),
        np.array([one.intent for one in scored]),
        np.array([message.buy for message in messages]),
        np.array([one.buy_score for one in scored]),
    )
