"""Turns of the JDDC customer-service corpus as message rows, with times that the corpus lacks.

A line is: session, user, sent by agent (0/1), is transfer, is repeat, sku, text; separated by tabs, a session's turns
together.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from xundan.domain.calendar import DAY, HOUR
from xundan.errors import Rejected
from xundan.receive.files import named, unreadable
from xundan.receive.files_encoding import lines_of, share_read
from xundan.receive.files_table import Row, Table

DAYS = 14
FIELDS = 7
SENDERS = {"0": "user", "1": "agent"}
NO_SKU = frozenset({"nan", "0", ""})

PAUSES = {("user", "agent"): (23.0, 0.8), ("agent", "user"): (37.0, 1.2), ("agent", "agent"): (5.0, 0.9)}
PAUSES["user", "user"] = (7.0, 1.1)
"""Seconds until the next turn begins to be typed, by who spoke and who speaks: median and sigma of a log-normal.
With the typing they meet the medians 31, 43, 7 and 9 s seen in 67 gaps of five Taobao pre-sale dialogues (U-NEED)."""

TYPING = {"user": (0.5, 40.0), "agent": (0.4, 12.0)}
"""Seconds a character, and at most; long answers of agents are pasted (200 characters came within 24 s)."""

LONGEST_MS = 25 * 60 * 1000
"""The corpus calls it one session, so no pause in it may end one."""

BUSY = (3, 1, 1, 1, 1, 1, 2, 3, 6, 10, 12, 11, 9, 10, 11, 11, 10, 9, 9, 11, 14, 15, 13, 8)
"""How many chats begin in each hour of the day, relative to each other: quiet nights, a peak after supper."""


def read_jddc(path: Path, *, start: int, seed: int = 0, days: int = DAYS) -> Iterator[Row]:
    """Message rows for the file's turns. The same file gives the same ids whatever the times.

    Args:
        start: midnight of the first day, UTC ms.
        seed: other times for another seed; a session's times do not depend on the rest of the file.
        days: over how many days the sessions are spread.

    Raises:
        Rejected: the file cannot be read; one sentence that begins with its path. A line that is none of the corpus
            carries its `fault`.
    """
    with open_jddc(path, start=start, seed=seed, days=days) as table:
        yield from table.rows


@contextmanager
def open_jddc(path: Path, *, start: int, seed: int = 0, days: int = DAYS) -> Iterator[Table]:
    """The same as an open table, for `import_files`."""
    try:
        size = path.stat().st_size
        file = path.open(encoding="utf-8", errors="surrogateescape", newline="\n")
    except OSError as error:
        raise unreadable(path, error) from None
    with file:
        rows = _rows(lines_of(file), partial(_Clock, start, seed, days))
        yield Table(path, (), (), named(path, rows), partial(share_read, file, size))


class _Clock:
    """When each turn of a session was sent; the session's name and the seed decide."""

    def __init__(self, start: int, seed: int, days: int, session: str) -> None:
        self._random = random.Random(f"{seed}:{session}")  # noqa: S311  # a simulation, no secret
        hour = self._random.choices(range(24), BUSY)[0]
        self._at = start + self._random.randrange(days) * DAY + hour * HOUR + self._random.randrange(HOUR)
        self._spoke = ""

    def next(self, sender: str, text: str) -> int:
        if self._spoke:
            median, sigma = PAUSES[self._spoke, sender]
            each, most = TYPING[sender]
            seconds = self._random.lognormvariate(math.log(median), sigma) + min(each * len(text), most)
            self._at += min(round(seconds * 1000), LONGEST_MS)
        self._spoke = sender
        return self._at


def _rows(lines: Iterator[str], begin: Callable[[str], _Clock]) -> Iterator[Row]:
    session, turn = "", 0
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r\n").split("\t", FIELDS - 1)
        if len(fields) != FIELDS or fields[2] not in SENDERS:
            if number == 1:
                raise Rejected(f"this is not the JDDC format: {FIELDS} fields separated by tabs")
            yield Row(number, {}, Rejected(f"the line is not {FIELDS} fields separated by tabs"))
            continue
        if fields[0] != session or number == 1:
            session, turn, clock = fields[0], 0, begin(fields[0])
        sender = SENDERS[fields[2]]
        yield Row(number, _message(fields, turn, sender, clock.next(sender, fields[6])))
        turn += 1


def _message(fields: list[str], turn: int, sender: str, ts: int) -> dict[str, object]:
    session, user, _, _, _, sku, text = fields
    name = f"{session}\n{turn}\n{text}".encode("utf-8", "surrogateescape")
    return {
        "message_id": "jddc-" + hashlib.blake2b(name, digest_size=12).hexdigest(),
        "user_id": user,
        "conversation_id": session,
        "from": sender,
        "text": text,
        "ts": ts,
        "product_id": None if sku in NO_SKU else sku,
    }
