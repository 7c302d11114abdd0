"""The arithmetic of docs/definitions.md a second time: plain loops over raw facts, nothing shared with `xundan`.

A fact is a dict with `kind` ("message", "order" or "link") and the field names of `xundan.domain.records`; all facts
are accepted facts of one shop. Rules are a dict of the fields of `xundan.domain.rules.Rules`. A comment that begins
with "Reading:" says which of several meanings of the page was taken.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Fact = dict[str, Any]
Rules = dict[str, Any]
Order = dict[str, Any]
Conversation = dict[str, Any]
Touch = dict[str, Any]
Figures = dict[str, Any]
Dims = dict[str, str]
Place = tuple[int, int, str, str]

WINDOWS = range(1, 16)
DIMENSIONS = ("intent", "agent", "label", "served_by", "channel")
NO_DIMS: Dims = dict.fromkeys(DIMENSIONS, "none")
SALE_RULES = ("paid", "ordered", "order_first")
EVENTS = ("ordered", "paid", "finally_paid", "kept")
RANK = {"link": 0, "message": 1, "order": 2}
BUYING = (
    "product_question",
    "recommendation",
    "price_query",
    "coupon_query",
    "bargain",
    "stock_query",
    "shipping_query",
    "order_placing",
)


def figures(facts: Iterable[Fact], rules: Rules, grouping: str = "total") -> dict[int, Figures]:
    """The shop's figures by day number."""
    assert grouping == "total"
    return Shop(facts, rules).report(grouping).get("", {})


def grouped(facts: Iterable[Fact], rules: Rules, grouping: str) -> dict[str, dict[int, Figures]]:
    """The figures of every value of one dimension, by day number."""
    assert grouping in DIMENSIONS
    return Shop(facts, rules).report(grouping)


def conversations(facts: Iterable[Fact], rules: Rules) -> dict[str, Conversation]:
    """Every conversation by its `_id`; `messages` are the ids of its messages in order."""
    shop = Shop(facts, rules)
    found = [one for talk in shop.conversations.values() for one in talk]
    return {one["id"]: {**one, "messages": [m["id"] for m in one["messages"]]} for one in found}


def orders(facts: Iterable[Fact], rules: Rules) -> dict[tuple[str, str], Order]:
    """Every order by (final owner, order id). `created` is the creation by E2: the payment in full if need be."""
    return {
        key: {name: value for name, value in order.items() if name != "refunds"}
        for key, order in Shop(facts, rules).orders.items()
    }


def final_owner(facts: Iterable[Fact], rules: Rules, id: str) -> str:
    """Where the facts of an id rest (B4)."""
    return Shop(facts, rules).final(id)


# A. Facts


