"""A fine-tuned BERT as an ONNX graph, in int8 or float, whose scores depend on the message alone.

The usual dynamic int8 takes one scale for all activations of a batch, so a message's score moves with its neighbours
(by up to 0.4 here). In this graph every token has its own scale (the token-wise quantisation of Yao et al. 2022,
ZeroQuant), so nothing a neighbour says can reach it. Weights keep seven bits and a scale for every column: on
processors without VNNI the products of eight-bit numbers would overflow the 16-bit sums of `vpmaddubsw`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Reals = NDArray[np.floating[Any]]

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
WEIGHT_LIMIT = 63
"""Largest weight of a column, in steps: 255 * 63 * 2 just fits 16 bits with a sign."""


@dataclass(frozen=True)
class Head:
    """A linear layer on the pooled features: `weight` [outputs, features], `bias` [outputs]."""

    weight: Reals
    bias: Reals


@dataclass(frozen=True)
class Bert:
    """What the graph is made of. `weights` are named as in a Hugging Face `BertModel`; the heads' outputs are logits,
    already calibrated: `intent` [16, hidden], `buy` [1, hidden]. `length` is the most tokens of an input."""

    weights: dict[str, Reals]
    layers: int
    heads: int
    length: int
    epsilon: float
    intent: Head
    buy: Head


def build(bert: Bert, *, int8: bool) -> onnx.ModelProto:
    """The graph: `INPUTS` int64 [n, width] to `intent` float [n, 16] (probabilities) and `buy` float [n]."""
    graph = _Graph(int8)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.INT32)
    hidden = _embeddings(graph, bert)
    for number in range(bert.layers):
        hidden = _layer(graph, bert, number, hidden, mask)
    _heads(graph, bert, _pooled(graph, hidden))
    return graph.model(len(bert.intent.bias))


def _embeddings(graph: _Graph, bert: Bert) -> str:
    words = graph.table(bert.weights["embeddings.word_embeddings.weight"], "input_ids")
    width = graph.node("Shape", ["input_ids"], start=1)
    places = graph.floats(bert.weights["embeddings.position_embeddings.weight"][: bert.length])
    positions = graph.node("Slice", [places, graph.constant(np.array([0])), width])
    segments = graph.floats(bert.weights["embeddings.token_type_embeddings.weight"])
    segment = graph.node("Gather", [segments, "token_type_ids"])
    total = graph.node("Add", [graph.node("Add", [words, positions]), segment])
    norm = "embeddings.LayerNorm"
    scale, shift = graph.floats(bert.weights[f"{norm}.weight"]), graph.floats(bert.weights[f"{norm}.bias"])
    return graph.node("LayerNormalization", [total, scale, shift], axis=-1, epsilon=bert.epsilon)


def _layer(graph: _Graph, bert: Bert, number: int, hidden: str, mask: str) -> str:
    at = f"encoder.layer.{number}"
    quantised = graph.quantise(hidden)
    names = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
    query, key, value = (graph.matmul(quantised, bert.weights[f"{name}.weight"]) for name in names)
    bias = graph.floats(np.concatenate([bert.weights[f"{name}.bias"] for name in names]))
    attended = graph.own("MultiHeadAttention", [query, key, value, bias, mask], num_heads=bert.heads)
    mixed = graph.matmul(graph.quantise(attended), bert.weights[f"{at}.attention.output.dense.weight"])
    hidden = _added(graph, bert, f"{at}.attention.output", mixed, hidden)
    wide = graph.matmul(graph.quantise(hidden), bert.weights[f"{at}.intermediate.dense.weight"])
    wide = graph.own("BiasGelu", [wide, graph.floats(bert.weights[f"{at}.intermediate.dense.bias"])])
    narrow = graph.matmul(graph.quantise(wide), bert.weights[f"{at}.output.dense.weight"])
    return _added(graph, bert, f"{at}.output", narrow, hidden)


def _added(graph: _Graph, bert: Bert, name: str, new: str, old: str) -> str:
    norm = [graph.floats(bert.weights[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias")]
    bias = graph.floats(bert.weights[f"{name}.dense.bias"])
    return graph.own("SkipLayerNormalization", [new, old, *norm, bias], epsilon=bert.epsilon)


def _pooled(graph: _Graph, hidden: str) -> str:
    """The mean over the message's own tokens."""
    inside = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    outside = graph.node("Cast", ["token_type_ids"], to=TensorProto.FLOAT)
    own = graph.node("Mul", [inside, graph.node("Sub", [graph.floats(np.array(1.0)), outside])])
    column = graph.node("Unsqueeze", [own, graph.constant(np.array([2]))])
    axis = graph.constant(np.array([1]))
    total = graph.node("ReduceSum", [graph.node("Mul", [hidden, column]), axis], keepdims=0)
    return graph.node("Div", [total, graph.node("ReduceSum", [column, axis], keepdims=0)])


