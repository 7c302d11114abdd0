"""The ports. A port's docstring is its contract; tests/contract holds every adapter to it.

Code outside the adapters never asks which profile it runs in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol

from xundan.domain.effects import Conversation, Order
from xundan.domain.records import Fact, Message


class Append(NamedTuple):
    """A fact to append. `key` is the caller's idempotency key beside the fact's identity, "" if there is none."""

    fact: Fact
    key: str = ""


class Appended(NamedTuple):
    """The answer to one append. `fact` is the copy that was kept first when `duplicate`, else the one appended."""

    offset: int
    duplicate: bool
    fact: Fact


class Logged(NamedTuple):
    """One entry of the log."""

    offset: int
    fact: Fact


class EventLog(Protocol):
    """An append-only log of facts.

    - What `append` has returned is durable: it survives a killed process and a power cut.
    - A fact whose identity (shop, kind, owner, id), or whose `key` within its shop, was appended before is a duplicate:
      it is not logged again (unless it brings an intent the logged copy lacks) and the first copy is answered.
    - Answers come in the order of the request. Either all of a call is durable, or it raises and the caller
      acknowledges nothing (some of it may still have been logged; a repeat is then a duplicate).
    - Raises `Retryable` when the log cannot be written (disk full, read-only), and works again without a restart
      once it can. Raises `Overloaded` when too much is waiting.
    - `append` may be called from many tasks at once; `append_now` does the same from a thread without an event loop.
    """

    async def append(self, facts: Sequence[Append]) -> list[Appended]: ...

    def append_now(self, facts: Sequence[Append]) -> list[Appended]: ...

    def find(self, shop: str, key: str) -> Fact | None:
        """The fact that was appended under an idempotency key, or None."""
        ...

    def read(self, after: int, limit: int) -> list[Logged]:
        """Up to `limit` entries with an offset above `after`, in order; [] at the end."""
        ...

    def last_offset(self) -> int:
        """The offset of the newest durable entry, 0 for an empty log."""
        ...

    def close(self) -> None:
        """Finish what is waiting, then release the files. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Input that was refused, kept so that it can be found and replayed. `payload` is protected text."""

    id: int
    shop: str
    at: int
    source: str
    code: str
    reason: str
    payload: str


class DeadLetters(Protocol):
    """Where refused input is kept. Writing is durable when it returns. Calls name the shop, or None for all."""

    def put(self, shop: str, source: str, code: str, reason: str, payload: str) -> int: ...

    def list(self, shop: str | None, limit: int = 100) -> list[DeadLetter]: ...

    def get(self, id: int) -> DeadLetter | None: ...

    def remove(self, id: int) -> None: ...


class CubeRow(NamedTuple):
    """A cell summed over the dimensions its grouping leaves out. `value` is the grouping's value ("" for total)."""

    day: int
    family: str
    value: str
    lag: int
    lag2: int
    n: int
    fen: int
    refunded: int


GROUPINGS: tuple[str, ...] = ("total", "intent", "agent", "label", "served_by", "channel")


Found = Literal["", "id", "number", "link"]
"""How an order found a customer who has chatted: the buyer wrote under the same id, a chat of theirs carries the
order's number, or a link joins them; "" for not at all."""


class Store(Protocol):
    """What the reports and pages read. Every call names the shop and never returns another shop's data.

    Writing is the runner's; how it writes is the adapter's own affair.
    """

    def cube(
        self,
        shop: str,
        grouping: str,
        first_day: int,
        last_day: int,
        *,
        families: Collection[str] = (),
        summed: bool = False,
    ) -> list[CubeRow]:
        """Cells of one grouping (one of GROUPINGS) for the days first..last, both included.

        Args:
            families: only the cells of these; of all where it is empty.
            summed: the days of a cell added up, in a row that has the first day as its day.
        """
        ...

    def final_owner(self, shop: str, user_id: str) -> str:
        """The key where the facts of an id rest now; the id itself when nothing links it."""
        ...

    def customers(self, shop: str, orders: Sequence[tuple[str, str]]) -> list[Found]:
        """For each order (its buyer as received, "" if none; its id) how it found a customer who has chatted."""
        ...

    def conversations(
        self, shop: str, user_id: str, before: tuple[int, str] | None = None, limit: int = 20
    ) -> list[tuple[Conversation, list[Message]]]:
        """Conversations of a final owner with their messages, newest (update_time, id) first, those below `before`."""
        ...

    def recent_conversations(self, shop: str, limit: int = 20) -> list[Conversation]:
        """The conversations last updated in a shop, newest first."""
        ...

    def orders(self, shop: str, user_id: str, limit: int = 100) -> list[Order]:
        """Orders of a final owner, last updated first."""
        ...

    def position(self) -> int:
        """The log offset up to which everything is contained in what the store answers."""
        ...

    def busiest_users(self, shop: str, limit: int = 1) -> list[tuple[str, int]]:
        """(user id, number of messages) of those with the most messages, most first."""
        ...

    def count_messages(self, shop: str) -> int: ...


class Cache(Protocol):
    """Small values that may be lost at any time. Keys are namespaced by the caller; `ttl` in seconds."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, ttl: float) -> None: ...

    async def delete(self, key: str) -> None: ...


class KeyService(Protocol):
    """Encrypts personal data. `encrypt` returns a compact JWE; `decrypt` raises `Rejected` for what it cannot open."""

    def encrypt(self, shop: str, plain: str) -> str: ...

    def decrypt(self, shop: str, token: str) -> str: ...


class Turn(NamedTuple):
    """A turn of a chat: who spoke (user, bot, agent) and the protected text."""

    sender: str
    text: str


class Scored(NamedTuple):
    """One classification. `buy_score` is a calibrated probability; `model` the version that made it."""

    intent: str
    buy_score: float
    model: str


class Missed(StrEnum):
    """Why a question was not scored; whoever asked goes on without."""

    LATE = "late"
    """The budget ended first."""
    OVERLOADED = "overloaded"
    """So much waits already that it would be late, or the scorer is closed."""
    FAILED = "failed"
    """The model failed."""


CONTEXT_TURNS = 3
"""A question is asked with at most so many turns before it."""


class Question(NamedTuple):
    """A customer message to be understood, with up to `CONTEXT_TURNS` turns before it, oldest first."""

    text: str
    context: tuple[Turn, ...] = ()


class Classifier(Protocol):
    """Understands customer messages. `classify` computes on the calling thread and is thread-safe.

    The answer to a question depends on that question alone, never on its neighbours in the batch.
    Raises `XundanError` where the model cannot answer; never returns fewer answers than questions.
    """

    version: str

    def classify(self, questions: Sequence[Question]) -> list[Scored]: ...


class Runner(Protocol):
    """Carries facts from the log through the journeys into the store."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Finish the step under way, commit, and end. Idempotent."""
        ...

    def catch_up(self, until: int | None = None) -> None:
        """Return once the store contains everything up to offset `until` (default: the log's end at the call)."""
        ...

    def status(self) -> dict[str, Any]:
        """`position`, `lag` (entries), `dead` (letters written), `error` ("" or what is wrong)."""
        ...


FactIterable = Iterable[Fact]
