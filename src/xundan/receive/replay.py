"""Dead letters taken in again, once whatever made them be refused has been put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from xundan.domain.ports import Append, DeadLetter
from xundan.domain.records import Fact, Source
from xundan.errors import Rejected
from xundan.receive.intake import IMPORT, Intake
from xundan.receive.letters import Refused
from xundan.receive.parse import content_id, parse_exchange, parse_link, parse_message, parse_order

PARSERS: dict[str, Callable[..., Fact]] = {"messages": parse_message, "orders": parse_order, "links": parse_link}


class Replayed(NamedTuple):
    """How many facts were taken; `rejected` are the reasons of lines that were refused again."""

    accepted: int
    duplicate: int
    rejected: list[Rejected]


def replay_now(intake: Intake, letter: DeadLetter) -> Replayed:
    """Take the lines of a letter as of when they came, and remove the letter.

    Lines that are refused again become letters of their own. May be repeated after a crash: ids that the lines lack
    follow from the letter's.

    Raises:
        Rejected: not one line could be taken; the letter stays.
        Retryable, Overloaded: the log took nothing; the letter stays.
    """
    facts: list[Append] = []
    refused: list[Refused] = []
    for number, line in enumerate(letter.payload.split("\n")):
        raw = _decoded(line)
        try:
            if isinstance(raw, dict):
                raw = intake.letters.revealed(letter.shop, raw)
            facts += map(Append, _parsed(intake, letter, raw, content_id({"letter": letter.id, "line": number})))
        except Rejected as rejected:
            refused.append(Refused(rejected, raw))
    if not facts:
        raise refused[0].rejected
    outcomes = intake.take_now(facts)
    intake.letters.put_now(letter.shop, letter.source, refused)
    intake.letters.dead.remove(letter.id)
    accepted = sum(outcome.status == "accepted" for outcome in outcomes)
    return Replayed(accepted, len(outcomes) - accepted, [rejected for rejected, _ in refused])


def _decoded(line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return line


def _parsed(intake: Intake, letter: DeadLetter, raw: object, fallback_id: str) -> Sequence[Fact]:
    if not isinstance(raw, dict):
        raise Rejected("this was not a JSON object and cannot be replayed", code="not_json")
    source: Source = "import" if letter.source.endswith(IMPORT) else "live"
    kind = letter.source.removesuffix(IMPORT)
    parse = partial(
        parse_exchange if kind == "coze" else PARSERS.get(kind, _unknown),
        shop=letter.shop,
        received=letter.at,
        source=source,
        rules=intake.rules,
        fallback_id=fallback_id,
    )
    parsed = parse(raw)
    return parsed if isinstance(parsed, list) else [parsed]


def _unknown(*_: object, **__: object) -> Fact:
    raise Rejected("this kind of letter cannot be replayed", code="not_replayable")
