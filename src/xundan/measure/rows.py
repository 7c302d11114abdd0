"""Rows of a report: rates and money of a day, a group or the whole period, mature days apart from immature ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from xundan.domain.rules import EVENTS, Rules, SaleRule
from xundan.errors import XundanError
from xundan.measure.figures import Figures, Sum, total_figures, total_sum
from xundan.measure.intervals import Interval, wilson
from xundan.measure.maturity import conversation_delay, event_delay, gross_delay, last_ended_day, net_delay
from xundan.measure.query import ReportQuery

CONVERSATIONS = "conversations_ordered"
T = TypeVar("T")


class Part(NamedTuple):
    """Consecutive days that are of one maturity for every measure, and their figures."""

    last_day: int
    days: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` of `denominator` inquiries (or conversations) over `days` days; no rate without a denominator.

    A rate that is `withheld` is not stated: its numerator misses what could not be matched.
    """

    days: int
    numerator: int
    denominator: int
    withheld: bool = False

    @property
    def rate(self) -> float | None:
        return self.numerator / self.denominator if self.denominator and not self.withheld else None

    @property
    def interval(self) -> Interval | None:
        if self.withheld:
            return None
        try:
            return wilson(self.numerator, self.denominator)
        except ValueError:
            raise XundanError("the stored figures contradict each other: run `xundan rebuild`") from None


@dataclass(frozen=True, slots=True)
class Money:
    """Sales over `days` days for one rule and window: attributed + silent + unmatched = total.

    `assisted` counts orders by the agents who helped; it is part of no sum.
    """

    days: int
    attributed: Sum
    silent: Sum
    unmatched: Sum
    total: Sum
    assisted: dict[str, int]


@dataclass(frozen=True, slots=True)
class Split(Generic[T]):
    """A measure over the mature days of a row, and over the others, which no rate or sum may mix with them."""

    mature: T
    immature: T


@dataclass(frozen=True, slots=True)
class Row:
    """One day, one group's value, or the total. `figures` are those of all its days, mature or not."""

    key: str
    figures: Figures
    rates: dict[str, Split[Rate]]
    gross: Split[Money]
    net: Split[Money]


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one query, and how many days after its own each of them is mature.

    `delays` has one entry for each rate and for `gross` and `net`; `ended` is the newest day that has ended.
    With `withheld` no rate is stated.
    """

    rule: SaleRule
    window: int
    delays: Mapping[str, int]
    ended: int
    withheld: bool = False

    @property
    def rates(self) -> tuple[str, ...]:
        return tuple(name for name in self.delays if name not in ("gross", "net"))

    def last_mature_day(self, name: str) -> int:
        return self.ended - self.delays[name]

    def row(self, key: str, parts: Sequence[Part]) -> Row:
        """Put days (or stretches of days) together into one row."""
        return Row(
            key=key,
            figures=parts[0].figures if len(parts) == 1 else total_figures([part.figures for part in parts]),
            rates={name: self._split(name, parts, self._rate_of(name)) for name in self.rates},
            gross=self._split("gross", parts, self._money),
            net=self._split("net", parts, self._money),
        )

    def _split(self, name: str, parts: Sequence[Part], make: Callable[[Sequence[Part]], T]) -> Split[T]:
        last = self.last_mature_day(name)
        mature = [part for part in parts if part.last_day <= last]
        return Split(make(mature), make([part for part in parts if part.last_day > last]))

    def _rate_of(self, name: str) -> Callable[[Sequence[Part]], Rate]:
        index = self.window - 1

        def conversations(parts: Sequence[Part]) -> Rate:
            ordered = sum(part.figures.conversations_ordered for part in parts)
            return Rate(_days(parts), ordered, sum(part.figures.conversations for part in parts), self.withheld)

        def inquiries(parts: Sequence[Part]) -> Rate:
            converted = sum(part.figures.converted[name][index] for part in parts)
            return Rate(_days(parts), converted, sum(part.figures.inquiries for part in parts), self.withheld)

        return conversations if name == CONVERSATIONS else inquiries

    def _money(self, parts: Sequence[Part]) -> Money:
        sales = [part.figures.sales[self.rule] for part in parts]
        assisted: dict[str, int] = {}
        for part in parts:
            for agent, counts in part.figures.assisted[self.rule].items():
                if counts[self.window - 1]:
                    assisted[agent] = assisted.get(agent, 0) + counts[self.window - 1]
        return Money(
            days=_days(parts),
            attributed=total_sum(sale.attributed[self.window - 1] for sale in sales),
            silent=total_sum(sale.silent(self.window) for sale in sales),
            unmatched=total_sum(sale.unmatched for sale in sales),
            total=total_sum(sale.total for sale in sales),
            assisted=assisted,
        )


def measures(query: ReportQuery, rules: Rules) -> Measures:
    """The measures a query asks for: the four conversions of inquiries, or that of conversations, and the money."""
    if query.unit == "inquiry":
        delays = {event: event_delay(event, query.window, rules) for event in EVENTS}
    else:
        delays = {CONVERSATIONS: conversation_delay(rules)}
    delays["gross"] = gross_delay(query.rule, rules)
    delays["net"] = net_delay(query.rule, rules)
    return Measures(query.rule, query.window, delays, last_ended_day(query.as_of, rules))


def _days(parts: Sequence[Part]) -> int:
    return sum(part.days for part in parts)
