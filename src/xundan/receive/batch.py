"""POST /v1/messages, /v1/orders, /v1/links: JSON Lines, each line answered, a bad one never at the others' cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from xundan.domain.ports import Append
from xundan.domain.records import Fact, Source
from xundan.errors import Rejected
from xundan.receive.body import LINES, decode_object, idempotency_key, media_type, read_body
from xundan.receive.gate import Gate
from xundan.receive.intake import Intake
from xundan.receive.letters import Refused
from xundan.receive.parse import content_id, parse_link, parse_message, parse_order, row_id
from xundan.receive.problems import Problem
from xundan.receive.services import Services

MAX_BYTES = 5 * 1024 * 1024
CHUNK = 256
"""Lines taken in one go; between two goes other requests are served."""

_encode = msgspec.json.Encoder().encode


class Kind(NamedTuple):
    """How the lines of one address are read. `id` is the field that names a fact."""

    name: str
    parse: Callable[..., Fact]
    id: str


MESSAGES = Kind("messages", parse_message, "message_id")
ORDERS = Kind("orders", parse_order, "event_id")
LINKS = Kind("links", parse_link, "link_id")


class LineAnswer(msgspec.Struct, omit_defaults=True):
    """What became of line number `line`, counted from 1: its fact's `id`, or why it was rejected and which field."""

    line: int
    status: Literal["accepted", "duplicate", "rejected"]
    id: str = ""
    code: str = ""
    field: str = ""
    reason: str = ""


class BatchAnswer(msgspec.Struct):
    """What became of a batch; what was accepted is durable. Empty lines have no answer."""

    accepted: int
    duplicate: int
    rejected: int
    lines: list[LineAnswer]


class Batches:
    """The handlers, one for all requests."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self._intake = services.intake
        self._gate = gate

    async def messages(self, request: Request) -> Response:
        """Record chat messages."""
        return await self._post(request, MESSAGES)

    async def orders(self, request: Request) -> Response:
        """Record order events."""
        return await self._post(request, ORDERS)

    async def links(self, request: Request) -> Response:
        """Record which ids are one person's."""
        return await self._post(request, LINKS)

    async def _post(self, request: Request, kind: Kind) -> Response:
        source: Source = "import" if request.query_params.get("source") == "import" else "live"
        shop = self._gate.admit(request, "import" if source == "import" else "intake")
        if request.query_params.get("source", source) != source:
            raise Rejected("source must be live or import", field="source")
        media_type(request, LINES)
        body = await read_body(request, MAX_BYTES)
        batch = Batch(self._intake, self._gate, kind, shop, source, idempotency_key(request))
        for lines in _chunks(body):
            await batch.take(lines)
        return Response(_encode(await batch.answer()), media_type="application/json")


class Batch:
    """One body under way. What is refused is kept at the end: a body cut off by a fault comes again whole."""

    def __init__(self, intake: Intake, gate: Gate, kind: Kind, shop: str, source: Source, key: str) -> None:
        self._intake = intake
        self._gate = gate
        self._kind = kind
        self._shop = shop
        self._source: Source = source
        self._key = key
        self._received = intake.clock()
        self._answers: list[LineAnswer] = []
        self._refused: list[Refused] = []
        self._equal: Counter[str] = Counter()

    async def take(self, lines: list[tuple[int, bytes]]) -> None:
        """Take some lines, each with its number."""
        numbers: list[int] = []
        facts: list[Append] = []
        for number, line in lines:
            raw: object = line.decode("utf-8", "replace")
            try:
                raw = fields = decode_object(line)
                facts.append(Append(self._parse(number, fields)))
                numbers.append(number)
            except Rejected as rejected:
                self._refuse(number, rejected, raw)
        outcomes = await self._intake.take(facts) if facts else []
        for number, (status, fact) in zip(numbers, outcomes, strict=True):
            self._answers.append(LineAnswer(number, status, fact.id))

    async def answer(self) -> BatchAnswer:
        """What became of it all, in the order of the lines."""
        if not self._answers:
            raise Rejected("the body has no lines", code="empty_body")
        await self._intake.refuse(self._shop, self._kind.name, self._source, self._refused)
        counts = Counter(line.status for line in self._answers)
        lines = sorted(self._answers, key=lambda line: line.line)
        return BatchAnswer(counts["accepted"], counts["duplicate"], counts["rejected"], lines)

    def _parse(self, number: int, fields: dict[str, object]) -> Fact:
        try:
            self._gate.same_shop(fields)
        except Problem as problem:
            raise Rejected(problem.detail, field=problem.field, code=problem.code) from None
        return self._kind.parse(
            fields,
            shop=self._shop,
            received=self._received,
            source=self._source,
            rules=self._intake.rules,
            fallback_id=self._fallback_id(number, fields),
        )

    def _fallback_id(self, number: int, fields: dict[str, object]) -> str | None:
        """The id of a line that has none: in history one that a second import gives it again, live a random one,
        unless the body has an idempotency key, under which it may come twice.
        """
        if fields.get(self._kind.id) not in (None, ""):
            return None
        if self._source == "live":
            return content_id({"key": self._key, "line": number}) if self._key and self._kind is MESSAGES else None
        first = row_id(fields, 0)
        self._equal[first] += 1
        return row_id(fields, self._equal[first] - 1)

    def _refuse(self, number: int, rejected: Rejected, raw: object) -> None:
        answer = LineAnswer(number, "rejected", "", rejected.code, rejected.field, rejected.reason)
        self._answers.append(answer)
        self._refused.append(Refused(rejected, raw))


def _chunks(body: bytes) -> Iterator[list[tuple[int, bytes]]]:
    """The lines that say something, with their numbers from 1."""
    chunk: list[tuple[int, bytes]] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if stripped := line.strip():
            chunk.append((number, stripped))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