@lru_cache(maxsize=4096)
def _day(ts: int, zone: str) -> int:
    return datetime.fromtimestamp(ts // 1000, ZoneInfo(zone)).date().toordinal() - date(1970, 1, 1).toordinal()


def place(fact: Fact) -> Place:
    """The order of facts (A5)."""
    return (fact["ts"], RANK[fact["kind"]], fact["id"], fact["owner"])


def kept(facts: Iterable[Fact]) -> list[Fact]:
    """One copy of every identity (A3), in the order of facts."""
    best: dict[tuple[str, str, str], tuple[tuple[bool, int, str], Fact]] = {}
    for fact in facts:
        identity = (fact["kind"], fact["owner"], fact["id"])
        fields = {name: value for name, value in fact.items() if name != "kind"}
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        rank = (fact.get("intent") is None, fact["received"], canonical)
        if identity not in best or rank < best[identity][0]:
            best[identity] = (rank, fact)
    return sorted((fact for _, fact in best.values()), key=place)


# B. Owners


def _usable(id: str) -> bool:
    return id != "" and "*" not in id and "＊" not in id and not id.startswith("order:")


def _owner_key(fact: Fact) -> str:
    if fact["kind"] == "order" and not _usable(fact["owner"]):
        return "order:" + str(fact["order_id"])
    return str(fact["owner"])


def _follow(start: str, arrows: dict[str, str]) -> str:
    path = [start]
    while path[-1] in arrows:
        there = arrows[path[-1]]
        if there in path:
            return min(path[path.index(there) :], key=lambda id: (id.startswith("order:"), id))
        path.append(there)
    return path[-1]


def _explicit(facts: list[Fact]) -> dict[str, str]:
    return {fact["owner"]: fact["user_id"] for fact in facts if fact["kind"] == "link"}


def _derived(facts: list[Fact], explicit: dict[str, str]) -> dict[str, str]:
    events = [fact for fact in facts if fact["kind"] == "order"]
    named = [(f["order_id"], place(f), _follow(f["owner"], explicit)) for f in events if _usable(f["owner"])]
    spoken = [
        (f["order_id"], place(f), _follow(f["owner"], explicit))
        for f in facts
        if f["kind"] == "message" and f["order_id"]
    ]
    found: list[tuple[Place, str, str]] = []
    for order_id in {event["order_id"] for event in events}:
        buyers = [(at, who) for order, at, who in named if order == order_id]
        talkers = [(at, who) for order, at, who in spoken if order == order_id]
        if buyers:
            first = buyers[0][1]
            found += [(at, who, first) for at, who in buyers if who != first]
            found.append((buyers[0][0], "order:" + order_id, first))
            if talkers and talkers[0][1] not in [who for _, _, who in named]:
                found.append((*talkers[0], first))
        elif talkers:
            found.append((talkers[0][0], "order:" + order_id, talkers[0][1]))
    arrows: dict[str, str] = {}
    # Reading: of several derived links of an id the one holds whose own naming fact (the order's first event with this
    # buyer, or the order's first message) is smallest. Orders that give the id no link do not compete.
    for _, source, target in sorted(found):
        if source not in explicit:
            arrows.setdefault(source, target)
    return arrows


# E1-E3, E6. Orders


def _last_amount(events: list[Fact]) -> int | None:
    given: list[int] = [event["amount_fen"] for event in events if event["amount_fen"] is not None]
    return given[-1] if given else None


def _amount(events: list[Fact]) -> int:
    paid = [event for event in events if event["status"] == "paid"]
    whole = _last_amount([event for event in paid if event["part"] == ""])
    deposit = _last_amount([event for event in paid if event["part"] == "deposit"])
    balance = _last_amount([event for event in paid if event["part"] == "balance"])
    created = _last_amount([event for event in events if event["status"] == "created"])
    if whole is not None:
        return whole
    if deposit is not None and balance is not None:
        return deposit + balance
    for amount in (created, deposit, balance):
        if amount is not None:
            return amount
    return 0


def _refunds(events: list[Fact], paid: int | None, amount: int) -> list[tuple[int, int, int]]:
    """(instant, fen taken, fen left) of every refund and every cancellation after the payment, as they are taken."""
    if paid is None:
        return []
    asked: list[tuple[int, int, str, int | None]] = []
    refunds = [event for event in events if event["status"] == "refunded"]
    # Reading: refund ids and ids of events without one are one namespace within the order.
    for name in {event["refund_id"] or event["id"] for event in refunds}:
        same = [event for event in refunds if (event["refund_id"] or event["id"]) == name]
        asked.append((same[0]["ts"], 0, name, _last_amount(same)))
    asked += [(e["ts"], 1, e["id"], None) for e in events if e["status"] == "cancelled" and e["ts"] > paid]
    # Reading: a refund dated before the payment is a refund of the sale like any other.
    taken = []
    left = amount
    for instant, _, _, wanted in sorted(asked, key=lambda one: one[:3]):
        took = left if wanted is None else min(wanted, left)
        left -= took
        taken.append((instant, took, left))
    return taken


def _order(owner: str, order_id: str, events: list[Fact]) -> Order:
    def first(status: str, parts: tuple[str, ...] = ("", "deposit", "balance")) -> int | None:
        for event in events:
            if event["status"] == status and event["part"] in parts:
                return int(event["ts"])
        return None

    paid = first("paid", ("", "balance"))
    created = first("created")
    amount = _amount(events)
    refunds = _refunds(events, paid, amount)
    reached = [instant for instant, _, left in refunds if left == 0]
    return {
        "order_id": order_id,
        "user_id": owner,
        "matched": not owner.startswith("order:"),
        "amount_fen": amount,
        "refunded_fen": sum(took for _, took, _ in refunds),
        "created": paid if created is None else created,
        "paid": paid,
        "received": first("received"),
        "cancelled": first("cancelled"),
        "refunded_in_full": reached[0] if reached else None,
        "refunds": [(instant, took) for instant, took, _ in refunds],
    }


# C. Conversations


def _agent(message: Fact) -> str:
    return "agent" if message["agent_id"] in (None, "", "bot", "none", "agent") else str(message["agent_id"])


def _last_agent(messages: list[Fact]) -> str:
    human = [_agent(message) for message in messages if message["sender"] == "agent"]
    if human:
        return human[-1]
    return "bot" if any(message["sender"] == "bot" for message in messages) else "none"


def _served_by(messages: list[Fact]) -> str:
    senders = {message["sender"] for message in messages}
    if "agent" in senders:
        return "bot_then_human" if "bot" in senders else "human"
    return "bot" if "bot" in senders else "none"


def _first_given(messages: list[Fact], name: str) -> str | None:
    given = [message[name] for message in messages if message[name]]
    return given[0] if given else None


def _intent(customer: list[Fact]) -> str | None:
    scored: list[str] = [message["intent"] for message in customer if message["intent"] is not None]
    telling = [intent for intent in scored if intent not in ("chitchat", "other")]
    return telling[-1] if telling else scored[-1] if scored else None


def _buy_score(customer: list[Fact], creations: list[int]) -> float | None:
    if not customer:
        return None
    cut = min([instant for instant in creations if instant > customer[0]["ts"]], default=None)
    scores = [m["buy_score"] for m in customer if m["buy_score"] is not None and (cut is None or m["ts"] < cut)]
    return max(scores, default=None)


def _conversation(shop: str, owner: str, messages: list[Fact], creations: list[int], rules: Rules) -> Conversation:
    customer = [message for message in messages if message["sender"] == "user"]
    name = "\n".join((shop, owner, messages[0]["owner"], messages[0]["id"]))
    score = _buy_score(customer, creations)
    return {
        "id": base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:26],
        "shop": shop,
        "user_id": owner,
        "thread_id": _first_given(messages, "conversation_id"),
        "intent": _intent(customer),
        "buy_score": score,
        "label": None if score is None else "high" if score >= rules["threshold"] else "low",
        "order_id": "",
        "create_time": messages[0]["ts"],
        "update_time": messages[-1]["ts"],
        "agents": sorted({_agent(message) for message in messages if message["sender"] == "agent"}),
        "served_by": _served_by(messages),
        "last_agent": _last_agent(messages),
        "channel": _first_given(messages, "channel"),
        "messages": messages,
    }


