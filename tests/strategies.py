"""Messy facts of one shop for hypothesis: few customers, few orders, instants that touch, copies that disagree.

Facts are the dicts that tests/naive.py takes; `to_record` turns one into a record of the program. Chats, orders and
links are drawn around a few shared instants, so that an inquiry with its order, a refund in parts or a circle of links
happens in many examples instead of hardly any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from xundan.domain.records import INTENTS, Fact, Link, Message, OrderEvent

FactDict = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
MIDNIGHT = int(datetime(2026, 3, 1, 16, tzinfo=UTC).timestamp() * 1000)
"""2 March 2026 begins in Asia/Shanghai; 6 days later clocks change in New York."""

SHOP = "1024"
CUSTOMERS = ("c1", "c2", "c3")
ALIASES = ("a1", "z9")
NOBODY = ("", "张*", "李＊")
ORDERS = ("o1", "o2", "o3")
AGENTS = (None, None, "小美", "a7", "bot", "none", "agent")
PRICES = (5_000, 9_900, 9_900, 100, None, 0)
BACK = (100, 4_900, 5_000, 1, None, 0)
GAPS = (0, 0, 1, SECOND, MINUTE - 1, MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 2 * HOUR)
SPANS = (0, 1, SECOND, 5 * MINUTE, HOUR, 10 * HOUR, DAY, 2 * DAY, 14 * DAY, 15 * DAY, 15 * DAY + 1, 16 * DAY)
TIMES = (0, -1, 1, 10 * HOUR, 10 * HOUR, 23 * HOUR + 50 * MINUTE, 24 * HOUR - 1, 13 * HOUR)


def message(owner: str, id: str, ts: int, sender: str = "user", **fields: object) -> FactDict:
    """A message with every field; a customer's `intent` brings a score and a model where none is given."""
    fact: FactDict = {"kind": "message", "shop": SHOP, "owner": owner, "id": id, "ts": ts, "received": ts}
    fact |= {"source": "live", "sender": sender, "text": "在吗", "agent_id": None, "conversation_id": None}
    fact |= {"channel": None, "product_id": None, "order_id": None, "intent": None, "buy_score": None, "model": None}
    fact |= {"pii": {}, **fields}
    if fact["intent"] is not None and fact["model"] is None:
        fact |= {"model": "m1", "buy_score": 0.5 if fact["buy_score"] is None else fact["buy_score"]}
    return fact


def event(owner: str, id: str, ts: int, order_id: str, status: str, **fields: object) -> FactDict:
    """An order event with every field."""
    fact: FactDict = {"kind": "order", "shop": SHOP, "owner": owner, "id": id, "ts": ts, "received": ts}
    fact |= {"source": "live", "order_id": order_id, "status": status, "amount_fen": None, "part": ""}
    fact |= {"refund_id": None, "product_id": None, "coupon_id": None, "channel": None, "items": []}
    return fact | fields


def link(alias: str, user_id: str, id: str, ts: int, **fields: object) -> FactDict:
    """A link with every field."""
    fact: FactDict = {"kind": "link", "shop": SHOP, "owner": alias, "id": id, "ts": ts, "received": ts}
    return fact | {"source": "live", "user_id": user_id} | fields


def to_record(fact: FactDict) -> Fact:
    """The program's record of a fact."""
    kinds: dict[str, type[Message] | type[OrderEvent] | type[Link]]
    kinds = {"message": Message, "order": OrderEvent, "link": Link}
    return kinds[fact["kind"]](**{name: value for name, value in fact.items() if name != "kind"})


