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
from typing import Literal, get_args

from xundan.errors import Rejected
from xundan.receive.chat_body import WITHDRAWN, Body, read_body
from xundan.receive.chat_reader import Said, said_in
from xundan.receive.chat_who import UNTOLD, Cast, Owners, Roles, speakers
from xundan.receive.files import named, unreadable
from xundan.receive.files_encoding import lines_of, open_text, share_read
from xundan.receive.files_table import Row, Table
from xundan.receive.parse import content_id

ChatForm = Literal["qianniu-text", "jd-text", "chat-text"]
CHAT_FORMS: tuple[ChatForm, ...] = get_args(ChatForm)
CHANNELS: dict[ChatForm, str | None] = {"qianniu-text": "taobao", "jd-text": "jd", "chat-text": None}

MOST_WAITING = 500
"""Lines of agents that wait for a customer to speak."""

_BROKEN = re.compile("[\ud800-\udfff]")
NO_HEAD = "this is not a chat record: no line says who wrote and when, such as: name 2024-01-01 10:00:00"
NOBODY_SERVES = "nobody in this record is known to be an agent; say who is, as in --agents '店铺:*'"


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
