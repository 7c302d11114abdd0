"""Writing a trained network as a model directory, and refusing an int8 graph that answers worse than the network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from tokenizers import Tokenizer

from xundan.domain.records import INTENTS
from xundan.errors import XundanError
from xundan.understand.directory import CARD, FORMAT, LABELS, MODEL, digest
from xundan.understand.evaluate import MEASURES, Answers, answer
from xundan.understand.labelled import Labelled
from xundan.understand.model import load_classifier
from xundan.understand.train.calibration import Platt, Scale
from xundan.understand.train.graph import Bert, Head, build
from xundan.understand.train.network import Network, Reals

TOKENIZER = "tokenizer.json"
MOST_LOST = 0.005
"""What int8 may cost of accuracy, macro-F1 and buy AUC on the hold-out."""


class Calibration(NamedTuple):
    """What a network's logits are made probabilities with."""

    intent: Scale
    buy: Platt


def write_encoder(
    path: Path,
    network: Network,
    tokenizer: Tokenizer,
    length: int,
    calibration: Calibration,
    card: dict[str, Any],
    *,
    int8: bool = True,
) -> None:
    """Write the directory; `card` is completed with format, kind, version, features and the files' hashes."""
    path.mkdir(parents=True, exist_ok=True)
    onnx.save(build(_bert(network, length, calibration), int8=int8), str(path / MODEL))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(path / TOKENIZER), pretty=False)
    write_json(path / LABELS, {"intents": list(INTENTS), "buy": "calibrated probability of buy 1"})
    files = {name: digest(path / name) for name in (MODEL, TOKENIZER, LABELS)}
    head = {"format": FORMAT, "kind": "encoder", "version": f"encoder-{files[MODEL][:10]}"}
    write_json(path / CARD, head | {"features": {"length": length}, "files": files} | card)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object as readable JSON."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def int8_loss(path: Path, network_says: Answers, messages: Sequence[Labelled]) -> dict[str, float]:
    """What the written graph loses against the network on the same messages, by measure; less than 0 for a gain.

    Raises `XundanError`, and removes the directory, where more than half a point is lost.
    """
    graph_says = answer(load_classifier(path), messages)
    names = ("accuracy", "macro_f1", "buy_auc")
    lost = {name: round(MEASURES[name](network_says) - MEASURES[name](graph_says), 4) for name in names}
    worst = max(lost, key=lambda name: lost[name])
    if lost[worst] > MOST_LOST:
        shutil.rmtree(path)
        raise XundanError(
            f"int8 would cost {100 * lost[worst]:.1f} points of {worst} on the hold-out, more than 0.5:"
            " nothing was written (`--float` writes the model as it is)"
        )
    return lost


def _bert(network: Network, length: int, calibration: Calibration) -> Bert:
    config = network.encoder.config
    weights = {name: value.detach().cpu().numpy() for name, value in network.encoder.state_dict().items()}
    return Bert(
        weights,
        config.num_hidden_layers,
        config.num_attention_heads,
        length,
        config.layer_norm_eps,
        _head(network, network.intent, 1 / calibration.intent.temperature, calibration.intent.bias),
        _head(network, network.buy, calibration.buy.slope, calibration.buy.offset),
    )


def _head(network: Network, layer: Any, slope: float, offset: Any) -> Head:
    """A head on plain features: the standardisation and the calibration are taken into it."""
    weight: Reals = layer.weight.detach().cpu().numpy().astype(np.float64) / network.spread.cpu().numpy()
    bias = layer.bias.detach().cpu().numpy() - weight @ network.mean.cpu().numpy()
    return Head(slope * weight, slope * bias + offset)
