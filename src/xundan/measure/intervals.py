"""Error bars for what is observed: the Wilson score interval of a proportion."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


class Interval(NamedTuple):
    """A confidence interval of a proportion, both ends from 0 to 1."""

    low: float
    high: float


@lru_cache(maxsize=8)
def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(successes: int, trials: int, level: float = LEVEL) -> Interval | None:
    """The Wilson score interval, without continuity correction; None when there were no trials.

    Unlike p ± z·se it stays within 0..1 and keeps its coverage for small counts and for rates near 0 or 1.

    Args:
        successes: how many of the trials came out, 0..trials.
        trials: how many there were; taken as independent.
        level: two-sided confidence, e.g. 0.95.

    Raises ValueError unless 0 <= successes <= trials.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
    it is method 3 in R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    Medicine 17 (1998), whose worked examples the tests repeat.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    if trials == 0:
        return None
    z = _quantile(level)
    rate = successes / trials
    scale = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / scale
    half = z / scale * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Interval(low, high)
