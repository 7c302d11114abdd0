"""Where a command's facts go: into this process, or to the server that has the data directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from xundan.client import Client, json_lines
from xundan.domain.ports import Append, Runner
from xundan.domain.records import Fact, Link, Message, OrderEvent
from xundan.errors import XundanError
from xundan.receive.intake import Intake, Outcome
from xundan.receive.letters import Letters
from xundan.receive.tokens import mint
from xundan.settings import Settings
from xundan.wiring import open_letters, open_services, server_url

MAX_BYTES = 4_000_000
"""Of a batch, in bytes; the server takes 5 MB."""

MAX_ROWS = 2_000
TOKEN_DAYS = 1


@dataclass(frozen=True)
class Taking:
    """An opened way in. `url` is the server's, "" without one; `runner` is None where the server has its own.

    `taker` has at least `take_now`, `letters` and `rules`.
    """

    taker: Intake
    url: str
    runner: Runner | None


class RemoteIntake:
    """What `import` and `replay` need of an `Intake`, sent as history to the server at `url`. One thread at a time."""

    def __init__(self, url: str, settings: Settings, letters: Letters) -> None:
        self.rules = settings.rules
        self.letters = letters
        self._client = Client(url, mint(settings, settings.shop_id, TOKEN_DAYS, ["import"]))

    def take_now(self, items: Sequence[Append]) -> list[Outcome]:
        """Returns once everything is durable; raises `XundanError` where it is not."""
        outcomes: list[Outcome] = []
        while len(outcomes) < len(items):
            outcomes += self._send(_of_one_kind([item.fact for item in items[len(outcomes) :]]))
        return outcomes

    def _send(self, facts: Sequence[Fact]) -> Iterator[Outcome]:
        """Send facts of one kind and answer them in order."""
        path = f"/v1/{_KINDS[type(facts[0])]}?source=import"
        rest = iter(facts)
        for body, _ in json_lines(map(wire, facts), MAX_BYTES, MAX_ROWS):
            answer = self._client.insist("POST", path, body, "application/jsonl")
            for line in answer.json()["lines"]:
                if line["status"] == "rejected":
                    raise XundanError(f"the server refused what passed here: {line['reason']}")
                yield Outcome(line["status"], next(rest))

    def close(self) -> None:
        self._client.close()


_KINDS: dict[type[Fact], str] = {Message: "messages", OrderEvent: "orders", Link: "links"}
_COMMON = ("ts", "channel", "product_id", "order_id")


def wire(fact: Fact) -> dict[str, Any]:
    """A fact as the HTTP interface takes it; what it lacks is left out."""
    row: dict[str, Any] = {name: getattr(fact, name, None) for name in _COMMON}
    if isinstance(fact, Message):
        row |= {"user_id": fact.owner, "message_id": fact.id, "from": fact.sender, "text": fact.text}
        row |= {"agent_id": fact.agent_id, "conversation_id": fact.conversation_id}
    elif isinstance(fact, OrderEvent):
        row |= {"user_id": fact.owner, "event_id": fact.id, "status": fact.status, "amount_fen": fact.amount_fen}
        row |= {"part": fact.part, "refund_id": fact.refund_id, "coupon_id": fact.coupon_id, "items": fact.items}
    else:
        row |= {"alias": fact.owner, "link_id": fact.id, "user_id": fact.user_id}
    return {name: value for name, value in row.items() if name == "text" or value not in (None, "", [])}


def _of_one_kind(facts: Sequence[Fact]) -> Sequence[Fact]:
    """As many from the beginning as are of one kind."""
    end = next((n for n, fact in enumerate(facts) if type(fact) is not type(facts[0])), len(facts))
    return facts[:end]


@contextmanager
def open_taking(settings: Settings) -> Iterator[Taking]:
    """The way in for facts. Raises `ConfigError` when another command has the data directory."""
    url = server_url(settings)
    if url is None:
        with open_services(settings) as services:
            yield Taking(services.intake, "", services.runner)
    else:
        with open_letters(settings) as letters, closing(RemoteIntake(url, settings, letters)) as remote:
            yield Taking(cast(Intake, remote), url, None)
