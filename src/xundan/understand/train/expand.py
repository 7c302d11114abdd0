"""Expansion by rules: the same labelled message after turns as other shops would have handed them over.

Written agents are brief, real ones open and close with set phrases; and some platforms hand over the customer's own
turns only. Neither changes what the customer means. Rows made here are never counted as data.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from importlib.resources import files

from xundan.domain.ports import CONTEXT_TURNS, Question, Turn
from xundan.understand.train.data import Example

OWN_TURNS_ONLY = 0.2
SET_PHRASE = 0.3


def expand(examples: Sequence[Example], rng: random.Random) -> list[Question]:
    """One variant of every example's question, in order; the text of the message itself stays."""
    return [Question(example.message.question.text, _context(example.before, rng)) for example in examples]


def _context(before: Sequence[Turn], rng: random.Random) -> tuple[Turn, ...]:
    if rng.random() < OWN_TURNS_ONLY and (own := [turn for turn in before if turn.sender == "user"]):
        before = own
    return tuple(_worded(turn, rng) for turn in before[-CONTEXT_TURNS:])


def _worded(turn: Turn, rng: random.Random) -> Turn:
    if turn.sender == "user" or rng.random() >= SET_PHRASE:
        return turn
    phrase = rng.choice(PHRASES)
    return turn._replace(text=f"{phrase}，{turn.text}" if rng.random() < 0.5 else f"{turn.text}。{phrase}")


PHRASES = tuple(files(__package__).joinpath("phrases.txt").read_text(encoding="utf-8").split())
"""What agents of Chinese shops say whatever the question is."""
