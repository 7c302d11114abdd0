"""Days of a shop: calendar days in its zone, counted from 1970-01-01 as integers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
HOUR = 3_600_000
DAY = 24 * HOUR
_QUARTER = HOUR // 4  # offsets are whole quarters and change on whole quarters, so a day begins with one


@lru_cache(maxsize=65536)
def _day_of_quarter(zone: str, quarter: int) -> int:
    start = quarter * _QUARTER
    offset = datetime.fromtimestamp(start / 1000, ZoneInfo(zone)).utcoffset() or timedelta()
    return (start + int(offset.total_seconds() * 1000)) // DAY


def day_of(ts: int, zone: str) -> int:
    """The day number of an instant (UTC ms) in a zone."""
    return _day_of_quarter(zone, ts // _QUARTER)


def day_start(day: int, zone: str) -> int:
    """The first instant (UTC ms) of a day; the day's end is the start of the next."""
    local = datetime.combine(EPOCH + timedelta(days=day), datetime.min.time(), ZoneInfo(zone))
    return int(local.astimezone(UTC).timestamp() * 1000)


def day_name(day: int) -> str:
    """`2026-11-24` for a day number."""
    return (EPOCH + timedelta(days=day)).isoformat()


def day_number(name: str) -> int:
    """The day number of `2026-11-24`. Raises ValueError."""
    return (date.fromisoformat(name) - EPOCH).days
