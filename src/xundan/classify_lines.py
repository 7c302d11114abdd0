"""JSON Lines in, JSON Lines out: each message with what a model makes of it, as soon as it was read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, BinaryIO, NamedTuple

from xundan.domain.ports import Question
from xundan.errors import Rejected
from xundan.masking import mask
from xundan.understand.labelled import Row, parse_row, question_of
from xundan.understand.model import OnnxClassifier

CHUNK = 256 * 1024
"""Bytes read at most at a time. A pipe gives what it has, and that is answered before more is read."""

MAX_LINE = 1024 * 1024
"""Bytes of a line; of a longer one no more is kept."""


class Line(NamedTuple):
    """A line and its number in the file."""

    number: int
    content: bytes


@dataclass(frozen=True)
class Lines:
    """Puts a model to lines. `refuse` is told number, content and reason of each line that is no message."""

    classifier: OnnxClassifier
    threshold: float
    refuse: Callable[[int, bytes, str], object]

    def run(self, source: BufferedReader, out: BinaryIO, progress: Callable[[int, int], object]) -> int:
        """Classify to the end of `source`; how many messages. `progress` is told bytes read and messages, each time."""
        done = size = 0
        for read, lines in blocks(source):
            answers = self.answer(lines)
            out.write(b"".join(answers))
            out.flush()
            done, size = done + len(answers), size + read
            progress(size, done)
        return done

    def answer(self, lines: list[Line]) -> list[bytes]:
        """The answers to the lines that are messages, in order. Raises `XundanError` where the model fails."""
        rows: list[Row] = []
        questions: list[Question] = []
        for number, content in lines:
            try:
                row = _row(content)
                questions.append(mask(question_of(row)))
                rows.append(row)
            except Rejected as wrong:
                self.refuse(number, content, wrong.reason)
        if not rows:
            return []
        intents, buys = self.classifier.probabilities(questions)
        return [self._answer(row, *said) for row, *said in zip(rows, intents.tolist(), buys.tolist(), strict=True)]

    def _answer(self, row: Row, probabilities: list[float], buy: float) -> bytes:
        by_name = dict(zip(self.classifier.intents, probabilities, strict=True))
        said: dict[str, Any] = {
            "intent": max(by_name, key=by_name.__getitem__),
            "intentProbs": {name: round(share, 4) for name, share in by_name.items()},
            "buyScore": round(buy, 4),
            "label": "high" if buy >= self.threshold else "low",
            "model": self.classifier.version,
        }
        # Half a surrogate pair in a field passed on has no bytes: its escape, as JSON knows it, does.
        return json.dumps({**row, **said}, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def blocks(source: BufferedReader) -> Iterator[tuple[int, list[Line]]]:
    """Whole lines as they come, those that are not blank, with the number of bytes read for them."""
    rest, number = b"", 0
    while chunk := source.read1(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_LINE + 1]
        yield len(chunk), [Line(number + n, line) for n, line in enumerate(whole, 1) if line.strip()]
        number += len(whole)
    if rest.strip():
        yield 0, [Line(number + 1, rest)]


def _row(content: bytes) -> Row:
    if len(content) > MAX_LINE:
        raise Rejected(f"the line is longer than {MAX_LINE} bytes")
    return parse_row(content)
