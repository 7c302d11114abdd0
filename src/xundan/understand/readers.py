"""How each kind of model reads: questions become `Prepared`, and a batch of those becomes the inputs of the graph."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from xundan.domain.ports import Question, Turn
from xundan.errors import ConfigError
from xundan.understand.directory import ModelDirectory
from xundan.understand.encode import PairEncoder, Tokens
from xundan.understand.features import Ngrams, Vocabulary
from xundan.understand.prepared import Prepared
from xundan.understand.runtimes import Feed

TOKENIZER, VOCABULARY = "tokenizer.json", "vocabulary.npy"
_PADDING = ("<pad>", "[PAD]")


ALIKE = 1
"""The length of every question to the n-gram model: its padding costs nothing, another pass does."""


class Reader(Protocol):
    """Thread-safe; a question is read the same whatever it is read with."""

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]: ...

    def feed(self, prepared: Sequence[Prepared]) -> Feed: ...


class NgramReader:
    """Hashed n-grams looked up in a vocabulary: input `features`, int32 [n, width], 0 for padding."""

    def __init__(self, ngrams: Ngrams, vocabulary: Vocabulary) -> None:
        self._ngrams = ngrams
        self._vocabulary = vocabulary

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]:
        return [self._read(question) for question in questions]

    def _read(self, question: Question) -> Prepared:
        fields = self._ngrams.fields(question)
        return Prepared(repr(fields).encode(), ALIKE, fields)

    def feed(self, prepared: Sequence[Prepared]) -> Feed:
        features = self._ngrams.hashed([one.form for one in prepared])
        return {"features": self._vocabulary.number(features, len(prepared))}


class EncoderReader:
    """Token numbers, padded to the longest of their batch: `input_ids`, `attention_mask`, `token_type_ids`, int64."""

    def __init__(self, encoder: PairEncoder, padding: int) -> None:
        self._encoder = encoder
        self._padding = padding

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]:
        try:
            tokens = self._encoder.encode(questions)
        except TypeError:  # half a character: the library takes no such text, and one must not cost the others
            tokens = self._encoder.encode([_whole(question) for question in questions])
        return [_of_tokens(one) for one in tokens]

    def feed(self, prepared: Sequence[Prepared]) -> Feed:
        shape = len(prepared), max((one.length for one in prepared), default=0)
        ids, mask, types = np.full(shape, self._padding, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, (_, length, tokens) in enumerate(prepared):
            ids[row, :length], mask[row, :length], types[row, :length] = tokens.ids, 1, tokens.segments
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def _whole(question: Question) -> Question:
    def whole(text: str) -> str:
        return text.encode("utf-8", "replace").decode()

    return Question(whole(question.text), tuple(Turn(turn.sender, whole(turn.text)) for turn in question.context))


def _of_tokens(tokens: Tokens) -> Prepared:
    key = array("i", [tokens.segments.count(0), *tokens.ids]).tobytes()
    return Prepared(key, len(tokens.ids), tokens)


def reader_of(directory: ModelDirectory) -> Reader:
    """The reader that the card names. Raises `ConfigError` for a kind that is unknown here or files that do not fit."""
    if directory.kind not in _READERS:
        known = ", ".join(_READERS)
        raise ConfigError(f"model_dir: {directory.path}: kind {directory.kind!r} is unknown here, expected {known}")
    return _READERS[directory.kind](directory)


def _ngram(directory: ModelDirectory) -> Reader:
    path = directory.path / VOCABULARY
    try:
        ngrams = Ngrams(**directory.features)
        hashes = np.load(path, allow_pickle=False)
    except TypeError:
        raise ConfigError(f"model_dir: {directory.path}: the card's features do not fit kind 'ngram'") from None
    except (OSError, ValueError):
        raise ConfigError(f"model_dir: {path} is not a vocabulary") from None
    if hashes.dtype != np.uint32 or hashes.ndim != 1 or not len(hashes):
        raise ConfigError(f"model_dir: {path} must hold sorted 32-bit hashes")
    return NgramReader(ngrams, Vocabulary(hashes))


def _encoder(directory: ModelDirectory) -> Reader:
    length = directory.features.get("length")
    if not isinstance(length, int) or not 16 <= length <= 512:
        raise ConfigError(f"model_dir: {directory.path}: the card's features must have a length from 16 to 512")
    path = directory.path / TOKENIZER
    if TOKENIZER not in directory.card["files"]:
        raise ConfigError(f"model_dir: {directory.path}: the card's files must name {TOKENIZER} and its SHA-256")
    return _with_tokenizer(path, length)


def _with_tokenizer(path: Path, length: int) -> Reader:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception:  # the library raises a bare Exception
        raise ConfigError(f"model_dir: {path} is not a tokenizer") from None
    padding = next((number for piece in _PADDING if (number := tokenizer.token_to_id(piece)) is not None), None)
    if padding is None:
        raise ConfigError(f"model_dir: {path} has no padding token, expected {' or '.join(_PADDING)}")
    try:
        encoder = PairEncoder(tokenizer, length)
        segments = encoder.encode([Question("好")])[0].segments
    except Exception:
        raise ConfigError(f"model_dir: {path} cannot mark a message and its context as a pair") from None
    if not segments:
        raise ConfigError(f"model_dir: {path} makes no tokens of a message")
    return EncoderReader(encoder, padding)


_READERS: dict[str, Callable[[ModelDirectory], Reader]] = {"ngram": _ngram, "encoder": _encoder}
