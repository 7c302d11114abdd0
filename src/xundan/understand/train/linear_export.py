"""Writing a fitted model as a model directory: the ONNX graph, the vocabulary, the labels and the card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from xundan.domain.records import INTENTS
from xundan.understand.directory import CARD, FORMAT, LABELS, MODEL, digest
from xundan.understand.train.calibration import Platt
from xundan.understand.train.linear import Linear

VOCABULARY = "vocabulary.npy"


def write_directory(path: Path, model: Linear, calibration: Platt, card: dict[str, Any]) -> None:
    """Write the directory; `card` is completed with format, kind, version, features and the files' hashes."""
    path.mkdir(parents=True, exist_ok=True)
    np.save(path / VOCABULARY, model.vocabulary)
    onnx.save(graph(model, calibration), str(path / MODEL))
    _write_json(path / LABELS, {"intents": list(INTENTS), "buy": "calibrated probability of buy 1"})
    files = {name: digest(path / name) for name in (MODEL, VOCABULARY, LABELS)}
    head = {"format": FORMAT, "kind": "ngram", "version": f"ngram-{files[MODEL][:10]}"}
    _write_json(path / CARD, head | {"features": model.ngrams.to_dict(), "files": files} | card)


def graph(model: Linear, calibration: Platt) -> onnx.ModelProto:
    """Input `features` int32 [n, width], 0 for padding; outputs `intent` float [n, 16], `buy` float [n].

    Row v of the table holds what feature v adds to the classes' logits and, last, to the squared length of the message.
    """
    classes = len(model.intercept)
    table = np.zeros((len(model.vocabulary) + 1, classes + 1))
    table[1:, :classes] = model.coefficients * model.weights[:, None]
    table[1:, classes] = model.weights**2
    constants: dict[str, NDArray[Any]] = {
        "table": table.astype(np.float16),
        "one": np.array([1], np.int64),
        "sizes": np.array([classes, 1], np.int64),
        "tiny": np.array([1e-6], np.float32),
        "intercept": model.intercept.astype(np.float32),
        "to_intent": np.eye(len(INTENTS), dtype=np.float32)[model.intent_of],
        "to_buy": model.buy_of.astype(np.float32)[:, None],
        "low": np.array(1e-6, np.float32),
        "high": np.array(1 - 1e-6, np.float32),
        "whole": np.array([1.0], np.float32),
        "slope": np.array([calibration.slope], np.float32),
        "offset": np.array([calibration.offset], np.float32),
    }
    steps = [
        ("Gather", ["table", "features"], ["rows16"], {}),
        ("Cast", ["rows16"], ["rows"], {"to": TensorProto.FLOAT}),
        ("ReduceSum", ["rows", "one"], ["sums"], {"keepdims": 0}),
        ("Split", ["sums", "sizes"], ["evidence", "square"], {"axis": 1}),
        ("Max", ["square", "tiny"], ["bounded"], {}),
        ("Sqrt", ["bounded"], ["length"], {}),
        ("Div", ["evidence", "length"], ["direction"], {}),
        ("Add", ["direction", "intercept"], ["logits"], {}),
        ("Softmax", ["logits"], ["classes"], {"axis": 1}),
        ("MatMul", ["classes", "to_intent"], ["intent"], {}),
        ("MatMul", ["classes", "to_buy"], ["raw2"], {}),
        ("Squeeze", ["raw2", "one"], ["raw1"], {}),
        ("Clip", ["raw1", "low", "high"], ["raw"], {}),
        ("Sub", ["whole", "raw"], ["rest"], {}),
        ("Div", ["raw", "rest"], ["odds"], {}),
        ("Log", ["odds"], ["logit"], {}),
        ("Mul", ["logit", "slope"], ["sloped"], {}),
        ("Add", ["sloped", "offset"], ["moved"], {}),
        ("Sigmoid", ["moved"], ["buy"], {}),
    ]
    built = helper.make_graph(
        [helper.make_node(kind, inputs, outputs, **options) for kind, inputs, outputs, options in steps],
        "xundan-ngram",
        [helper.make_tensor_value_info("features", TensorProto.INT32, ["n", "width"])],
        [
            helper.make_tensor_value_info("intent", TensorProto.FLOAT, ["n", len(INTENTS)]),
            helper.make_tensor_value_info("buy", TensorProto.FLOAT, ["n"]),
        ],
        [_constant(name, value) for name, value in constants.items()],
    )
    result = helper.make_model(built, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(result, full_check=True)
    return result


def _constant(name: str, value: NDArray[Any]) -> TensorProto:
    return numpy_helper.from_array(value, name)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
