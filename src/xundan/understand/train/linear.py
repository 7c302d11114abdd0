"""The n-gram family: a multinomial logistic regression over weighted n-grams whose classes are the pairs (intent, buy).

Both heads are sums of one softmax: an intent's probability sums its two pairs, buy sums the pairs with buy 1. The two
labels share their evidence that way, which ranks buy better than a head of its own (docs/model.md has the table).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from xundan.domain.ports import Question
from xundan.domain.records import INTENTS
from xundan.understand.evaluate import Answers, Labelled
from xundan.understand.features import Features, Hashes, Ngrams, Vocabulary
from xundan.understand.train.data import Example

Reals = NDArray[np.float64]
FOLDS = 5


@dataclass(frozen=True)
class LinearRecipe:
    """The choices of a training. `regularisation` is scikit-learn's C; `balance` 1 weighs all intents alike, 0 none."""

    ngrams: Ngrams = field(default_factory=lambda: Ngrams(text_n=2))
    context_weight: float = 0.6
    least_count: int = 2
    idf: bool = True
    regularisation: float = 30.0
    balance: float = 0.75


class Linear(NamedTuple):
    """A fitted model: `weights[v]` scales feature v, `coefficients` [features, classes], `intercept` [classes].

    `intent_of` and `buy_of` say which intent (index into INTENTS) and which buy a class stands for.
    """

    ngrams: Ngrams
    vocabulary: Hashes
    weights: Reals
    coefficients: Reals
    intercept: Reals
    intent_of: NDArray[np.int64]
    buy_of: NDArray[np.int64]

    def predict(self, questions: Sequence[Question]) -> tuple[Reals, Reals]:
        """Probabilities of the intents [n, 16] and of buy [n], the latter not calibrated."""
        rows = _matrix(self.ngrams.extract(questions), len(questions), self.vocabulary, self.weights)
        logits = rows @ self.coefficients + self.intercept
        classes = np.exp(logits - logits.max(axis=1, keepdims=True))
        classes /= classes.sum(axis=1, keepdims=True)
        intents = np.zeros((len(questions), len(INTENTS)))
        np.add.at(intents.T, self.intent_of, classes.T)
        return intents, classes @ self.buy_of


def fit(examples: Sequence[Example], recipe: LinearRecipe) -> Linear:
    """Fit one model; the same examples and recipe give the same model."""
    messages = [example.message for example in examples]
    features = recipe.ngrams.extract([message.question for message in messages])
    vocabulary, weights = _vocabulary(features, messages, recipe)
    pairs = np.array([INTENTS.index(m.intent) * 2 + m.buy for m in messages])
    intents = Counter(message.intent for message in messages)
    sample_weight = np.array([float(intents[message.intent]) ** -recipe.balance for message in messages])
    model = LogisticRegression(C=recipe.regularisation, max_iter=200)
    rows = _matrix(features, len(messages), vocabulary, weights)
    model.fit(rows, pairs, sample_weight=sample_weight / sample_weight.mean())
    classes = model.classes_.astype(np.int64)
    return Linear(
        recipe.ngrams, vocabulary, weights, model.coef_.T, model.intercept_, intent_of=classes // 2, buy_of=classes % 2
    )


def cross_validate(examples: Sequence[Example], recipe: LinearRecipe) -> Answers:
    """What models say about scenes they were not fitted on: every message predicted once, split by scene."""
    scenes = [example.scene for example in examples]
    intents, buy = np.zeros((len(examples), len(INTENTS))), np.zeros(len(examples))
    for train, rest in GroupKFold(FOLDS).split(scenes, groups=scenes):
        model = fit([examples[i] for i in train], recipe)
        intents[rest], buy[rest] = model.predict([examples[i].message.question for i in rest])
    truth = [example.message for example in examples]
    return Answers(
        np.array([message.intent for message in truth]),
        np.array(INTENTS)[intents.argmax(axis=1)],
        np.array([message.buy for message in truth]),
        buy,
    )


def _vocabulary(features: Features, messages: Sequence[Labelled], recipe: LinearRecipe) -> tuple[Hashes, Reals]:
    """Features of at least `least_count` messages and their weights: rarity (idf), less for the turns before."""
    hashes, place = np.unique(features.hashes, return_inverse=True)
    each_once = np.unique(features.rows * len(hashes) + place) % len(hashes)
    counts = np.bincount(each_once, minlength=len(hashes))
    often = counts >= recipe.least_count
    of_message = recipe.ngrams.extract([Question(message.question.text) for message in messages]).hashes
    weights = np.where(np.isin(hashes, of_message), 1.0, recipe.context_weight)
    if recipe.idf:
        weights *= np.log((1 + len(messages)) / (1 + counts)) + 1
    return hashes[often], weights[often]


def _matrix(features: Features, count: int, vocabulary: Hashes, weights: Reals) -> sparse.csr_matrix:
    """Rows of unit length: a feature's weight where a message has it."""
    numbers = Vocabulary(vocabulary).number(features, count)
    rows, columns = np.nonzero(numbers)
    which = numbers[rows, columns] - 1
    norms = np.sqrt(np.bincount(rows, weights[which] ** 2, minlength=count))
    return sparse.csr_matrix((weights[which] / norms[rows], (rows, which)), shape=(count, len(vocabulary)))
