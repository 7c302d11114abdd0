"""One customer's true figures, written down as their life goes on.

The diary knows the person: which chats and which orders are theirs, and in which order things happened. It never sees
rows, arrivals, repetitions, ids or links, and it only looks back: what a moment counts for is settled when it comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from xundan.domain.calendar import DAY
from xundan.domain.rules import INQUIRY_INTENTS, WINDOWS, Rules
from xundan.simulate.acts import Purchase, Say
from xundan.simulate.tally import Figures, Tally, add_money

Lags = dict[str, int]


@dataclass(slots=True)
class Talk:
    """A conversation under way. `waiting` are the days whose customer messages nobody answered yet."""

    day: int
    last: int
    agent: str = ""
    bot: bool = False
    customer: bool = False
    closed: bool = False
    buying: bool = False
    ordered: bool = False
    waiting: set[int] = field(default_factory=set)

    @property
    def credit(self) -> str:
        return self.agent or ("bot" if self.bot else "none")


class Touch(NamedTuple):
    """The customer's last message as seen from an instant: how many days ago, who is to thank, who else wrote when."""

    talk: Talk
    day: int
    lag: int
    credit: str
    agents: dict[str, int]

    def others(self, days: int) -> list[str]:
        """Who else wrote at most so many days before."""
        return [agent for agent, day in self.agents.items() if agent != self.credit and self.day - day <= days]


class Diary:
    """Lives through the acts of one customer whose orders the shop can tell are theirs."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.wrote: set[int] = set()
        self.answered: set[int] = set()
        self.inquiries: dict[int, Lags] = {}
        self.intent_inquiries: dict[int, Lags] = {}
        self.talks: list[Talk] = []
        self.agents: dict[str, int] = {}
        self.orders: list[Purchase] = []
        self.order_days: set[int] = set()
        self.touched: dict[str, Touch | None] = {}
        self.sales: list[tuple[Purchase, list[Touch | None], list[Touch | None]]] = []
        self._last: tuple[int, Talk] | None = None

    def live(self, says: Iterable[Say], orders: Iterable[Purchase]) -> None:
        """Everything in the order in which it happened."""
        moments: list[tuple[int, int, Say | Purchase]] = [(say.ts, 0, say) for say in says]
        for order in orders:
            if order.ordered is not None:
                moments.append((order.ordered, 1, order))
            if order.paid is not None:
                moments.append((order.paid, 2, order))
        for ts, kind, what in sorted(moments, key=lambda moment: moment[:2]):
            if isinstance(what, Say):
                self._hear(what)
            elif kind == 1:
                self._placed(what, ts)
            else:
                self._paid(what, ts)

    def _hear(self, say: Say) -> None:
        day = self.rules.day(say.ts)
        talk = self.talks[-1] if self.talks else None
        if talk is None or say.ts - talk.last >= self.rules.session_gap_ms:
            talk = Talk(day, say.ts)
            self.talks.append(talk)
        talk.last = say.ts
        if say.sender == "user":
            self._customer(say, day, talk)
            return
        self.answered |= talk.waiting
        talk.waiting.clear()
        if say.sender == "bot":
            talk.bot = True
        else:
            talk.agent = say.agent or "agent"
            self.agents[talk.agent] = day

    def _customer(self, say: Say, day: int, talk: Talk) -> None:
        self.wrote.add(day)
        talk.waiting.add(day)
        talk.customer = True
        talk.buying |= bool(say.buy) and not talk.closed
        if day not in self.order_days and not any(self._on_way(order, say.ts) for order in self.orders):
            self.inquiries.setdefault(day, {})
        if say.intent in INQUIRY_INTENTS:
            self.intent_inquiries.setdefault(day, {})
        self._last = (say.ts, talk)

    def _on_way(self, order: Purchase, now: int) -> bool:
        """Whether the customer waits for a parcel. `orders` holds what was placed before now."""
        if order.paid is None or not order.paid < now <= order.paid + self.rules.on_way_days * DAY:
            return False
        ends = (order.received, order.cancelled, order.returned_whole())
        return all(end is None or end >= now for end in ends)

    def _touch(self, now: int, after: int = 0) -> Touch | None:
        if self._last is None or self._last[0] <= after:
            return None
        ts, talk = self._last
        day = self.rules.day(now)
        return Touch(talk, day, day - self.rules.day(ts), talk.credit, dict(self.agents))

    def _placed(self, order: Purchase, now: int) -> None:
        day = self.rules.day(now)
        self._convert("ordered", day)
        if order.paid is not None and (paid := self.rules.day(order.paid)) <= day + self.rules.pay_close_days:
            self._convert("finally_paid", day)
            back = order.returned_whole()
            if back is None or self.rules.day(back) > paid + self.rules.refund_days:
                self._convert("kept", day)
        self.orders.append(order)
        self.order_days.add(day)
        self.touched[order.id] = self._touch(now)
        if self.talks and self.talks[-1].customer:
            self.talks[-1].closed = True

    def _convert(self, event: str, day: int) -> None:
        for inquiries in (self.inquiries, self.intent_inquiries):
            for asked, lags in inquiries.items():
                lags.setdefault(event, day - asked)

    def _paid(self, order: Purchase, now: int) -> None:
        self._convert("paid", self.rules.day(now))
        touch = self._touch(now)
        if touch and touch.lag < self.rules.attribution_window:
            touch.talk.ordered = True
        between = self._touch(now, after=order.ordered or 0)
        self.sales.append((order, [touch], [self.touched[order.id], between]))

    def count(self, tally: Tally) -> None:
        """Add this life to the shop's figures."""
        for name, days in (("wrote", self.wrote), ("answered", self.answered)):
            for day in days:
                tally.page(day)[name] += 1
        for day, lags in self.inquiries.items():
            _count_inquiry(tally.page(day), lags)
        for day, lags in self.intent_inquiries.items():
            _count_inquiry(tally.intent_page(day), lags)
        for talk in self.talks:
            page = tally.page(talk.day)
            page["conversations"] += 1
            page["conversations_ordered"] += talk.ordered
            tally.counts["conversations_with_buy"] += talk.buying
        for order, paid, first in self.sales:
            for rule, touches in (("paid", paid), ("ordered", first[:1]), ("order_first", first)):
                _count_sale(tally, order, rule, touches)


