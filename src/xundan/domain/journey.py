"""The heart: one state machine per customer of a shop. It knows no database, no clock and no engine.

`advance` takes facts to one key and says what follows. Any order and any repetition of the facts ends in the same
documents and the same cubes, because everything emitted is a pure function of the facts held:

1. hold: keep the best copy of each fact, or pass it on along a link          (this file, links.py)
2. look: find the days, conversations and orders that the change can reach    (timeline.py)
3. emit: describe those anew and say only what differs from what was emitted  (emit.py)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xundan.domain.effects import Effects, Offer, Outgoing, Relay, Role, Tell, Via
from xundan.domain.emit import Emitter
from xundan.domain.links import keep_link, meet, pointer, rests, rests_explicitly
from xundan.domain.records import ORDER_KEY, Fact, Identity, Key, Link, Message, OrderEvent, better, usable
from xundan.domain.rules import Rules
from xundan.domain.state import (
    Head,
    Held,
    HeldEvent,
    HeldMessage,
    Mention,
    Offered,
    OrderState,
    Parts,
    Place,
    Segment,
    Told,
    exclude,
    include,
    place_name,
    put_in_order,
)

Incoming = Fact | Outgoing


def advance(shop: str, key: str, parts: Parts, incoming: Iterable[Incoming], rules: Rules) -> tuple[int, Effects]:
    """One step of a journey: take facts addressed to one key and return the step's number and its effects.

    Args:
        shop: the tenant.
        key: the journey's key: a customer's id, an alias, or `order:<id>`.
        parts: the journey's state, changed in place through `put` and `delete`.
        incoming: facts of this key, and what other keys sent it, in any order and any number of times.
        rules: the shop's arithmetic. A change of rules asks for a rebuild.
    """
    step = _Step(shop, key, parts, rules)
    for item in incoming:
        step.take(item)
    return step.finish()


class _Step:
    def __init__(self, shop: str, key: str, parts: Parts, rules: Rules) -> None:
        self.shop, self.key, self.parts, self.rules = shop, key, parts, rules
        self.head = parts.get("head", Head) or Head()
        self.effects = Effects()
        self.order_id = key[len(ORDER_KEY) :] if key.startswith(ORDER_KEY) else None
        self.mentioned: set[str] = set()
        self.offers = self.head.offered
        self.emitter = Emitter(shop, key, self.head, parts, rules, self.effects)

    # what arrives

    def take(self, item: Incoming) -> None:
        match item:
            case Link():
                keep_link(self.head, item)
            case Message() | OrderEvent():
                self._hold(_held(item))
            case Relay(fact=None):
                self._release(item.identity, item.via)
            case Relay(fact=fact) if fact is not None:
                self._hold(_held(fact, item.via))
            case Tell():
                self._take_tell(item)
            case Offer():
                self._take_offer(item)
        if self.order_id is not None:
            own = self._order(f"o{self.order_id}").held
            self.head.meets, self.offers = meet(self.head.told, any(not held.via for held in own))
        self._repoint()

    def finish(self) -> tuple[int, Effects]:
        self._send_tells()
        self._send_offers()
        self.emitter.finish()
        for order_id in self.mentioned | self.emitter.orders:
            if self._order(f"o{order_id}").empty():
                self.parts.delete(f"o{order_id}")
        self.head.seq += 1
        self.parts.put("head", self.head)
        return self.head.seq, self.effects

    def _take_tell(self, tell: Tell) -> None:
        kept = [t for t in self.head.told if (t.teller, t.role) != (tell.teller, tell.role)]
        self.head.told = [*kept, Told(tell.teller, tell.role, tell.first)] if tell.first else kept

    def _take_offer(self, offer: Offer) -> None:
        if offer.target is None or offer.named is None:
            self.head.offers.pop(offer.order_id, None)
        else:
            self.head.offers[offer.order_id] = Offered(offer.role, offer.target, offer.named)

    # what is held

    def _hold(self, held: Held) -> None:
        old = self._find(held.fact.identity, held.via)
        if old is not None:
            own_copy = not held.via
            if old.fact == held.fact or (own_copy and not better(held.fact, old.fact)):
                return
            self._drop(old)
        self._place(held)
        self._arrive(held)

    def _place(self, held: Held) -> None:
        part = self._part_of(held)
        if isinstance(held, HeldMessage):
            segment = self._segment(part)
            put_in_order(segment.held, held)
            self.parts.put(part, segment)
            include(self.head.days, int(part[1:]))
        else:
            order = self._order(part)
            put_in_order(order.held, held)
            self.parts.put(part, order)
        place = self.parts.get(place_name(held.fact.identity), Place) or Place()
        place.slots.append((held.via, part))
        self.parts.put(place_name(held.fact.identity), place)

    def _release(self, identity: Identity, via: Via) -> None:
        old = self._find(identity, via)
        if old is not None:
            self._drop(old)

    def _drop(self, held: Held) -> None:
        self._leave(held)
        part = self._part_of(held)
        if isinstance(held, HeldMessage):
            segment = self._segment(part)
            segment.held.remove(held)
            self.parts.put(part, segment)
            if not segment.held:
                exclude(self.head.days, int(part[1:]))
            self.emitter.timeline.settle()
        else:
            order = self._order(part)
            order.held.remove(held)
            self.parts.put(part, order)
        self._forget_place(held.fact.identity, held.via)

    def _forget_place(self, identity: Identity, via: Via) -> None:
        name = place_name(identity)
        place = self.parts.get(name, Place) or Place()
        place.slots = [slot for slot in place.slots if slot[0] != via]
        if place.slots:
            self.parts.put(name, place)
        else:
            self.parts.delete(name)

    def _find(self, identity: Identity, via: Via) -> Held | None:
        place = self.parts.get(place_name(identity), Place)
        part = next((part for at, part in place.slots if at == via), None) if place else None
        if part is None:
            return None
        held: Sequence[Held] = self._segment(part).held if part[0] == "d" else self._order(part).held
        return next((h for h in held if h.via == via and h.fact.identity == identity), None)

    def _segment(self, name: str) -> Segment:
        return self.parts.get(name, Segment) or Segment()

    def _order(self, name: str) -> OrderState:
        return self.parts.get(name, OrderState) or OrderState()

    def _part_of(self, held: Held) -> str:
        if isinstance(held, HeldMessage):
            return f"d{self.rules.day(held.fact.ts)}"
        return f"o{held.fact.order_id}"

    def _all_held(self) -> Iterator[Held]:
        for day in list(self.head.days):
            yield from list(self._segment(f"d{day}").held)
        # the key of an order holds the events of that order only
        for name in self.parts.names("o") if self.order_id is None else [f"o{self.order_id}"]:
            yield from list(self._order(name).held)

    # what a held fact means under the present pointer

    def _arrive(self, held: Held) -> None:
        self._mind(held, present=True)

    def _leave(self, held: Held) -> None:
        self._mind(held, present=False)

    def _mind(self, held: Held, *, present: bool) -> None:
        at = self.head.pointer
        if rests(self.key, at, held.via):
            self.emitter.changed(held.fact, present=present)
        elif at is not None:
            target, kind = at
            fact = held.fact if present else None
            self._send(Relay(self.shop, target, held.fact.identity, (*held.via, (self.key, kind)), fact))
        if rests_explicitly(self.key, at, held.via):
            self._mention(held, present=present)

    def _repoint(self) -> None:
        """Follow a new link: take back what was sent on, and send or keep everything anew."""
        while (new := pointer(self.key, self.head)) != self.head.pointer:
            everything = list(self._all_held())
            for held in everything:
                self._leave(held)
            self.head.pointer = new
            self.emitter.timeline.settle()
            for held in everything:
                self._arrive(held)
            self.effects.alias_of, self.effects.alias_changed = (new[0] if new else None), True

    # orders: who names them

    def _mention(self, held: Held, *, present: bool) -> None:
        """Note that a fact resting here by explicit links alone names an order, or no longer does."""
        fact = held.fact
        if not fact.order_id or (isinstance(fact, OrderEvent) and not usable(fact.owner)):
            return
        order = self._order(f"o{fact.order_id}")
        bought = _first(order, "buyer") is not None
        mention = Mention(fact.key, fact.identity, held.via)
        if present:
            order.mentions.append(mention)
        else:
            order.mentions.remove(mention)
        self.head.buys += (_first(order, "buyer") is not None) - bought
        self.parts.put(f"o{fact.order_id}", order)
        self.mentioned.add(fact.order_id)

    def _send_tells(self) -> None:
        for order_id in sorted(self.mentioned):
            order = self._order(f"o{order_id}")
            buyer, talker = _first(order, "buyer"), _first(order, "talker")
            if buyer != order.told_buyer:
                self._send(Tell(self.shop, ORDER_KEY + order_id, self.key, "buyer", buyer))
            if talker != order.told_talker:
                self._send(Tell(self.shop, ORDER_KEY + order_id, self.key, "talker", talker))
            order.told_buyer, order.told_talker = buyer, talker
            self.parts.put(f"o{order_id}", order)

    def _send_offers(self) -> None:
        """At `order:<id>`: offer the derived links that follow from who told it, and take back what no longer does."""
        order_id, before = self.order_id, self.head.offered
        if order_id is None or self.offers == before:
            return
        for target in sorted(before.keys() - self.offers.keys()):
            self._send(Offer(self.shop, target, order_id, before[target].role, None, None))
        for target, offer in sorted(self.offers.items()):
            if before.get(target) != offer:
                self._send(Offer(self.shop, target, order_id, offer.role, offer.target, offer.named))
        self.head.offered = self.offers

    def _send(self, out: Outgoing) -> None:
        self.effects.outgoing.append(out)


def _first(order: OrderState, role: Role) -> Key | None:
    """The first fact by which this key is a buyer, or a talker, of an order."""
    rank = 2 if role == "buyer" else 1
    return min((m.key for m in order.mentions if m.key[1] == rank), default=None)


def _held(fact: Message | OrderEvent, via: Via = ()) -> Held:
    return HeldMessage(fact, via) if isinstance(fact, Message) else HeldEvent(fact, via)
