"""When customers of a shop come: the hours of a day, the days of a week."""

from __future__ import annotations

from bisect import bisect
from functools import lru_cache
from itertools import accumulate
from random import Random

from xundan.domain.calendar import HOUR, day_of, day_start

MINUTE = 60_000
SECOND = 1_000

_HOURS = (14, 7, 4, 2, 1, 2, 5, 12, 26, 44, 58, 52, 44, 46, 52, 54, 50, 44, 42, 56, 76, 84, 68, 36)
_HEAP = tuple(accumulate(_HOURS))
_WEEKDAYS = (1.04, 0.98, 0.96, 0.97, 1.0, 1.1, 1.14)  # Monday first
_MONDAY = 4  # day 4 since 1970-01-01 was one


class Rhythm:
    """Draws instants (UTC ms) in a zone."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.start = lru_cache(maxsize=4096)(lambda day: day_start(day, zone))

    def newcomers(self, rng: Random, day: int, average: int) -> int:
        """How many customers begin on a day."""
        expected = average * _WEEKDAYS[(day - _MONDAY) % 7]
        return max(0, round(rng.gauss(expected, expected**0.5)))

    def moment(self, rng: Random, day: int) -> int:
        """An instant of a day at which people are up."""
        hour = bisect(_HEAP, rng.random() * _HEAP[-1])
        return int(self.start(day) + hour * HOUR + rng.random() * HOUR)

    def later(self, rng: Random, after: int, days: int) -> int:
        """An instant `days` days after another, and at least 40 minutes after it."""
        there = self.moment(rng, day_of(after, self.zone) + days)
        soonest = after + 40 * MINUTE
        return there if there >= soonest else soonest + int(rng.random() * 2 * HOUR)

    def awake(self, rng: Random, ts: int, start: int = 8, end: int = 23) -> int:
        """The instant itself within the hours, else one in the morning after (a few of the night stay awake)."""
        hour = self.hour(ts)
        if start <= hour < end or rng.random() < 0.04:
            return ts
        day = day_of(ts, self.zone) + (hour >= end)
        return int(self.start(day) + (start + rng.random() * 3) * HOUR)

    def midnight(self, ts: int) -> int:
        """The end of the day of an instant."""
        return self.start(day_of(ts, self.zone) + 1)

    def hour(self, ts: int) -> int:
        """The hour of the day, 0 to 23."""
        return (ts - self.start(day_of(ts, self.zone))) // HOUR
