"""Calibration on held-out scenes: a temperature for the intents, a line for buy, so that scores are probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

Reals = NDArray[np.float64]


class Platt(NamedTuple):
    """Platt scaling (Platt 1999): calibrated = sigmoid(slope * logit + offset)."""

    slope: float
    offset: float

    def apply(self, logits: Reals) -> Reals:
        """Calibrated probabilities."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * logits + self.offset))))


def logit(p: Reals) -> Reals:
    """The log odds of probabilities, kept finite."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))


def platt(logits: Reals, truth: NDArray[np.bool_]) -> Platt:
    """Fit the scaling on hold-out logits."""
    if len(np.unique(truth)) < 2:
        return Platt(1.0, 0.0)
    model = LogisticRegression(C=1e6).fit(logits[:, None], truth)
    return Platt(float(model.coef_[0, 0]), float(model.intercept_[0]))


def temperature(logits: Reals, truth: NDArray[np.int64]) -> float:
    """What to divide the intents' logits [n, 16] by (Guo et al. 2017): the least log loss on hold-out rows."""

    def loss(log_t: float) -> float:
        return float(-log_softmax(logits / np.exp(log_t), axis=1)[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.5, 2.5), method="bounded").x))