class _Scene:
    """Draws facts one after the other into a list."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.facts: list[FactDict] = []
        days = draw(st.lists(st.integers(0, 24), min_size=1, max_size=3))
        self.anchors = [MIDNIGHT + day * DAY + self.pick(TIMES) for day in days]

    def pick(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, of_ten: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) >= 10 - of_ten)

    def instant(self) -> int:
        ts: int = self.pick(self.anchors) + self.pick((-1, 1)) * self.pick(SPANS)
        return ts

    def add(self, fact: FactDict) -> None:
        """Number the fact, and say when and how it came in: at once, a little early by its own clock, or late."""
        fact["id"] = f"{self.pick('mbz')}{len(self.facts)}"
        fact["source"] = self.pick(("live", "live", "import"))
        lag = self.pick((0, SECOND, HOUR, -HOUR, 29 * DAY, 30 * DAY))
        fact["received"] = fact["ts"] + lag + (370 * DAY if fact["source"] == "import" and lag == HOUR else 0)
        self.facts.append(fact)

    def say(self, owner: str, ts: int, order_id: str | None = None) -> None:
        sender = self.pick(("user", "user", "user", "bot", "agent", "agent"))
        fact = message(owner, "", ts, sender)
        if sender == "user" and self.chance(6):
            score = self.pick((0.0, 0.3, 0.69, 0.7, 0.71, 1.0))
            fact |= {"intent": self.pick(INTENTS), "buy_score": score, "model": "m1"}
        if sender != "user" or self.chance(1):
            fact["agent_id"] = self.pick(AGENTS)
        fact["channel"] = self.pick((None, None, "web", "app"))
        fact["conversation_id"] = self.pick((None, None, "t1", "t2"))
        fact["order_id"] = order_id
        self.add(fact)

    def chat(self, owner: str, ts: int, order_ids: Sequence[str | None]) -> None:
        for _ in range(self.draw(st.integers(1, 4))):
            self.say(owner, ts, self.pick(order_ids))
            ts += self.pick(GAPS)

    def happen(self, owner: str, ts: int, order_id: str, status: str, **fields: object) -> None:
        self.add(event(owner, "", ts, order_id, status, **fields))

    def story(self) -> None:
        """One customer's order, with chats around it, in some of the shapes that orders take."""
        customer, order_id, created = self.pick(CUSTOMERS), self.pick(ORDERS), self.pick(self.anchors)
        buyer = self.pick((customer, customer, customer, *NOBODY, *ALIASES))
        names: Sequence[str | None] = (None, order_id) if self.chance(4) else (None,)
        paid = created + self.pick(SPANS) * self.pick((1, 1, 1, 1, -1))
        if self.chance(8):
            self.chat(customer, created - self.pick(SPANS), names)
        if self.chance(7):
            self.happen(buyer, created, order_id, "created", amount_fen=self.pick(PRICES))
        if self.chance(4):
            self.chat(customer, self.pick((paid - HOUR, created)) + self.pick(GAPS), names)
        if self.chance(8):
            self.pay(buyer, paid, order_id)
        if self.chance(7):
            self.after(buyer, paid, order_id)
        if self.chance(2):
            other = self.pick((*CUSTOMERS, *ALIASES))
            self.happen(
                other, self.pick((created - 1, created, paid, paid + 1)), order_id, self.pick(("paid", "shipped"))
            )
        if buyer in ALIASES and self.chance(6):
            self.add(link(buyer, customer, "", self.instant()))

    def pay(self, buyer: str, paid: int, order_id: str) -> None:
        if self.chance(3):
            self.happen(buyer, paid - self.pick(SPANS), order_id, "paid", part="deposit", amount_fen=self.pick(PRICES))
            self.happen(buyer, paid, order_id, "paid", part="balance", amount_fen=self.pick(PRICES))
        else:
            self.happen(buyer, paid, order_id, "paid", amount_fen=self.pick(PRICES))

    def after(self, buyer: str, paid: int, order_id: str) -> None:
        if self.chance(3):
            self.happen(buyer, paid + self.pick(SPANS), order_id, self.pick(("shipped", "received")))
        for _ in range(self.pick((0, 1, 2, 3))):
            fields = {"amount_fen": self.pick(BACK), "refund_id": self.pick((None, None, "r1", "r2"))}
            self.happen(buyer, paid + self.pick(SPANS), order_id, "refunded", **fields)
        if self.chance(3):
            self.happen(buyer, paid + self.pick((-1, 0, 1)) * self.pick(SPANS), order_id, "cancelled")

    def quarrel(self) -> None:
        """Orders whose sources name each other's buyers: a circle of derived links, unless an explicit link cuts it."""
        ring = self.pick((("c1", "c2"), ("c2", "a1"), ("c1", "c2", "z9")))
        for index, buyer in enumerate(ring):
            ts = self.pick(self.anchors)
            self.happen(buyer, ts, f"q{index}", self.pick(("created", "paid", "shipped")), amount_fen=self.pick(PRICES))
            self.happen(ring[index - 1], ts + self.pick((HOUR, 1, 0)), f"q{index}", self.pick(("paid", "shipped")))

    def ring(self) -> None:
        """A chain of explicit links, often closed to a circle."""
        chain = self.pick((("a1", "c1"), ("a1", "z9", "c2"), ("c2", "c1", "c3"), ("z9", "c1")))
        for alias, user in pairwise(chain):
            self.add(link(alias, user, "", self.instant()))
        if self.chance(6):
            self.add(link(chain[-1], self.pick((chain[0], chain[-2], chain[-1])), "", self.instant()))

    def loose(self) -> None:
        """Any one fact anywhere."""
        everyone = (*CUSTOMERS, *ALIASES)
        kind = self.pick(("message", "order", "link", "link"))
        if kind == "message":
            self.say(self.pick(everyone), self.instant(), self.pick((None, *ORDERS)))
        elif kind == "link":
            keys = (*everyone, *everyone, *(f"order:{order_id}" for order_id in ORDERS))
            self.add(link(self.pick(keys), self.pick(everyone), "", self.instant()))
        else:
            status = self.pick(("created", "paid", "shipped", "received", "refunded", "cancelled"))
            part = self.pick(("", "", "deposit", "balance")) if status in ("paid", "created") else ""
            fields = {"part": part, "amount_fen": self.pick(PRICES)}
            self.happen(self.pick((*everyone, *NOBODY)), self.instant(), self.pick(ORDERS), status, **fields)

    def copy(self) -> None:
        """Another copy of a fact that is there, differing in one thing or two (or in none)."""
        fact = dict(self.pick(self.facts))
        change = self.pick(("nothing", "received", "ts", "score", "amount", "text"))
        fact["received"] += self.pick((0, 0, 1, -1)) if change != "nothing" else 0
        if change == "ts":
            fact["ts"] += self.pick((-DAY, -1, 1, 30 * MINUTE))
        elif change == "score" and fact["kind"] == "message" and fact["sender"] == "user":
            scored = {"intent": self.pick(INTENTS), "buy_score": self.pick((0.2, 0.8)), "model": "m2"}
            unscored = {"intent": None, "buy_score": None, "model": None}
            fact |= self.pick((scored, unscored))
        elif change == "amount" and fact["kind"] == "order":
            fact["amount_fen"] = self.pick(PRICES)
            if fact["owner"] not in NOBODY:  # else the copies would meet nowhere: each is at its own order's key
                fact["order_id"] = self.pick((fact["order_id"], *ORDERS))
        elif change == "text" and fact["kind"] == "message":
            fact |= {"text": self.pick(("a", "啊", "~")), "order_id": self.pick((None, *ORDERS))}
        elif change == "text" and fact["kind"] == "link":
            fact["user_id"] = self.pick(CUSTOMERS)
        if fact["source"] == "live":
            fact["received"] = min(fact["received"], fact["ts"] + 30 * DAY)
        self.facts.append(fact)


