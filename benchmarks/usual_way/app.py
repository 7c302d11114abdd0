"""The web service: `gunicorn 'benchmarks.usual_way.app:create()'`, set up by the variables that `serve` gives it.

It checks the token, reads the message, computes and answers. It keeps nothing, which is less than Xundan does, and
takes the turns before a message from the request, which Xundan has to remember.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import jwt
import torch
from flask import Flask, Response, jsonify, request
from transformers import BertConfig, BertModel

from benchmarks.bert import SIZES, Size, weights
from benchmarks.models import tokenizer
from benchmarks.usual_way.variables import SECRET, SIZE, THREADS
from xundan.domain.ports import Question, Turn
from xundan.domain.records import INTENTS
from xundan.understand.encode import PairEncoder

Infer = Callable[[Question], tuple[str, float]]
"""Intent and buy score of one message."""


def create() -> Flask:
    """The application, its model loaded."""
    torch.set_num_threads(int(os.environ[THREADS]))
    infer, secret = network(SIZES[os.environ[SIZE]]), os.environ[SECRET]
    app = Flask(__name__)

    def coze() -> Response | tuple[Response, int]:
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            jwt.decode(token, secret, algorithms=["HS256"])
        except jwt.PyJWTError:
            return jsonify(error="unauthorized"), 401
        said = request.get_json()
        turns = tuple(Turn(str(turn["from"]), str(turn["text"])) for turn in said.get("context", []))
        intent, buy = infer(Question(str(said["text"]), turns))
        return jsonify(message_id=said["message_id"], intent=intent, buyScore=buy)

    app.add_url_rule("/coze", view_func=coze, methods=["POST"])
    app.add_url_rule("/readyz", view_func=lambda: jsonify(worker=os.getpid()))
    return app


def network(size: Size) -> Infer:
    """The network of this size in floats, with the weights of the model directory that `models.write` makes."""
    made = {name: torch.from_numpy(values) for name, values in weights(size).items()}
    heads = {name: made.pop(name) for name in list(made) if name.startswith(("intent.", "buy."))}
    config = BertConfig(
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=size.length,
        layer_norm_eps=size.epsilon,
    )
    bert = BertModel(config, add_pooling_layer=False).eval()
    bert.load_state_dict(made)
    encoder = PairEncoder(tokenizer(size.vocabulary), size.length)

    def infer(question: Question) -> tuple[str, float]:
        tokens = encoder.encode([question])[0]
        ids, segments = torch.tensor([tokens.ids]), torch.tensor([tokens.segments])
        with torch.inference_mode():
            hidden = bert(input_ids=ids, token_type_ids=segments).last_hidden_state[0]
            pooled = hidden[: tokens.segments.count(0)].mean(0)
            intent = torch.nn.functional.linear(pooled, heads["intent.weight"], heads["intent.bias"])
            buy = torch.nn.functional.linear(pooled, heads["buy.weight"], heads["buy.bias"])
        return INTENTS[int(intent.argmax())], float(buy.sigmoid())

    return infer