def _heads(graph: _Graph, bert: Bert, pooled: str) -> None:
    logits = graph.node("Gemm", [pooled, graph.floats(bert.intent.weight.T), graph.floats(bert.intent.bias)])
    graph.node("Softmax", [logits], "intent", axis=-1)
    buy = graph.node("Gemm", [pooled, graph.floats(bert.buy.weight.T), graph.floats(bert.buy.bias)])
    graph.node("Sigmoid", [graph.node("Squeeze", [buy, graph.constant(np.array([1]))])], "buy")


Quantised = tuple[str, ...]
"""Names of a tensor's int8 form [tokens, features] and its scales [tokens, 1], or of the tensor itself."""


class _Graph:
    """Nodes and constants under names of their own."""

    def __init__(self, int8: bool) -> None:
        self._int8 = int8
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def own(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node of ONNX Runtime's own operators."""
        return self.node(kind, inputs, domain="com.microsoft", **attributes)

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def floats(self, value: Reals) -> str:
        return self.constant(np.asarray(value, np.float32))

    def table(self, rows: Reals, numbers: str) -> str:
        """Rows looked up by their numbers; in int8 with a scale for every row."""
        if not self._int8:
            return self.node("Gather", [self.floats(rows), numbers])
        steps = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9) / 127
        whole = self.node("Gather", [self.constant(np.round(rows / steps).astype(np.int8)), numbers])
        scale = self.node("Gather", [self.floats(steps), numbers])
        return self.node("Mul", [self.node("Cast", [whole], to=TensorProto.FLOAT), scale])

    def quantise(self, name: str) -> Quantised:
        """A tensor [n, width, features] made ready for `matmul`: every token by its own largest value."""
        if not self._int8:
            return (name,)
        largest = self.node("ReduceMax", [self.node("Abs", [name]), self.constant(np.array([2]))], keepdims=1)
        step = self.node(
            "Mul", [self.node("Max", [largest, self.floats(np.array(1e-9))]), self.floats(np.array(1 / 127))]
        )
        flat = self.node("Reshape", [step, self.constant(np.array([-1]))])
        zero = self.node("Expand", [self.constant(np.array([128], np.uint8)), self.node("Shape", [flat])])
        rows = self.node("Flatten", [name], axis=2)
        return self.node("QuantizeLinear", [rows, flat, zero], axis=0), step, name

    def matmul(self, left: Quantised, weight: Reals) -> str:
        """Times the transpose of a linear layer's `weight` [outputs, features]; [n, width, outputs]."""
        if not self._int8:
            return self.node("MatMul", [left[0], self.floats(weight.T)])
        steps = np.maximum(np.abs(weight).max(axis=1), 1e-9) / WEIGHT_LIMIT
        whole = self.constant(np.round(weight / steps[:, None]).astype(np.int8).T)
        one, zero = self.floats(np.array(1.0)), self.constant(np.array(128, np.uint8))
        rows = self.own("MatMulIntegerToFloat", [left[0], whole, one, self.floats(steps), zero])
        shape = self.node("Shape", [left[1]], end=2)
        shape = self.node("Concat", [shape, self.constant(np.array([len(weight)]))], axis=0)
        return self.node("Mul", [self.node("Reshape", [rows, shape]), left[1]])

    def model(self, intents: int) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes,
            "xundan-encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "width"]) for name in INPUTS],
            [
                helper.make_tensor_value_info("intent", TensorProto.FLOAT, ["n", intents]),
                helper.make_tensor_value_info("buy", TensorProto.FLOAT, ["n"]),
            ],
            self._constants,
        )
        domains = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=domains, ir_version=9)
