"""A small encoder to distil into: the lowest layers of a base, or a narrower BERT with the base's words squeezed."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import torch
from transformers import BertConfig, BertModel

from xundan.errors import ConfigError
from xundan.understand.train.base import Base, keep_layers

HEAD = 26
"""Features of an attention head in a narrow student: 312 makes 12 heads, as in TinyBERT (Jiao et al. 2020)."""


class Size(NamedTuple):
    """Layers and features of a student."""

    layers: int
    hidden: int


def size_of(text: str) -> Size:
    """Read `4x312`. Raises `ConfigError`."""
    found = re.fullmatch(r"(\d{1,2})x(\d{2,4})", text)
    if not found or not int(found[1]):
        raise ConfigError(f"student: expected layers x features as in 4x312, not {text!r}")
    return Size(int(found[1]), int(found[2]))


def shrink(base: Base, size: Size, seed: int) -> Base:
    """A student of that size that reads the same tokens."""
    encoder = base.encoder
    if size.hidden == encoder.config.hidden_size:
        keep_layers(encoder, size.layers)
        return base
    if size.hidden % HEAD or size.hidden > encoder.config.hidden_size:
        raise ConfigError(
            f"student: features must be a multiple of {HEAD}, or the {encoder.config.hidden_size} of the base"
        )
    torch.manual_seed(seed)
    config = BertConfig(**encoder.config.to_dict())
    config.num_hidden_layers, config.hidden_size = size
    config.num_attention_heads = size.hidden // HEAD
    config.intermediate_size = 4 * size.hidden
    student = BertModel(config, add_pooling_layer=False)
    _take_words(student, encoder)
    return Base(f"{base.name}, squeezed to {size.layers}x{size.hidden}", student, base.tokenizer)


@torch.no_grad()
def _take_words(student: BertModel, teacher: BertModel) -> None:
    """The words' principal components: what they have in common stays."""
    words = teacher.embeddings.word_embeddings.weight.numpy()
    centred = words - words.mean(axis=0)
    _, _, axes = np.linalg.svd(centred.T @ centred)
    squeezed = centred @ axes[: student.config.hidden_size].T
    squeezed *= student.config.initializer_range / squeezed.std()
    student.embeddings.word_embeddings.weight.copy_(torch.tensor(squeezed))
