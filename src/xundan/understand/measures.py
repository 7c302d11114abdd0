"""How right answers are, computed for many weightings of the messages at once: each message counted once gives the
figure itself, as often as a resample drew it gives one draw of its bootstrap distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xundan.domain.records import INTENTS

Flags = NDArray[np.bool_]
Names = NDArray[np.str_]
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]

BINS = 10
FREQUENT = 6
"""An intent with fewer messages says little by itself; `macro_f1_frequent` leaves it out."""

AT_ONCE = 800_000
"""Weights computed together, over resamples and messages: more only take memory."""

SCALARS = (
    *("accuracy", "macro_f1", "macro_f1_frequent", "buy_auc", "buy_average_precision"),
    *("buy_brier", "buy_calibration_error", "high_precision", "high_recall"),
)
PER_INTENT = ("precision", "recall", "f1")


class Answers(NamedTuple):
    """Truth and prediction, message by message."""

    intent: Names
    predicted: Names
    buy: Flags
    score: Reals

    def take(self, rows: Numbers) -> Answers:
        """The same for some rows."""
        return Answers(self.intent[rows], self.predicted[rows], self.buy[rows], self.score[rows])


class Tally:
    """Answers made ready to be counted with weights.

    Args:
        threshold: the score from which a message is `high`.
    """

    def __init__(self, answers: Answers, threshold: float) -> None:
        found = set(answers.intent.tolist()) | set(answers.predicted.tolist())
        self.intents = [name for name in INTENTS if name in found] + sorted(found.difference(INTENTS))
        number = {name: place for place, name in enumerate(self.intents)}
        self._cells = np.array(
            [number[t] * len(number) + number[p] for t, p in zip(answers.intent, answers.predicted, strict=True)]
        )
        self._answers = answers
        self._high = answers.score >= threshold
        self._order = np.argsort(answers.score, kind="stable")
        ordered = answers.score[self._order]
        self._steps = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def confusion(self, weights: Reals) -> Reals:
        """Weighted counts [resamples, truth, prediction]."""
        side = len(self.intents)
        counts = [np.bincount(self._cells, row, minlength=side * side) for row in weights]
        return np.stack(counts).astype(np.float64).reshape(-1, side, side)

    def figures(self, weights: Reals) -> dict[str, Reals]:
        """Every figure for every row of weights: those of SCALARS [resamples], PER_INTENT [resamples, intents].

        `bin_messages`, `bin_score` and `bin_buy` [resamples, BINS] are the calibration curve. What cannot be told
        (the recall of an intent that does not occur) is NaN.
        """
        return self._intent_figures(weights) | self._ranking(weights) | self._score_figures(weights)

    def _intent_figures(self, weights: Reals) -> dict[str, Reals]:
        counts = self.confusion(weights)
        right = np.einsum("bii->bi", counts)
        truth, said = counts.sum(axis=2), counts.sum(axis=1)
        f1 = _share(2 * right, truth + said)
        of_truth = np.where(truth > 0, f1, np.nan)
        return {
            "accuracy": right.sum(axis=1) / truth.sum(axis=1),
            "precision": _share(right, said),
            "recall": _share(right, truth),
            "f1": f1,
            "macro_f1": _mean(of_truth),
            "macro_f1_frequent": _mean(of_truth[:, self.frequent]),
        }

    @cached_property
    def frequent(self) -> Flags:
        """Which intents have FREQUENT messages or more in the truth."""
        return self.support >= FREQUENT

    @cached_property
    def support(self) -> Numbers:
        """Messages of each intent in the truth."""
        return np.array([np.count_nonzero(self._answers.intent == name) for name in self.intents])

    def _ranking(self, weights: Reals) -> dict[str, Reals]:
        """Area under the ROC curve (ties half) and average precision, from the scores in order."""
        buy = self._answers.buy[self._order]
        ordered = weights[:, self._order]
        yes = np.add.reduceat(np.where(buy, ordered, 0.0), self._steps, axis=1)
        no = np.add.reduceat(np.where(buy, 0.0, ordered), self._steps, axis=1)
        below = np.cumsum(no, axis=1) - no
        pairs = yes.sum(axis=1) * no.sum(axis=1)
        found = np.cumsum(yes[:, ::-1], axis=1)
        shown = found + np.cumsum(no[:, ::-1], axis=1)
        precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > 0)
        return {
            "buy_auc": _share((yes * (below + no / 2)).sum(axis=1), pairs),
            "buy_average_precision": _share((yes[:, ::-1] * precision).sum(axis=1), yes.sum(axis=1)),
        }

    def _score_figures(self, weights: Reals) -> dict[str, Reals]:
        sums = weights @ self._columns
        total, error, high, right, buy = (sums[:, column] for column in range(5))
        messages, score, bought = (sums[:, 5 + BINS * part : 5 + BINS * (part + 1)] for part in range(3))
        return {
            "buy_brier": error / total,
            "buy_calibration_error": np.abs(score - bought).sum(axis=1) / total,
            "high_precision": _share(right, high),
            "high_recall": _share(right, buy),
            "bin_messages": messages,
            "bin_score": _share(score, messages),
            "bin_buy": _share(bought, messages),
        }

    @cached_property
    def _columns(self) -> Reals:
        """What each message adds: one, squared error, high, high and right, buy; in its bin: one, score, buy."""
        score, buy = self._answers.score, self._answers.buy
        place = np.eye(BINS)[np.clip((score * BINS).astype(int), 0, BINS - 1)]
        single = np.stack([np.ones_like(score), (score - buy) ** 2, self._high, self._high & buy, buy], axis=1)
        return np.hstack([single, place, place * score[:, None], place * buy[:, None]])


def resamples(groups: Numbers, count: int, seed: int) -> Iterator[Reals]:
    """Weights of `count` bootstrap resamples, in blocks [some, messages].

    Whole groups are drawn, as many as there are, with replacement; give every message a group of its own to draw
    messages. The same seed gives the same weights.

    Args:
        groups: the group of each message, numbered from 0 without a gap.
    """
    draw = np.random.default_rng(seed)
    number = int(groups.max()) + 1
    most = max(1, AT_ONCE // len(groups))
    for start in range(0, count, most):
        block = min(most, count - start)
        drawn = [np.bincount(draw.integers(number, size=number), minlength=number) for _ in range(block)]
        yield np.stack(drawn).astype(np.float64)[:, groups]


def group_numbers(names: Sequence[str]) -> Numbers:
    """Groups numbered for `resamples`; a message without a name is a group of its own."""
    own = [name or f"\0{place}" for place, name in enumerate(names)]
    return np.unique(own, return_inverse=True)[1].astype(np.int64)


def _share(part: Reals, whole: Reals) -> Reals:
    """The quotient, NaN where the divisor is 0."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean(values: Reals) -> Reals:
    """The mean of each row's numbers that are some, NaN where there is none."""
    known = ~np.isnan(values)
    return _share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))
