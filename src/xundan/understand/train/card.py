"""What every model's card says of its data and of how good the model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xundan.understand.evaluate import answer, at_threshold, measure
from xundan.understand.labelled import Labelled
from xundan.understand.model import OnnxClassifier
from xundan.understand.train.data import Data, Split

THRESHOLD = 0.7


def data_entry(data: Data, parts: Split) -> dict[str, Any]:
    """The data a model was made from: counts, hashes, how it was split by scene."""
    return {
        "messages": len(data.examples),
        "sha256": data.digest,
        "files": data.files,
        "split": {name: len(part) for name, part in zip(Split._fields, parts, strict=True)},
    }


def figures(classifier: OnnxClassifier, messages: Sequence[Labelled]) -> dict[str, Any]:
    """Every measure with its interval, whole scenes resampled where they are known."""
    answers = answer(classifier, messages)
    groups = [message.group for message in messages]
    found = measure(answers, groups=groups if any(groups) else ())
    return found | {"high": at_threshold(answers, THRESHOLD)}
