"""What the naive implementation makes of raw facts: the copies kept, owners, orders and conversations.

Parts A, B, C and E1 to E3 and E6 of docs/definitions.md; tests/naive.py adds them up to figures.
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
Dims = dict[str, str]
Place = tuple[int, int, str, str]

DIMENSIONS = ("intent", "agent", "label", "served_by", "channel")
RANK = {"link": 0, "message": 1, "order": 2}

# A. Facts


@lru_cache(maxsize=4096)
def day_of(ts: int, zone: str) -> int:
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


def owner_key(fact: Fact) -> str:
    if fact["kind"] == "order" and not _usable(fact["owner"]):
        return "order:" + str(fact["order_id"])
    return str(fact["owner"])


def follow(start: str, arrows: dict[str, str]) -> str:
    path = [start]
    while path[-1] in arrows:
        there = arrows[path[-1]]
        if there in path:
            return min(path[path.index(there) :], key=lambda id: (id.startswith("order:"), id))
        path.append(there)
    return path[-1]


def explicit_links(facts: list[Fact]) -> dict[str, str]:
    return {fact["owner"]: fact["user_id"] for fact in facts if fact["kind"] == "link"}


def derived_links(facts: list[Fact], explicit: dict[str, str]) -> dict[str, str]:
    events = [fact for fact in facts if fact["kind"] == "order"]
    named = [(f["order_id"], place(f), follow(f["owner"], explicit)) for f in events if _usable(f["owner"])]
    spoken = [
        (f["order_id"], place(f), follow(f["owner"], explicit))
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


def order_of(owner: str, order_id: str, events: list[Fact]) -> Order:
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


def agent_of(message: Fact) -> str:
    return "agent" if message["agent_id"] in (None, "", "bot", "none", "agent") else str(message["agent_id"])


def last_agent(messages: list[Fact]) -> str:
    human = [agent_of(message) for message in messages if message["sender"] == "agent"]
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


def conversation_of(shop: str, owner: str, messages: list[Fact], creations: list[int], rules: Rules) -> Conversation:
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
        "agents": sorted({agent_of(message) for message in messages if message["sender"] == "agent"}),
        "served_by": _served_by(messages),
        "last_agent": last_agent(messages),
        "channel": _first_given(messages, "channel"),
        "messages": messages,
    }


def dims_of(conversation: Conversation, agent: str, channel: str | None) -> Dims:
    values = {**conversation, "agent": agent, "channel": channel}
    return {name: values[name] or "none" for name in DIMENSIONS}