def _dims(conversation: Conversation, agent: str, channel: str | None) -> Dims:
    values = {**conversation, "agent": agent, "channel": channel}
    return {name: values[name] or "none" for name in DIMENSIONS}


class Shop:
    """The facts of a shop, sorted out: who owns what, conversations and orders."""

    def __init__(self, facts: Iterable[Fact], rules: Rules) -> None:
        facts = list(facts)
        self.rules = rules
        self.given = len(facts)
        self.facts = kept(facts)
        self.explicit = _explicit(self.facts)
        self.derived = _derived(self.facts, self.explicit)
        self.messages: dict[str, list[Fact]] = {}
        events: dict[tuple[str, str], list[Fact]] = {}
        for fact in self.facts:
            owner = self.final(_owner_key(fact))
            if fact["kind"] == "message":
                self.messages.setdefault(owner, []).append(fact)
            elif fact["kind"] == "order":
                events.setdefault((owner, fact["order_id"]), []).append(fact)
        self.orders = {key: _order(*key, events[key]) for key in events}
        self.conversations = {owner: self.talk(owner) for owner in self.messages}
        self.name_orders()

    def final(self, id: str) -> str:
        return _follow(_follow(id, self.explicit), self.derived)

    def day(self, ts: int) -> int:
        return _day(ts, self.rules["zone"])

    def talk(self, owner: str) -> list[Conversation]:
        """C1: the owner's messages cut where the silence is long enough."""
        pieces: list[list[Fact]] = []
        for message in self.messages[owner]:
            if not pieces or message["ts"] - pieces[-1][-1]["ts"] >= self.rules["session_gap_ms"]:
                pieces.append([])
            pieces[-1].append(message)
        creations = [o["created"] for (who, _), o in self.orders.items() if who == owner and o["created"] is not None]
        return [_conversation(piece[0]["shop"], owner, piece, creations, self.rules) for piece in pieces]

    def sales(self) -> list[Order]:
        """In the order in which a conversation names its first one (E7)."""
        return sorted(
            (order for order in self.orders.values() if order["paid"] is not None),
            key=lambda order: (order["paid"], order["order_id"]),
        )

    # E4, E5. Touches

    def touch(self, owner: str, instant: int, after: int | None = None) -> Touch | None:
        """The owner's last customer message before an instant (and after another), with what it is credited with."""
        found = [
            (conversation, message)
            for conversation in self.conversations.get(owner, [])
            for message in conversation["messages"]
            if message["sender"] == "user" and message["ts"] < instant and (after is None or message["ts"] > after)
        ]
        if not found:
            return None
        conversation, message = found[-1]
        credit = _last_agent([m for m in conversation["messages"] if m["ts"] < instant])
        return {
            "conversation": conversation,
            "instant": instant,
            "lag": self.day(instant) - self.day(message["ts"]),
            "agent": credit,
            # Reading: intent, label and servedBy are those of the whole conversation, the channel is the message's.
            "dims": _dims(conversation, credit, message["channel"]),
        }

    def touches(self, sale: Order, rule: str) -> list[Touch | None]:
        """The touches of a sale under a rule: the one asked first, then the one asked where the first is too far."""
        if not sale["matched"]:
            return []
        owner, created, paid = sale["user_id"], sale["created"], sale["paid"]
        if rule == "paid":
            return [self.touch(owner, paid)]
        if rule == "ordered":
            return [self.touch(owner, created)]
        return [self.touch(owner, created), self.touch(owner, paid, after=created)]

    def name_orders(self) -> None:
        """E7: the first sale that is credited to a conversation."""
        for sale in self.sales():
            touches = self.touches(sale, self.rules["attribution_rule"])
            touch = _within(touches, self.rules["attribution_window"])
            if touch and not touch["conversation"]["order_id"]:
                touch["conversation"]["order_id"] = sale["order_id"]

    # The report

    def report(self, grouping: str) -> dict[str, dict[int, Figures]]:
        book = _Book(grouping)
        for owner, talk in self.conversations.items():
            for conversation in talk:
                dims = _dims(conversation, conversation["last_agent"], conversation["channel"])
                page = book.page(self.day(conversation["create_time"]), dims)
                page["conversations"] += 1
                page["conversations_ordered"] += conversation["order_id"] != ""
            self.count_days(book, owner, talk)
        for sale in self.sales():
            for rule in SALE_RULES:
                self.count_sale(book, sale, rule)
            for instant, took in sale["refunds"]:
                page = book.page(self.day(instant), NO_DIMS)
                page["refunds"]["count"] += took > 0
                page["refunds"]["fen"] += took
        return book.finished()

    # D. Inquiries

    def count_days(self, book: _Book, owner: str, talk: list[Conversation]) -> None:
        written: dict[int, list[tuple[Conversation, int]]] = {}
        for conversation in talk:
            for index, message in enumerate(conversation["messages"]):
                if message["sender"] == "user":
                    written.setdefault(self.day(message["ts"]), []).append((conversation, index))
        for day, found in written.items():
            asking = [(c, i) for c, i in found if self.qualifies(owner, c["messages"][i])]
            conversation, index = (asking or found)[0]
            message = conversation["messages"][index]
            page = book.page(day, _dims(conversation, conversation["last_agent"], message["channel"]))
            page["wrote"] += 1
            # Reading: "followed, somewhere later in its conversation" is a matter of place, not of a later `ts`.
            page["answered"] += any(m["sender"] != "user" for c, i in found for m in c["messages"][i + 1 :])
            if asking:
                page["inquiries"] += 1
                for event, lags in self.conversions(owner, message["ts"]).items():
                    for n in WINDOWS:
                        page["converted"][event][n - 1] += any(lag < n for lag in lags)

    def qualifies(self, owner: str, message: Fact) -> bool:
        """D2."""
        if self.rules["inquiry_rule"] == "intent":
            return message["intent"] in BUYING
        now = message["ts"]
        for (who, _), order in self.orders.items():
            created, paid = order["created"], order["paid"]
            if who != owner or created is None:
                continue
            if created < now and self.day(created) == self.day(now):
                return False
            ended = [order["received"], order["cancelled"], order["refunded_in_full"]]
            if (
                paid is not None
                and paid < now <= paid + self.rules["on_way_days"] * 86_400_000
                and not any(end is not None and end < now for end in ended)
            ):
                return False
        return True

    def conversions(self, owner: str, inquiry: int) -> dict[str, list[int]]:
        """D4: the lags of all the orders that convert an inquiry, by event."""
        lags: dict[str, list[int]] = {event: [] for event in EVENTS}
        for (who, _), order in self.orders.items():
            created, paid, back = order["created"], order["paid"], order["refunded_in_full"]
            if who != owner or created is None:
                continue
            if created > inquiry:
                lags["ordered"].append(self.day(created) - self.day(inquiry))
            if paid is None:
                continue
            if paid > inquiry:
                lags["paid"].append(self.day(paid) - self.day(inquiry))
            # Reading: a payment dated before its order's creation is in time.
            if created > inquiry and self.day(paid) <= self.day(created) + self.rules["pay_close_days"]:
                lags["finally_paid"].append(self.day(created) - self.day(inquiry))
                if back is None or self.day(back) > self.day(paid) + self.rules["refund_days"]:
                    lags["kept"].append(self.day(created) - self.day(inquiry))
        return lags

    # E5, E8. Sales

    def count_sale(self, book: _Book, sale: Order, rule: str) -> None:
        day = self.day(sale["created"] if rule == "ordered" else sale["paid"])
        touches = self.touches(sale, rule)
        nearest = touches[0] if touches else None
        # Reading: a group's total holds the sales whose (first) touch has the group's value, whatever the window; a
        # touch that no window reaches, or none, is `none`. Groups add up to the shop, so an order-first sale that a
        # window credits to its second touch is taken out of that group's silent ones, for its total stands elsewhere.
        dims = nearest["dims"] if nearest and nearest["lag"] < WINDOWS[-1] else NO_DIMS
        home = book.page(day, dims)["sales"][rule]
        _add(home["total"], sale)
        if not sale["matched"]:
            _add(home["unmatched"], sale)
            return
        for n in WINDOWS:
            touch = _within(touches, n)
            if touch is None:
                _add(home["silent"][n - 1], sale)
                continue
            there = book.page(day, touch["dims"])["sales"][rule]
            _add(there["attributed"][n - 1], sale)
            _add(home["silent"][n - 1], sale)
            _add(there["silent"][n - 1], sale, -1)
            for agent in self.others(sale["user_id"], touch, n):
                book.assisted(day, rule, agent)[n - 1] += 1

    def others(self, owner: str, touch: Touch, n: int) -> set[str]:
        """E8: agents beside the credited one who typed to the owner in the window before the touch's instant."""
        return {
            _agent(message)
            for message in self.messages[owner]
            if message["sender"] == "agent"
            and message["ts"] < touch["instant"]
            and self.day(touch["instant"]) - self.day(message["ts"]) < n
        } - {touch["agent"]}


