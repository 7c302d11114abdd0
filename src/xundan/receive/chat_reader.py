"""The messages of a chat record: lines of name and time, the text below them, and the platform's notes between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from xundan.receive.chat_lines import (
    MARKS,
    Head,
    bare_time_of,
    day_of_line,
    head_of,
    is_frame,
    is_name,
    is_noise,
    is_transfer,
    partner_of,
    plain,
    short_head_of,
    withdrawer_of,
)

MOST_CHARS = 20_000
"""Kept of a message's text; intake refuses it long before."""


class Said(NamedTuple):
    """A message of the record, or a line of it that is none. `when` is "" for no time, `note` says what it is."""

    line: int
    head: Head
    body: list[str]
    note: Literal["said", "withdrawn", "transfer", "heading", "stray"] = "said"


def said_in(lines: Iterator[str]) -> Iterator[Said]:
    """The messages of a record, one after the other, and the lines between that say something."""
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        yield from reader.take(number, plain(line))
    yield from reader.end()


@dataclass
class _Reader:
    """Collects lines into messages. `two_lines`: a name may stand above the time, for no head of one line was seen."""

    open: Said | None = None
    chars: int = 0
    day: str = ""
    two_lines: bool = True

    def take(self, number: int, text: str) -> Iterator[Said]:
        head = head_of(text) or short_head_of(text, self.day)
        if head:
            self.two_lines = False
            yield from self._begin(Said(number, head, [head.text] if head.text else []))
            return
        when = bare_time_of(text) if self.two_lines else None
        if when is not None and self.open and self.open.body and is_name(self.open.body[-1]):
            who = self.open.body.pop()
            yield from self._begin(Said(number - 1, Head(who, when), []))
            return
        note = self._note(number, text)
        if note:
            yield from self._begin(note)
        elif not (is_noise(text) or (self._apart() and (is_frame(text) or self._is_day(text)))):
            self._add(number, text)

    def end(self) -> Iterator[Said]:
        """What is still open; a new reading may begin."""
        if self.open and (self.open.note != "stray" or any(self.open.body)):
            yield self.open
        self.open = None

    def _begin(self, said: Said) -> Iterator[Said]:
        yield from self.end()
        self.open, self.chars = said, 0

    def _note(self, number: int, text: str) -> Said | None:
        who = withdrawer_of(text)
        if who is not None:
            return self._withdrawal(number, who)
        if is_transfer(text):
            return Said(number, self._before(""), [], "transfer")
        first = self.open is None or not self.open.body or not self.open.body[-1] or self.open.note != "said"
        partner = partner_of(text) if first else None
        return Said(number, Head(partner, ""), [], "heading") if partner else None

    def _withdrawal(self, number: int, who: str) -> Said:
        """A withdrawal under a head of its own has that head; a line alone happened when the line before was sent."""
        if self.open and self.open.note == "said" and not any(self.open.body):
            head, self.open = self.open.head, None
            return Said(number, head, [], "withdrawn")
        return Said(number, self._before(who), [], "withdrawn")

    def _before(self, who: str) -> Head:
        """`who` at the time of the message before; where the note names nobody, who sent that."""
        last = self.open.head if self.open and self.open.note != "heading" else Head("", "")
        return Head(who or last.who, last.when, last.to)

    def _apart(self) -> bool:
        """Whether a line may stand between messages: not where the text of one is still to come."""
        return self.open is None or self.open.note != "said" or any(self.open.body)

    def _is_day(self, text: str) -> bool:
        day = day_of_line(text) if "年" in text or "-" in text or "/" in text else None
        self.day = day or self.day
        return day is not None

    def _add(self, number: int, text: str) -> None:
        if self.open is None or self.open.note != "said":
            if not text or text in MARKS:
                return
            if self.open is None or self.open.note != "stray":
                self.open, self.chars = Said(number, self._before(""), [], "stray"), 0
        if self.chars <= MOST_CHARS:
            self.open.body.append(text)
            self.chars += len(text) + 1