@st.composite
def facts(draw: Draw, max_size: int = 40) -> list[FactDict]:
    """Up to `max_size` accepted facts of one shop, copies included, in no particular order.

    Lateness keeps to the default rule: a live fact came in at most 30 days after it happened.
    """
    scene = _Scene(draw)
    for _ in range(scene.pick((0, 1, 2, 2, 3, 3))):
        scene.story()
    if scene.chance(3):
        scene.quarrel()
    if scene.chance(4):
        scene.ring()
    for _ in range(draw(st.integers(0, 6))):
        scene.loose()
    room = max_size - draw(st.integers(0, min(4, max_size)))
    del scene.facts[room:]
    while scene.facts and len(scene.facts) < max_size and scene.chance(7):
        scene.copy()
    return scene.facts


def arrivals(given: Sequence[FactDict], max_repeats: int = 5) -> st.SearchStrategy[list[FactDict]]:
    """The same facts in any order, some of them more than once."""
    if not given:
        return st.just([])
    repeats = st.lists(st.sampled_from(given), max_size=max_repeats)
    return repeats.flatmap(lambda more: st.permutations([*given, *more]))


def rules() -> st.SearchStrategy[dict[str, Any]]:
    """Settings that the arithmetic depends on; the defaults among them."""
    return st.fixed_dictionaries(
        {
            "zone": st.sampled_from(("Asia/Shanghai", "Asia/Shanghai", "America/New_York")),
            "session_gap_ms": st.sampled_from((30 * MINUTE, 30 * MINUTE, MINUTE, 24 * HOUR)),
            "threshold": st.sampled_from((0.7, 0.3)),
            "inquiry_rule": st.sampled_from(("order_state", "intent")),
            "on_way_days": st.sampled_from((15, 1, 2)),
            "pay_close_days": st.sampled_from((15, 0, 2)),
            "refund_days": st.sampled_from((15, 0, 2)),
            "attribution_rule": st.sampled_from(("paid", "ordered", "order_first")),
            "attribution_window": st.sampled_from((2, 1, 15)),
            "late_days": st.just(30),
        }
    )


DEFAULT_RULES: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "session_gap_ms": 30 * MINUTE,
    "threshold": 0.7,
    "inquiry_rule": "order_state",
    "on_way_days": 15,
    "pay_close_days": 15,
    "refund_days": 15,
    "attribution_rule": "paid",
    "attribution_window": 2,
    "late_days": 30,
}