def _within(touches: list[Touch | None], n: int) -> Touch | None:
    for touch in touches:
        if touch is not None and touch["lag"] < n:
            return touch
    return None


def _sum() -> dict[str, int]:
    return {"orders": 0, "fen": 0, "refunded_fen": 0}


def _add(sums: dict[str, int], sale: Order, sign: int = 1) -> None:
    sums["orders"] += sign
    sums["fen"] += sign * sale["amount_fen"]
    sums["refunded_fen"] += sign * sale["refunded_fen"]


def _blank() -> Figures:
    return {
        "wrote": 0,
        "answered": 0,
        "inquiries": 0,
        "converted": {event: [0 for _ in WINDOWS] for event in EVENTS},
        "conversations": 0,
        "conversations_ordered": 0,
        "sales": {
            rule: {
                "total": _sum(),
                "unmatched": _sum(),
                "attributed": [_sum() for _ in WINDOWS],
                "silent": [_sum() for _ in WINDOWS],
            }
            for rule in SALE_RULES
        },
        "assisted": {rule: {} for rule in SALE_RULES},
        "refunds": {"count": 0, "fen": 0},
    }


class _Book:
    """Pages of figures, one for each value of the grouping and day."""

    def __init__(self, grouping: str) -> None:
        self.grouping = grouping
        self.pages: dict[str, dict[int, Figures]] = {}

    def page(self, day: int, dims: Dims) -> Figures:
        value = "" if self.grouping == "total" else dims[self.grouping]
        return self.pages.setdefault(value, {}).setdefault(day, _blank())

    def assisted(self, day: int, rule: str, agent: str) -> list[int]:
        # Reading: an assisting agent has no part in the sale's intent, label, servedBy or channel: shown for the shop
        # and by agent (under the assisting one) alone.
        if self.grouping not in ("total", "agent"):
            return [0 for _ in WINDOWS]
        found: dict[str, list[int]] = self.page(day, {**NO_DIMS, "agent": agent})["assisted"][rule]
        return found.setdefault(agent, [0 for _ in WINDOWS])

    def finished(self) -> dict[str, dict[int, Figures]]:
        """Without the pages on which nothing stands."""
        blank = _blank()
        full = {value: {d: page for d, page in days.items() if page != blank} for value, days in self.pages.items()}
        return {value: days for value, days in full.items() if days}
