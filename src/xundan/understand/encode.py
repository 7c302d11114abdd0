"""What an encoder reads: the message as the first segment, the turns before it as the second, as token numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from xundan.domain.ports import CONTEXT_TURNS, Question

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LINK = re.compile(r"https?://[!-~]+|<url>")
_IMAGE = re.compile(r"[0-9a-f]{16,}\.(?:jpe?g|png|gif)")
_REPEATED = re.compile(r"(\D)\1{3,}")
_BLANKS = re.compile(r"\s+")
_WHO = {"user": "客:", "agent": "服:", "bot": "机:"}


class Tokens(NamedTuple):
    """A question as an encoder takes it: token numbers and segments (0 message, 1 context), equally long."""

    ids: list[int]
    segments: list[int]


class PairEncoder:
    """Turns questions into `[first] message [last] ([between] context [last])`, at most `length` tokens.

    The message keeps at least its first and last tokens; the context gets what is left and loses its oldest tokens.
    A question's tokens depend on that question alone.

    Args:
        tokenizer: with a pair template that marks the segments by type 0 and 1.
        length: tokens of both segments with their marks; at least 16.
    """

    def __init__(self, tokenizer: Tokenizer, length: int, *, message_share: float = 0.7) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._length = length
        self._message_share = message_share
        self._alone = _marks(tokenizer, pair=False)
        self._pair = _marks(tokenizer, pair=True)

    def encode(self, questions: Sequence[Question]) -> list[Tokens]:
        """Tokens of every question, in order."""
        texts = [uniform(question.text) for question in questions]
        contexts = [_context(question) for question in questions]
        flat = self._tokenizer.encode_batch_fast([*texts, *contexts], add_special_tokens=False)
        ids = [encoding.ids for encoding in flat]
        return [self._join(a, b) for a, b in zip(ids[: len(texts)], ids[len(texts) :], strict=True)]

    def _join(self, message: list[int], context: list[int]) -> Tokens:
        before, between, after = self._pair if context else self._alone
        room = self._length - len(before) - len(between) - len(after)
        most = max(room - len(context), int(room * self._message_share)) if context else room
        if len(message) > most:  # requests stand at the beginning or at the end
            message = [*message[: most // 2], *message[len(message) - (most - most // 2) :]]
        context = context[max(0, len(context) - (room - len(message))) :]
        ids = [*before, *message, *between, *context, *after]
        first = len(before) + len(message) + len(between) if context else len(ids)
        return Tokens(ids, [0] * first + [1] * (len(ids) - first))


def uniform(text: str) -> str:
    """ASCII width, lower case, links and pictures as their masks, one blank between words, runs cut to three."""
    text = text.translate(_NARROW).lower()
    text = _IMAGE.sub("[图片x]", _LINK.sub("[链接x]", text))
    return _BLANKS.sub(" ", _REPEATED.sub(r"\1\1\1", text)).strip()


def _context(question: Question) -> str:
    turns = question.context[-CONTEXT_TURNS:]
    return " ".join(_WHO.get(turn.sender, "服:") + uniform(turn.text) for turn in turns)


def _marks(tokenizer: Tokenizer, *, pair: bool) -> tuple[list[int], list[int], list[int]]:
    """The special tokens before, between and after the segments, as the tokenizer's own template sets them."""
    probe = "好"
    inner = tokenizer.encode(probe, add_special_tokens=False).ids
    whole = (tokenizer.encode(probe, probe) if pair else tokenizer.encode(probe)).ids
    size = len(inner)
    places = [i for i in range(len(whole) - size + 1) if whole[i : i + size] == inner]
    if not pair:
        return whole[: places[0]], [], whole[places[0] + size :]
    return whole[: places[0]], whole[places[0] + size : places[-1]], whole[places[-1] + size :]
