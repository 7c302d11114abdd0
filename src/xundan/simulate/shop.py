"""A shop and its customers: the rows they send in order of arrival, and the true figures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from xundan.domain.calendar import day_name
from xundan.domain.records import ORDER_KEY
from xundan.domain.rules import Rules
from xundan.simulate.acts import Purchase, Say
from xundan.simulate.config import SimConfig
from xundan.simulate.customer import Customer
from xundan.simulate.diary import Diary, count_refunds, count_unmatched
from xundan.simulate.identity import Identity
from xundan.simulate.rhythm import Rhythm
from xundan.simulate.stories import live
from xundan.simulate.tally import Tally
from xundan.simulate.wire import Row, arrivals


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a shop's systems send, each kind in order of arrival, duplicates repeated, and the truth about it.

    `timeline` is all of it together: (arrival in UTC ms, `message` | `order` | `link`, row).
    """

    config: SimConfig
    timeline: list[tuple[int, str, Row]]
    truth: dict[str, Any]
    messages: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)


def simulate(config: SimConfig) -> Simulation:
    """A whole shop in memory, with its truth."""
    tally = Tally(rules_of(config))
    timeline = list(timed(config, tally))
    kinds: dict[str, list[Row]] = {"message": [], "order": [], "link": []}
    for _, kind, row in timeline:
        kinds[kind].append(row)
    truth = {**_header(config), **tally.truth()}
    return Simulation(config, timeline, truth, kinds["message"], kinds["order"], kinds["link"])


def stream(config: SimConfig, tally: Tally | None = None) -> Iterator[tuple[str, Row]]:
    """Rows of a shop of any size in order of arrival, without keeping them: (`message` | `order` | `link`, row).

    Memory grows with `customers_per_day`, not with `days`. With a `tally` the truth is collected on the way.
    """
    for _, kind, row in timed(config, tally):
        yield kind, row


def write(simulation: Simulation, folder: Path) -> None:
    """Write messages.jsonl, orders.jsonl, links.jsonl and truth.json into a folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("messages", "orders", "links"):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in getattr(simulation, name))
    truth = json.dumps(simulation.truth, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")


def rules_of(config: SimConfig) -> Rules:
    """The rules under which the truth holds: the default ones, in the shop's zone."""
    return Rules(zone=config.zone)


def timed(config: SimConfig, tally: Tally | None = None) -> Iterator[tuple[int, str, Row]]:
    """(arrival, kind, row). Customers begin day by day; what they send later waits for its day."""
    rhythm, rules = Rhythm(config.zone), rules_of(config)
    last = rules.day(config.end)
    waiting: defaultdict[int, list[tuple[int, str, int, str, Row]]] = defaultdict(list)
    for index in range(config.days):
        day = last - config.days + 1 + index
        for who in _newcomers(config, rhythm, index, day):
            rows = arrivals(who)
            if tally is not None:
                _count(tally, who, [mark for *_, mark in rows])
            for place, (at, kind, row, _) in enumerate(rows):
                waiting[rules.day(at)].append((at, who.number, place, kind, row))
        today = waiting.pop(day, [])
        today.sort(key=lambda one: one[:3])
        for at, _, _, kind, row in today:
            yield at, kind, row


def _newcomers(config: SimConfig, rhythm: Rhythm, index: int, day: int) -> Iterator[Customer]:
    """Each customer has a random stream of their own, so that one can change without the others."""
    name = f"{config.seed}/{config.shop}/{index}"
    begin = Random(name)  # noqa: S311  # chance, not secrets
    for count in range(rhythm.newcomers(begin, day, config.customers_per_day)):
        own = Random(f"{name}/{count}")  # noqa: S311
        who = Customer(config, rhythm, own, f"{index:03d}{count:06d}", day)
        live(who)
        yield who


def _count(tally: Tally, who: Customer, marks: list[str]) -> None:
    """Settle one customer's truth: who they turn out to be, then the diary of each one of these."""
    identity = Identity(who)
    lives: defaultdict[str, tuple[list[Say], list[Purchase]]] = defaultdict(lambda: ([], []))
    for say in who.says:
        lives[identity.final(say.face)][0].append(say)
    for order in (o for o in who.purchases if o.id in identity.home):
        home = identity.home[order.id]
        matched = not home.startswith(ORDER_KEY)
        if matched:
            lives[home][1].append(order)
        else:
            count_unmatched(tally, order)
        count_refunds(tally, order)
        tally.orders[order.id] = _order(order, home if matched else None)
    for says, orders in lives.values():
        diary = Diary(tally.rules)
        diary.live(says, orders)
        diary.count(tally)
    tally.owners.update(identity.aliases())
    _count_rows(tally, who, marks)


def _order(order: Purchase, owner: str | None) -> dict[str, Any]:
    return {
        "owner": owner,
        "matched": owner is not None,
        "amount_fen": order.amount,
        "refunded_fen": sum(fen for _, fen in order.returned()),
        "created": order.ordered,
        "paid": order.paid,
    }


def _count_rows(tally: Tally, who: Customer, marks: list[str]) -> None:
    spoken = [say for say in who.says if say.sender == "user"]
    tally.labels.update((say.id, (say.intent, say.buy)) for say in spoken)
    tally.intents.update(say.intent for say in spoken)
    tally.personal.update(who.personal)
    tally.claims.update(said=who.claims[0], without_order=who.claims[1])
    tally.counts.update(
        customers=bool(marks),
        messages=len(who.says),
        customer_messages=len(spoken),
        customer_messages_with_buy=sum(say.buy for say in spoken),
        orders=len({deed.order for deed in who.deeds}),
        order_events=len(who.deeds),
        links=len(who.joins),
        late_rows=marks.count("late"),
        duplicate_rows=marks.count("duplicate"),
    )


def _header(config: SimConfig) -> dict[str, Any]:
    last = rules_of(config).day(config.end)
    return {
        "version": 1,
        "shop": config.shop,
        "seed": config.seed,
        "zone": config.zone,
        "end": config.end,
        "first_day": day_name(last - config.days + 1),
        "last_day": day_name(last),
    }
