"""An encoder with random weights in a size of choice: it costs what a trained one of this size costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xundan.domain.records import INTENTS

Reals = NDArray[np.floating[Any]]

SPREAD = 0.02
"""Standard deviation of the weights, as a BERT is started and nearly as a trained one has them."""


@dataclass(frozen=True)
class Size:
    """Of a BERT; `length` is the most tokens of an input."""

    name: str
    layers: int
    hidden: int
    heads: int
    vocabulary: int = 21_128
    length: int = 64
    epsilon: float = 1e-12


SIZES = {size.name: size for size in (Size("BERT-base", 12, 768, 12), Size("tiny", 2, 32, 2))}


def weights(size: Size, seed: int = 3) -> dict[str, Reals]:
    """All weights under the names of a Hugging Face `BertModel`, and those of the heads: `intent.*` and `buy.*`."""
    chance = np.random.default_rng(seed)
    return {
        name: chance.standard_normal(shape, np.float32) * SPREAD if random else np.full(shape, fill, np.float32)
        for name, shape, random, fill in _tensors(size)
    }


Tensor = tuple[str, tuple[int, ...], bool, float]
"""Name, shape, whether random, else what it is filled with."""


def _tensors(size: Size) -> Iterator[Tensor]:
    hidden, wide = size.hidden, 4 * size.hidden
    tables = {"word_embeddings": size.vocabulary, "position_embeddings": size.length, "token_type_embeddings": 2}
    for name, rows in tables.items():
        yield f"embeddings.{name}.weight", (rows, hidden), True, 0
    yield from _norm("embeddings.LayerNorm", hidden)
    for number in range(size.layers):
        at = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            yield from _linear(f"{at}.attention.{part}", hidden, hidden)
        yield from _norm(f"{at}.attention.output.LayerNorm", hidden)
        yield from _linear(f"{at}.intermediate.dense", hidden, wide)
        yield from _linear(f"{at}.output.dense", wide, hidden)
        yield from _norm(f"{at}.output.LayerNorm", hidden)
    yield from _linear("intent", hidden, len(INTENTS))
    yield from _linear("buy", hidden, 1)


def _linear(name: str, inputs: int, outputs: int) -> Iterator[Tensor]:
    yield f"{name}.weight", (outputs, inputs), True, 0
    yield f"{name}.bias", (outputs,), False, 0


def _norm(name: str, hidden: int) -> Iterator[Tensor]:
    yield f"{name}.weight", (hidden,), False, 1
    yield f"{name}.bias", (hidden,), False, 0
