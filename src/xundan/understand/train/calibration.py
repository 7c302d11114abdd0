"""Calibration on held-out scenes, so that scores are probabilities: the intents' scale, a line for buy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

Reals = NDArray[np.float64]
NEAR = 1e-3
"""How strongly the biases are held near 0."""


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


class Scale(NamedTuple):
    """Calibrated intents: softmax(logits / temperature + bias)."""

    temperature: float
    bias: Reals

    def apply(self, logits: Reals) -> Reals:
        """Calibrated probabilities [n, 16]."""
        return np.asarray(softmax(logits / self.temperature + self.bias, axis=1))


def scale(logits: Reals, truth: NDArray[np.int64]) -> Scale:
    """Temperature and a bias for every intent, of least log loss on hold-out rows.

    Bias-corrected temperature scaling (Alexandari et al. 2020). The bias gives frequent intents back what class weights
    took from them in training; it is held near 0, so that an intent without hold-out rows stays as it is.
    """
    rows, intents = np.arange(len(truth)), logits.shape[1]

    def loss(values: Reals) -> float:
        wrong = -log_softmax(logits / np.exp(values[0]) + values[1:], axis=1)[rows, truth].mean()
        return float(wrong + NEAR * (values[1:] ** 2).sum())

    found = minimize(loss, np.zeros(intents + 1), method="L-BFGS-B", bounds=[(-2.5, 2.5)] + [(-3, 3)] * intents).x
    return Scale(float(np.exp(found[0])), found[1:] - found[1:].mean())
