"""Model directories for benchmarks: random weights in the shape of a real encoder. Needs the extra `bench`."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from benchmarks.bert import Size, weights
from benchmarks.chats import REAL
from xundan.domain.records import INTENTS
from xundan.errors import MissingExtra
from xundan.understand.directory import CARD, FORMAT, LABELS, MODEL, digest
from xundan.understand.readers import TOKENIZER

VOCABULARY = REAL.with_name("bert_base_chinese_vocab.txt")
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write(folder: Path, size: Size) -> Path:
    """Write a model directory of this size into `folder`, int8 as the trainer exports it; returns it.

    Raises `MissingExtra` where `onnx` is not installed.
    """
    try:
        import onnx

        from xundan.understand.train.graph import Bert, Head, build
    except ModuleNotFoundError:
        raise MissingExtra(f"a model of the size of {size.name}", "bench") from None
    folder.mkdir(parents=True)
    made = weights(size)
    intent, buy = (Head(made.pop(f"{name}.weight"), made.pop(f"{name}.bias")) for name in ("intent", "buy"))
    bert = Bert(made, size.layers, size.heads, size.length, size.epsilon, intent, buy)
    onnx.save_model(build(bert, int8=True), folder / MODEL)
    tokenizer(size.vocabulary).save(str(folder / TOKENIZER), pretty=False)
    (folder / LABELS).write_text(json.dumps({"intents": list(INTENTS)}), encoding="utf-8")
    _write_card(folder, size)
    return folder


def _write_card(folder: Path, size: Size) -> None:
    files = {name: digest(folder / name) for name in (MODEL, TOKENIZER, LABELS)}
    card = {
        "format": FORMAT,
        "kind": "encoder",
        "version": f"{size.name}-random",
        "features": {"length": size.length},
        "files": files,
        "thresholds": {"high": 0.7},
    }
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")


def tokenizer(pieces: int) -> Tokenizer:
    """BERT's way to cut Chinese: a character is a token, a word of letters one or several."""
    numbers = {piece: number for number, piece in enumerate(_pieces()[:pieces])}
    made = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(mark, numbers[mark]) for mark in ("[CLS]", "[SEP]")],
    )
    return made


def _pieces() -> list[str]:
    """BERT's own vocabulary where it lies beside the project, else all characters in the order of Unicode."""
    if VOCABULARY.exists():
        return VOCABULARY.read_text(encoding="utf-8").splitlines()
    return [*MARKS, *map(chr, range(0x21, 0x7F)), *map(chr, range(0x4E00, 0xA000)), "[链接x]"]
