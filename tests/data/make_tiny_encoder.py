"""Makes `tiny_encoder`, a model directory of kind `encoder` with random weights. Run it as a file.

Needs the extra `train`. What it computes means nothing, but it has the inputs, outputs and files of a real encoder.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

from xundan.domain.records import INTENTS

HERE = Path(__file__).parent / "tiny_encoder"
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
CHARACTERS = (
    "的了吗我你有这个多少钱能便宜点好在不买到货要什么时候发快递退换可以大码黑色白红质量"
    "怎样客服机人工票开优惠券满减天今明谢您请问还就那款件"
    "0123456789abcdefghijklmnopqrstuvwxyz?!,.:~ "
)
WIDTH = 24


def tokenizer() -> Tokenizer:
    vocabulary = {piece: number for number, piece in enumerate([*MARKS, *dict.fromkeys(CHARACTERS)])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("[\\s\\S]"), "isolated")
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return made


def graph(pieces: int) -> bytes:
    """Embeddings, one layer of self-attention, the mean over what is no padding, two heads."""
    chance = np.random.default_rng(5)

    def weight(name: str, *shape: int) -> object:
        return numpy_helper.from_array(chance.normal(0, 0.6, shape).astype(np.float32), name)

    weights = [weight("tokens", pieces, WIDTH), weight("types", 2, WIDTH), weight("q", WIDTH, WIDTH)]
    weights += [weight("k", WIDTH, WIDTH), weight("v", WIDTH, WIDTH), weight("wi", WIDTH, len(INTENTS))]
    weights += [weight("wb", WIDTH, 1)]
    weights += [numpy_helper.from_array(np.array(value, kind), name) for name, value, kind in CONSTANTS]
    nodes = [helper.make_node(op, inputs.split(), [output], **attributes) for op, inputs, output, attributes in STEPS]
    ends = ["n", "width"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ends)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [
        helper.make_tensor_value_info("intent", TensorProto.FLOAT, ["n", len(INTENTS)]),
        helper.make_tensor_value_info("buy", TensorProto.FLOAT, ["n"]),
    ]
    made = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    save_model(made, HERE / "model.onnx")
    return (HERE / "model.onnx").read_bytes()


CONSTANTS = [
    ("one", 1.0, np.float32),
    ("far", -1e4, np.float32),
    ("axis1", [1], np.int64),
    ("axis2", [2], np.int64),
]
STEPS: list[tuple[str, str, str, dict[str, object]]] = [
    ("Gather", "tokens input_ids", "e1", {}),
    ("Gather", "types token_type_ids", "e2", {}),
    ("Add", "e1 e2", "x", {}),
    ("Cast", "attention_mask", "mask", {"to": TensorProto.FLOAT}),
    ("Sub", "one mask", "padding", {}),
    ("Mul", "padding far", "away", {}),
    ("Unsqueeze", "away axis1", "away3", {}),
    ("MatMul", "x q", "xq", {}),
    ("MatMul", "x k", "xk", {}),
    ("MatMul", "x v", "xv", {}),
    ("Transpose", "xk", "xkt", {"perm": [0, 2, 1]}),
    ("MatMul", "xq xkt", "likeness", {}),
    ("Add", "likeness away3", "kept", {}),
    ("Softmax", "kept", "attention", {"axis": 2}),
    ("MatMul", "attention xv", "seen", {}),
    ("Tanh", "seen", "bent", {}),
    ("Unsqueeze", "mask axis2", "mask3", {}),
    ("Mul", "bent mask3", "real", {}),
    ("ReduceSum", "real axis1", "sum", {"keepdims": 0}),
    ("ReduceSum", "mask axis1", "count", {"keepdims": 1}),
    ("Div", "sum count", "mean", {}),
    ("MatMul", "mean wi", "logits", {}),
    ("Softmax", "logits", "intent", {"axis": 1}),
    ("MatMul", "mean wb", "buy2", {}),
    ("Sigmoid", "buy2", "buy1", {}),
    ("Squeeze", "buy1 axis1", "buy", {}),
]


def main() -> None:
    HERE.mkdir(exist_ok=True)
    made = tokenizer()
    made.save(str(HERE / "tokenizer.json"), pretty=False)
    digest = hashlib.sha256(graph(made.get_vocab_size())).hexdigest()
    (HERE / "labels.json").write_text(json.dumps({"intents": list(INTENTS)}))
    files = ("model.onnx", "tokenizer.json", "labels.json")
    card = {
        "format": 1,
        "kind": "encoder",
        "version": f"tiny-{digest[:10]}",
        "features": {"length": 64},
        "files": {name: hashlib.sha256((HERE / name).read_bytes()).hexdigest() for name in files},
        "name": "random weights, for tests",
        "thresholds": {"high": 0.7},
    }
    (HERE / "card.json").write_text(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
