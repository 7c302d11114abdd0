"""The training loop: batches of like length, a rate that rises and falls, checkpoints, an early stop."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from xundan.domain.ports import Question
from xundan.domain.records import INTENTS
from xundan.errors import ConfigError
from xundan.understand.encode import PairEncoder, Tokens
from xundan.understand.train.data import Example
from xundan.understand.train.network import Network

Reals = NDArray[np.float64]
CHECKPOINT = "checkpoint.pt"
POOL = 16
"""Batches whose rows are sorted together: like lengths in a batch, yet another mixture in every epoch."""


@dataclass(frozen=True)
class Recipe:
    """The choices of a training; the defaults are those for a BERT of base size.

    `layer_decay` is what a layer's rate is multiplied with for every layer above it; 1 gives all the same.
    `class_weights` 1 weighs all intents alike, 0 each message alike. `patience` is in epochs, 0 for no early stop.
    """

    learning_rate: float = 2e-5
    epochs: int = 3
    length: int = 64
    batch: int = 32
    layer_decay: float = 1.0
    class_weights: float = 0.5
    label_smoothing: float = 0.0
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    train_words: bool = True
    expand: bool = True
    patience: int = 2
    seed: int = 0


class Targets(NamedTuple):
    """What is to be learnt: probabilities of the intents [n, 16] and of buy [n], 0 and 1 where a person labelled."""

    intent: Reals
    buy: Reals

    @staticmethod
    def of(examples: Sequence[Example]) -> Targets:
        """The labels of examples."""
        rows = [INTENTS.index(example.message.intent) for example in examples]
        return Targets(np.eye(len(INTENTS))[rows], np.array([float(e.message.buy) for e in examples]))


@dataclass
class Progress:
    """Where a training stands. `score` is what the last epoch reached on the validation set."""

    step: int
    steps: int
    epoch: int
    loss: float
    score: float | None = None


class Task(NamedTuple):
    """What a training works on: `questions` gives the training questions, perhaps varied, for a random source."""

    questions: Callable[[random.Random], Sequence[Question]]
    targets: Targets
    validate: Callable[[Network], float]


def fit(
    network: Network,
    encoder: PairEncoder,
    task: Task,
    recipe: Recipe,
    folder: Path,
    told: Callable[[Progress], None],
) -> None:
    """Train a network in place and leave it as it was after its best epoch on the validation set.

    After every epoch a checkpoint is written to `folder`; a training that finds one there goes on from it, and with the
    same recipe ends in the same network. Raises `ConfigError` when the checkpoint is of another recipe.
    """
    state = _State(network, recipe, math.ceil(len(task.targets.buy) / recipe.batch))
    state.weights.copy_(torch.tensor(_class_weights(task.targets, recipe.class_weights)))
    state.resume(folder / CHECKPOINT)
    while state.epoch < recipe.epochs and not state.tired:
        rng = _seeded(recipe.seed, state.epoch)
        rows = encoder.encode(task.questions(rng))
        network.train()
        for place in _batches(rows, recipe.batch, rng):
            loss = _step(state, [rows[i] for i in place], Targets(task.targets.intent[place], task.targets.buy[place]))
            told(Progress(state.step, state.steps * recipe.epochs, state.epoch, loss))
        state.end_epoch(task.validate(network))
        told(Progress(state.step, state.steps * recipe.epochs, state.epoch, loss, state.scores[-1]))
        state.save(folder / CHECKPOINT)
    network.load_state_dict(state.best)
    network.eval()


class _State:
    """Everything that a resumed training needs."""

    def __init__(self, network: Network, recipe: Recipe, steps: int) -> None:
        self.network = network
        self.recipe = recipe
        self.steps = steps
        self.step = self.epoch = 0
        self.scores: list[float] = []
        self.best = _copy(network)
        self.weights = torch.ones(len(INTENTS), device=network.intent.weight.device)
        self.optimiser = torch.optim.AdamW(list(_groups(network, recipe)), lr=recipe.learning_rate, fused=True)
        self._rates = [group["lr"] for group in self.optimiser.param_groups]

    @property
    def tired(self) -> bool:
        """Whether as many epochs as `patience` brought nothing better."""
        since = len(self.scores) - 1 - self.scores.index(max(self.scores)) if self.scores else 0
        return bool(self.recipe.patience) and since >= self.recipe.patience

    def pace(self) -> None:
        """Set the rates of this step: a linear rise, then a linear fall to 0."""
        total = self.steps * self.recipe.epochs
        rise = max(1, int(total * self.recipe.warm_up))
        share = min((self.step + 1) / rise, (total - self.step) / max(1, total - rise))
        for group, rate in zip(self.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * share

    def end_epoch(self, score: float) -> None:
        self.epoch += 1
        self.scores.append(score)
        if score == max(self.scores):
            self.best = _copy(self.network)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {"recipe": asdict(self.recipe), "steps": self.steps, "step": self.step, "scores": self.scores}
        state |= {"network": self.network.state_dict(), "best": self.best, "optimiser": self.optimiser.state_dict()}
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def resume(self, path: Path) -> None:
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.network.intent.weight.device)
        if (state["recipe"], state["steps"]) != (asdict(self.recipe), self.steps):
            raise ConfigError(f"{path} is of another training: delete it, or train with the same options and data")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.scores, self.best = state["step"], state["scores"], state["best"]
        self.epoch = len(self.scores)


def _step(state: _State, rows: list[Tokens], targets: Targets) -> float:
    state.pace()
    intent, buy = state.network(rows)
    loss = _loss(intent, buy, targets, state)
    state.optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    state.optimiser.step()
    state.step += 1
    return float(loss.detach())


def _loss(intent: Tensor, buy: Tensor, targets: Targets, state: _State) -> Tensor:
    """Cross-entropy of both heads against targets that may be soft."""
    smooth = state.recipe.label_smoothing
    goal = torch.tensor(targets.intent, dtype=intent.dtype, device=intent.device)
    goal = goal * (1 - smooth) + smooth / len(INTENTS)
    step = torch.tensor(targets.buy, dtype=buy.dtype, device=buy.device) * (1 - smooth) + smooth / 2
    return functional.cross_entropy(intent, goal, state.weights) + functional.binary_cross_entropy_with_logits(
        buy, step
    )


def _class_weights(targets: Targets, power: float) -> Reals:
    """A rare intent's messages weigh more; the mean message weighs 1."""
    counts = targets.intent.sum(axis=0)
    weights = np.where(counts > 0, np.maximum(counts, 1e-9) ** -power, 0.0)
    return np.asarray(weights * counts.sum() / (weights * counts).sum())


