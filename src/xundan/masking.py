"""Messages from files as the log would hold them: personal data replaced by placeholders, the originals not kept."""

from __future__ import annotations

from xundan.domain.ports import Question, Turn
from xundan.protect.protector import Protector


class _Forget:
    """A key service that keeps nothing."""

    def encrypt(self, shop: str, plain: str) -> str:
        return ""

    def decrypt(self, shop: str, token: str) -> str:
        raise NotImplementedError  # nothing was kept


_protector = Protector(_Forget())


def mask(question: Question) -> Question:
    """The question with personal data replaced, in its message and in every turn before it."""
    turns = tuple(Turn(turn.sender, _masked(turn.text)) for turn in question.context)
    return Question(_masked(question.text), turns)


def _masked(text: str) -> str:
    return _protector.protect("", text).text
