"""The arithmetic of docs/definitions.md a second time: plain loops over raw facts, nothing shared with `xundan`.

A fact is a dict with `kind` ("message", "order" or "link") and the field names of `xundan.domain.records`; all facts
are accepted facts of one shop. Rules are a dict of the fields of `xundan.domain.rules.Rules`. A comment that begins
with "Reading:" says which of several meanings of the page was taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from naive_book import EVENTS, NO_DIMS, SALE_RULES, WINDOWS, Book, Figures, add_sale
from naive_documents import (
    DIMENSIONS,
    Conversation,
    Fact,
    Order,
    Rules,
    agent_of,
    conversation_of,
    day_of,
    derived_links,
    dims_of,
    explicit_links,
    follow,
    kept,
    last_agent,
    order_of,
    owner_key,
)

Touch = dict[str, Any]

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


class Shop:
    """The facts of a shop, sorted out: who owns what, conversations and orders."""

    def __init__(self, facts: Iterable[Fact], rules: Rules) -> None:
        facts = list(facts)
        self.rules = rules
        self.given = len(facts)
        self.facts = kept(facts)
        self.explicit = explicit_links(self.facts)
        self.derived = derived_links(self.facts, self.explicit)
        self.messages: dict[str, list[Fact]] = {}
        events: dict[tuple[str, str], list[Fact]] = {}
        for fact in self.facts:
            owner = self.final(owner_key(fact))
            if fact["kind"] == "message":
                self.messages.setdefault(owner, []).append(fact)
            elif fact["kind"] == "order":
                events.setdefault((owner, fact["order_id"]), []).append(fact)
        self.orders = {key: order_of(*key, events[key]) for key in events}
        self.conversations = {owner: self.talk(owner) for owner in self.messages}
        self.name_orders()

    def final(self, id: str) -> str:
        return follow(follow(id, self.explicit), self.derived)

    def day(self, ts: int) -> int:
        return day_of(ts, self.rules["zone"])

    def talk(self, owner: str) -> list[Conversation]:
        """C1: the owner's messages cut where the silence is long enough."""
        pieces: list[list[Fact]] = []
        for message in self.messages[owner]:
            if not pieces or message["ts"] - pieces[-1][-1]["ts"] >= self.rules["session_gap_ms"]:
                pieces.append([])
            pieces[-1].append(message)
        creations = [o["created"] for (who, _), o in self.orders.items() if who == owner and o["created"] is not None]
        return [conversation_of(piece[0]["shop"], owner, piece, creations, self.rules) for piece in pieces]

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
        credit = last_agent([m for m in conversation["messages"] if m["ts"] < instant])
        return {
            "conversation": conversation,
            "instant": instant,
            "lag": self.day(instant) - self.day(message["ts"]),
            "agent": credit,
            # Reading: intent, label and servedBy are those of the whole conversation, the channel is the message's.
            "dims": dims_of(conversation, credit, message["channel"]),
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
        book = Book(grouping)
        for owner, talk in self.conversations.items():
            for conversation in talk:
                dims = dims_of(conversation, conversation["last_agent"], conversation["channel"])
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

    def count_days(self, book: Book, owner: str, talk: list[Conversation]) -> None:
        written: dict[int, list[tuple[Conversation, int]]] = {}
        for conversation in talk:
            for index, message in enumerate(conversation["messages"]):
                if message["sender"] == "user":
                    written.setdefault(self.day(message["ts"]), []).append((conversation, index))
        for day, found in written.items():
            asking = [(c, i) for c, i in found if self.qualifies(owner, c["messages"][i])]
            conversation, index = (asking or found)[0]
            message = conversation["messages"][index]
            page = book.page(day, dims_of(conversation, conversation["last_agent"], message["channel"]))
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

    def count_sale(self, book: Book, sale: Order, rule: str) -> None:
        day = self.day(sale["created"] if rule == "ordered" else sale["paid"])
        touches = self.touches(sale, rule)
        nearest = touches[0] if touches else None
        # Reading: a group's total holds the sales whose (first) touch has the group's value, whatever the window; a
        # touch that no window reaches, or none, is `none`. Groups add up to the shop, so an order-first sale that a
        # window credits to its second touch is taken out of that group's silent ones, for its total stands elsewhere.
        dims = nearest["dims"] if nearest and nearest["lag"] < WINDOWS[-1] else NO_DIMS
        home = book.page(day, dims)["sales"][rule]
        add_sale(home["total"], sale)
        if not sale["matched"]:
            add_sale(home["unmatched"], sale)
            return
        for n in WINDOWS:
            touch = _within(touches, n)
            if touch is None:
                add_sale(home["silent"][n - 1], sale)
                continue
            there = book.page(day, touch["dims"])["sales"][rule]
            add_sale(there["attributed"][n - 1], sale)
            add_sale(home["silent"][n - 1], sale)
            add_sale(there["silent"][n - 1], sale, -1)
            for agent in self.others(sale["user_id"], touch, n):
                book.assisted(day, rule, agent)[n - 1] += 1

    def others(self, owner: str, touch: Touch, n: int) -> set[str]:
        """E8: agents beside the credited one who typed to the owner in the window before the touch's instant."""
        return {
            agent_of(message)
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
