"""How long a pass takes, learnt from those before."""

from __future__ import annotations

from xundan.understand.prepared import PASS_COST, TOKENS

FIRST_GUESS = 100e-6
WEIGHT = 0.2
JUMP = 3.0
"""One pass that was disturbed counts as so many times slower at most."""


class Pace:
    """Seconds a token, a pass counting as `PASS_COST` tokens more. Learnt by one thread at a time, read by any."""

    def __init__(self) -> None:
        self._each = FIRST_GUESS

    def learn(self, tokens: int, seconds: float) -> None:
        """A pass over so many tokens, padding included, took so long."""
        each = min(seconds / (tokens + PASS_COST), JUMP * self._each)
        self._each += WEIGHT * (each - self._each)

    def seconds(self, tokens: int, passes: int = 1) -> float:
        """How long so many will take."""
        return (tokens + passes * PASS_COST) * self._each

    def tokens(self, seconds: float) -> int:
        """How many fit into a pass of so long; at most `TOKENS`."""
        return min(TOKENS, max(1, int(seconds / self._each) - PASS_COST))
