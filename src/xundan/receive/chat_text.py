"""Chat records as text, pasted or saved: each message becomes a row of `messages`, with an id that follows from it.

Two pastes that share a part give that part the same ids, so that it is taken once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from xundan.errors import Rejected
from xundan.receive.chat_body import WITHDRAWN, Body, read_body
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
from xundan.receive.chat_who import UNTOLD, Cast, Owners, Roles, speakers
from xundan.receive.files import named, unreadable
from xundan.receive.files_encoding import lines_of, open_text, share_read
from xundan.receive.files_table import Row, Table
from xundan.receive.parse import content_id

ChatForm = Literal["qianniu-text", "jd-text", "chat-text"]
CHAT_FORMS: tuple[ChatForm, ...] = get_args(ChatForm)
CHANNELS: dict[ChatForm, str | None] = {"qianniu-text": "taobao", "jd-text": "jd", "chat-text": None}

MOST_CHARS = 20_000
"""Kept of a message's text; intake refuses it long before."""

MOST_WAITING = 500
"""Lines of agents that wait for a customer to speak."""

_BROKEN = re.compile("[\ud800-\udfff]")
NO_HEAD = "this is not a chat record: no line says who wrote and when, such as: name 2024-01-01 10:00:00"
NOBODY_SERVES = "nobody in this record is known to be an agent; say who is, as in --agents '店铺:*'"


class Said(NamedTuple):
    """A message of the record, or a line of it that is none. `when` is "" for no time, `note` says what it is."""

    line: int
    head: Head
    body: list[str]
    note: Literal["said", "withdrawn", "transfer", "heading", "stray"] = "said"


@contextmanager
def open_chat(path: Path, *, form: ChatForm, cast: Cast, tally: Counter[str]) -> Iterator[Table]:
    """A chat record as an open table, for `import_files`.

    Args:
        cast: who are agents.
        tally: counts the rows by sender, and what is no words by its kind (`chat_body.KINDS`).

    Raises:
        Rejected: the file cannot be read, is no chat record, or shows several customers and no agent.
    """
    roles = Roles(cast)
    try:
        owners = Owners(cast.customer, _only_customer(path, roles, cast))
        size = path.stat().st_size
        file = open_text(path)
    except (Rejected, OSError, UnicodeError) as error:
        raise unreadable(path, error) from None
    with file:
        rows = _Rows(roles, owners, CHANNELS[form], tally).of(said_in(lines_of(file)))
        yield Table(path, (), (), named(path, rows), partial(share_read, file, size))


def is_chat(path: Path) -> bool:
    """Whether a file is a chat record rather than a table: one of its first lines says who wrote and when."""
    try:
        with open_text(path) as file:
            said = said_in(line for _, line in zip(range(200), lines_of(file), strict=False))
            return any(message.note == "said" for message in said)
    except (Rejected, OSError, UnicodeError):
        return False


def _only_customer(path: Path, roles: Roles, cast: Cast) -> str:
    """The sole customer who speaks in the record, "" where there are several or none."""
    with open_text(path) as file:
        seen = False

        def names() -> Iterator[str]:
            nonlocal seen
            for message in said_in(lines_of(file)):
                if message.note in ("said", "withdrawn") and message.head.when:
                    seen = True
                    yield message.head.who

        customers, served = speakers(names(), roles)
    if not seen:
        raise Rejected(NO_HEAD)
    if len(customers) > 1 and not served and not cast.agents:
        raise Rejected(NOBODY_SERVES)
    return customers[0] if len(customers) == 1 else ""


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


@dataclass
class _Rows:
    """Makes rows of messages."""

    roles: Roles
    owners: Owners
    channel: str | None
    tally: Counter[str]
    waiting: list[Row] = field(default_factory=list)
    second: tuple[str, str] = ("", "")
    times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, record: Iterator[Said]) -> Iterator[Row]:
        for said in record:
            if said.note == "heading":
                yield from self._unclaimed()
                self.owners.heading(said.head.who)
            elif said.note == "transfer":
                self.tally["transfer"] += 1
            else:
                yield from self._row(said)
        yield from self._unclaimed()

    def _row(self, said: Said) -> Iterator[Row]:
        sender = self.roles.of(said.head.who)
        body = self._body(said, sender != "user")
        values: dict[str, object] = {
            "user_id": "",
            "text": body.text,
            "ts": said.head.when,
            "from": sender,
            "agent_id": said.head.who if sender == "agent" else None,
            "channel": self.channel,
            "product_id": body.product_id,
            "order_id": body.order_id,
        }
        row = Row(said.line, values, _fault(said))
        if row.fault:
            yield row
            return
        if self.owners.move(said.head.when):
            yield from self._unclaimed()
        self.tally.update((sender, *body.kinds))
        yield from self._owned(row, said, sender != "user")

    def _owned(self, row: Row, said: Said, served: bool) -> Iterator[Row]:
        if not served:
            owner = self.owners.of_customer(said.head.who)
            for waiting in self.waiting:
                yield self._named(waiting, owner, str(waiting.values["speaker"]))
            self.waiting.clear()
            yield self._named(row, owner, said.head.who)
            return
        try:
            to = said.head.to if said.head.to and self.roles.of(said.head.to) == "user" else ""
            found = self.owners.of_agent(to)
        except Rejected as fault:
            yield row._replace(fault=fault)
            return
        if found:
            yield self._named(row, found, said.head.who)
            return
        if len(self.waiting) >= MOST_WAITING:
            yield from self._unclaimed()
        self.waiting.append(row._replace(values={**row.values, "speaker": said.head.who}))

    def _body(self, said: Said, served: bool) -> Body:
        if said.note == "withdrawn":
            return Body(WITHDRAWN, None, None, ("withdrawal",))
        return read_body(said.body, marked=served)

    def _named(self, row: Row, owner: str, who: str) -> Row:
        """The row with its owner, and an id from who, when, what, and how often that was said in this second before."""
        when, text = str(row.values["ts"]), str(row.values["text"])
        if self.second != (owner, when):
            self.second = (owner, when)
            self.times.clear()
        ordinal = self.times[who, text]
        self.times[who, text] += 1
        name = content_id({"who": who, "when": when, "text": text, "ordinal": ordinal})
        values = {**row.values, "user_id": owner, "message_id": f"chat-{name}"}
        values.pop("speaker", None)
        return row._replace(values=values)

    def _unclaimed(self) -> Iterator[Row]:
        """The waiting lines, for whom no customer spoke."""
        for row in self.waiting:
            yield row._replace(fault=Rejected(UNTOLD, field="user_id"))
        self.waiting.clear()


def _fault(said: Said) -> Rejected | None:
    if _BROKEN.search("".join((said.head.who, said.head.to, *said.body))):
        return Rejected("the line holds bytes that are no text in the file's encoding", field="text")
    if said.note == "stray":
        return Rejected("nobody is named above this text; begin the paste with a line of name and time", field="ts")
    if not said.head.who:
        return Rejected("the line does not say who withdrew a message", field="user_id")
    if not said.head.when:
        return Rejected("this time does not exist, or the line has none", field="ts")
    return None
