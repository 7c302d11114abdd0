"""What a training starts from: `e5-small`, a directory, or a name on a model hub."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertConfig, BertModel
from transformers.utils import logging

from xundan.errors import ConfigError
from xundan.understand.train.e5 import write_e5

E5 = "e5-small"

logging.disable_progress_bar()
logging.set_verbosity_error()


class Base(NamedTuple):
    """A pretrained encoder with its tokenizer."""

    name: str
    encoder: BertModel
    tokenizer: Tokenizer

    @property
    def padding(self) -> int:
        """The token number that fills up a short row."""
        return padding(self.tokenizer)


def padding(tokenizer: Tokenizer) -> int:
    """The number of the padding token. Raises `ConfigError` where the tokenizer has none."""
    for name in ("[PAD]", "<pad>"):
        if (number := tokenizer.token_to_id(name)) is not None:
            return number
    raise ConfigError("base: the tokenizer has neither [PAD] nor <pad>")


def load_base(name: str, cache: Path, layers: int | None = None) -> Base:
    """Load a BERT. Raises `ConfigError` when there is none of that name, or when it is no BERT.

    Args:
        name: `e5-small`, a directory in Hugging Face's form, or a name on the hub (which wants a network once).
        cache: where e5-small is unpacked, once.
        layers: keep only so many of the lowest layers.
    """
    folder = str(write_e5(cache / E5)) if name == E5 else name
    try:
        config = BertConfig.from_pretrained(folder)
        if config.model_type != "bert":
            raise ConfigError(f"base: {name} is a {config.model_type}, expected a BERT")
        encoder = BertModel.from_pretrained(folder, add_pooling_layer=False)
        tokenizer = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"base: {name} is no directory or hub model that can be loaded ({_first(error)})") from None
    if max(tokenizer.get_vocab().values()) >= config.vocab_size:
        raise ConfigError(f"base: the tokenizer of {name} has more words than its {config.vocab_size} embeddings")
    if layers:
        keep_layers(encoder, layers)
    _second_segment(encoder, trained=name != E5)
    return Base(name, encoder, tokenizer)


def keep_layers(encoder: BertModel, count: int) -> None:
    """Drop all but the lowest layers. Raises `ConfigError` where there are fewer."""
    if not 1 <= count <= len(encoder.encoder.layer):
        raise ConfigError(f"layers: the base has {len(encoder.encoder.layer)}, not {count}")
    encoder.encoder.layer = encoder.encoder.layer[:count]
    encoder.config.num_hidden_layers = count


@torch.no_grad()
def _second_segment(encoder: BertModel, *, trained: bool) -> None:
    """e5 never saw a second segment: it starts as the first, and training tells them apart."""
    table = encoder.embeddings.token_type_embeddings
    if trained and table.num_embeddings > 1:
        return
    rows = table.weight[:1].repeat(2, 1)
    encoder.embeddings.token_type_embeddings = torch.nn.Embedding.from_pretrained(rows, freeze=False)
    encoder.config.type_vocab_size = 2


def _first(error: Exception) -> str:
    return str(error).split("\n")[0].rstrip(".")[:200]
