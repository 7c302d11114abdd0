"""When something happened: the field `ts`, in each form that callers and exported files write."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from xundan.domain.calendar import DAY
from xundan.domain.records import Source
from xundan.domain.rules import Rules
from xundan.errors import Rejected

SECONDS_BELOW = 10**11
"""A number below this is seconds (until the year 5138), from it on milliseconds (since 1973)."""

OLDEST = 946_684_800_000
"""2000-01-01 UTC in ms. What is older is a wrong unit or a placeholder, not a chat."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{1,9})?")
_LOCAL = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?", re.ASCII
)


def instant(value: object, *, received: int, source: Source, rules: Rules) -> int:
    """The instant that `ts` names, in UTC ms.

    Args:
        value: seconds or milliseconds since 1970 as a number or its text, or ISO 8601 with a zone; in an import also
            local time of the shop (`2026-11-24 10:00:00`, `2026/11/24 9:05`, a `datetime`). A live fact without a
            value happened when it was received.
        received: when intake got the fact, UTC ms.

    Raises:
        Rejected: `missing_field` (import), `invalid_field`, or `too_late` for a live fact older than `late_days`.
    """
    if value is None or value == "":
        if source == "import":
            raise Rejected(
                "ts is missing: imported facts need the time at which they happened", field="ts", code="missing_field"
            )
        return received
    ts = _milliseconds(value, rules.zone if source == "import" else None)
    if ts > received + DAY:
        raise Rejected("ts lies more than 24 hours in the future", field="ts")
    if source == "live" and received - ts > rules.late_days * DAY:
        raise Rejected(
            f"ts is more than {rules.late_days} days ago; import history with source=import",
            field="ts",
            code="too_late",
        )
    if ts < OLDEST:
        raise Rejected("ts lies before the year 2000; expected seconds or milliseconds since 1970", field="ts")
    return ts


def _milliseconds(value: object, zone: str | None) -> int:
    if isinstance(value, str):
        value = value.strip()
        value = _number(value) if _NUMBER.fullmatch(value) else _written(value, zone)
    if isinstance(value, datetime):
        return _of_datetime(value, zone)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e16:
        return _of_number(value)
    raise _wrong(zone)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _of_number(value: int | float) -> int:
    seconds = value < SECONDS_BELOW
    if isinstance(value, float):
        return math.floor(value * 1000 + 0.5) if seconds else int(value)
    return value * 1000 if seconds else value


def _of_datetime(value: datetime, zone: str | None) -> int:
    try:
        if value.tzinfo is None:
            if zone is None:
                raise _wrong(zone)
            value = value.replace(tzinfo=ZoneInfo(zone))
        return (value - _EPOCH) // _MILLISECOND
    except (OverflowError, ValueError):
        raise _wrong(zone) from None


def _written(text: str, zone: str | None) -> datetime:
    local = _LOCAL.fullmatch(text)
    try:
        if local:
            *parts, fraction = local.groups("0")
            return datetime(*map(int, parts), int(fraction.ljust(6, "0")))  # type: ignore[arg-type, call-arg]
        return datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(zone) from None


def _wrong(zone: str | None) -> Rejected:
    local = " or the shop's local time such as 2026-11-24 10:00:00" if zone else ""
    return Rejected(
        "ts must be seconds or milliseconds since 1970, or ISO 8601 with a zone such as 2026-11-24T10:00:00+08:00"
        + local,
        field="ts",
    )