def _count_inquiry(page: Figures, lags: Lags) -> None:
    page["inquiries"] += 1
    for event, lag in lags.items():
        for n in range(lag, WINDOWS):
            page["converted"][event][n] += 1


def _count_sale(tally: Tally, order: Purchase, rule: str, touches: list[Touch | None]) -> None:
    page, fen, back = _sale_page(tally, order, rule)
    add_money(page["sales"][rule]["total"], fen, back)
    for n in range(WINDOWS):
        touch = next((t for t in touches if t and t.lag <= n), None)
        add_money(page["sales"][rule]["attributed" if touch else "silent"][n], fen, back)
        for agent in touch.others(n) if touch else ():
            page["assisted"][rule].setdefault(agent, [0] * WINDOWS)[n] += 1


def _sale_page(tally: Tally, order: Purchase, rule: str) -> tuple[Figures, int, int]:
    day = tally.rules.day((order.ordered if rule == "ordered" else order.paid) or 0)
    return tally.page(day), order.amount, sum(fen for _, fen in order.returned())


def count_unmatched(tally: Tally, order: Purchase) -> None:
    """A sale nobody can be found for."""
    if order.paid is None:
        return
    for rule in ("paid", "ordered", "order_first"):
        page, fen, back = _sale_page(tally, order, rule)
        add_money(page["sales"][rule]["total"], fen, back)
        add_money(page["sales"][rule]["unmatched"], fen, back)


def count_refunds(tally: Tally, order: Purchase) -> None:
    """What went back, on the days on which it did."""
    for ts, fen in order.returned():
        if fen:
            refunds = tally.page(tally.rules.day(ts))["refunds"]
            refunds["count"] += 1
            refunds["fen"] += fen