def _groups(network: Network, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Parameters with their rates: the lower the layer, the slower; no decay for biases and norms."""
    layers = network.encoder.encoder.layer
    parts: list[tuple[torch.nn.Module, int]] = [(network.intent, 0), (network.buy, 0)]
    parts += [(layer, len(layers) - number) for number, layer in enumerate(layers)]
    network.encoder.embeddings.requires_grad_(recipe.train_words)
    if recipe.train_words:
        parts.append((network.encoder.embeddings, len(layers) + 1))
    for module, depth in parts:
        rate = recipe.learning_rate * recipe.layer_decay**depth
        for matrices in (True, False):
            chosen = [p for p in module.parameters() if (p.ndim > 1) == matrices]
            yield {"params": chosen, "lr": rate, "weight_decay": recipe.weight_decay if matrices else 0.0}


def _batches(rows: Sequence[Tokens], size: int, rng: random.Random) -> list[list[int]]:
    order = list(range(len(rows)))
    rng.shuffle(order)
    found: list[list[int]] = []
    for start in range(0, len(order), size * POOL):
        pool = sorted(order[start : start + size * POOL], key=lambda i: len(rows[i].ids))
        found += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(found)
    return found


def _seeded(seed: int, epoch: int) -> random.Random:
    """Every epoch has its own source, so that a resumed training repeats what an uninterrupted one would do."""
    torch.manual_seed(seed * 1000 + epoch)
    return random.Random(seed * 1000 + epoch)  # noqa: S311 (an order, no secret)


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
