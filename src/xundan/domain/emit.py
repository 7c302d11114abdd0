"""What a step emits: documents and contributions near the change, described anew and compared with what was emitted.

Everything is kept and compared per unit (a customer's day, an order, a conversation), so late, repeated and reordered
facts need no special case: the difference to the last emission is the effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from xundan.domain.attribution import credited, sale
from xundan.domain.cells import Contributions, add
from xundan.domain.contributions import channel_of, conversation, customer_day
from xundan.domain.effects import Conversation, Effects, Order
from xundan.domain.links import rests
from xundan.domain.orders import totals
from xundan.domain.records import ORDER_KEY, Message, OrderEvent
from xundan.domain.rules import WINDOWS, Rules
from xundan.domain.sessions import Session
from xundan.domain.state import (
    Emitted,
    Head,
    Parts,
    Place,
    Row,
    Segment,
    Totals,
    between,
    exclude,
    include,
    place_name,
)
from xundan.domain.timeline import Timeline


class Emitter:
    """Collects what changed during a step, and at its end says what follows."""

    def __init__(self, shop: str, key: str, head: Head, parts: Parts, rules: Rules, effects: Effects) -> None:
        self.shop, self.key, self.head, self.parts, self.rules, self.effects = shop, key, head, parts, rules, effects
        self.timeline = Timeline(shop, key, head, parts, rules)
        self.message_days: set[int] = set()
        self.orders: set[str] = set()

    def changed(self, fact: Message | OrderEvent, *, present: bool) -> None:
        """A fact now rests here, or (before it is taken away) will no longer."""
        if isinstance(fact, OrderEvent):
            self.orders.add(fact.order_id)
            return
        days = {self.rules.day(fact.ts), *self._days_of_copies(fact)}
        self.message_days.update(days)
        if present:
            self.timeline.settle()
        else:  # what it holds together may fall apart
            self.message_days.update(self._days(days))

    def _days_of_copies(self, fact: Message) -> list[int]:
        """The days on which copies of a fact are held, which differ while a copy with another instant is on its way."""
        place = self.parts.get(place_name(fact.identity), Place)
        return [int(part[1:]) for _, part in place.slots] if place and len(place.slots) > 1 else []

    def finish(self) -> None:
        """Emit everything that differs from what was emitted before."""
        counted = {order_id: self._recount(order_id) for order_id in sorted(self.orders)}
        recounted = {order_id for order_id, (old, new) in counted.items() if old != new}
        orders = [t for order_id in recounted for t in counted[order_id] if t is not None]
        self.timeline.settle()

        created = [self.rules.day(t.created) for t in orders if t.created is not None]
        days = self._days([*self.message_days, *created])
        touched = {order_id for day in days for order_id in self.timeline.order_ids(day, day + WINDOWS - 1)}
        moved = [day for order_id in sorted(recounted | touched) for day in self._sale(order_id, order_id in recounted)]
        self._conversations(sorted(days | self._days(moved)))
        for day in sorted(days | self._inquiry_days(orders)):
            self._customer_day(day)

    def _days(self, days: Iterable[int]) -> set[int]:
        """The days, and those that the conversations touching them reach over."""
        reached: set[int] = set()
        for day in days:
            if day not in reached:
                first, last = self.timeline.closure(day)
                reached.update(range(first, last + 1))
        return reached

    def _inquiry_days(self, orders: Iterable[Totals]) -> set[int]:
        """The days on which these orders can qualify a message or convert an inquiry."""
        reached: set[int] = set()
        for order in orders:
            if order.created is not None:
                day = self.rules.day(order.created)
                reached.update(between(self.head.days, day - WINDOWS + 1, day))
            if order.paid is not None:
                day = self.rules.day(order.paid)
                reached.update(between(self.head.days, day - WINDOWS + 1, day + self.rules.on_way_days + 1))
        return reached

    # orders

    def _recount(self, order_id: str) -> tuple[Totals | None, Totals | None]:
        state = self.timeline.order(order_id)
        resting = {held.fact.identity: held.fact for held in state.held if rests(self.key, self.head.pointer, held.via)}
        old, new = state.totals, totals(list(resting.values())) if resting else None
        if old != new:
            self._index(order_id, old, new)
            state.totals = new
            self.parts.put(f"o{order_id}", state)
        return old, new

    def _index(self, order_id: str, old: Totals | None, new: Totals | None) -> None:
        """List the order under the days on which it was created and paid."""
        before, after = self._listed(old), self._listed(new)
        for day in sorted(before ^ after):
            segment = self.timeline.segment(day)
            if day in after:
                segment.orders.append(order_id)
                include(self.head.order_days, day)
            else:
                segment.orders.remove(order_id)
                if not segment.orders:
                    exclude(self.head.order_days, day)
            self._keep_segment(day, segment)

    def _listed(self, order: Totals | None) -> set[int]:
        instants = (order.created, order.paid) if order else ()
        return {self.rules.day(ts) for ts in instants if ts is not None}

    def _sale(self, order_id: str, recounted: bool) -> list[int]:
        """Emit what an order adds; returns the days of the conversations whose first sale may be another now."""
        state = self.timeline.order(order_id)
        order = state.totals
        touch = None
        if order is not None:
            touch = credited(self.timeline, order, self.rules.attribution_rule, self.rules.attribution_window)
        rows = self._emit(state.rows, sale(self.timeline, order) if order else {})
        now = (touch.session.id, touch.day) if touch else (None, 0)
        before = (state.credited, state.credited_day)
        if rows is not state.rows or now != before:
            state.rows, (state.credited, state.credited_day) = rows, now
            self.parts.put(f"o{order_id}", state)
        if order is None:
            self.effects.delete_orders.add(order_id)
        elif recounted or before != now:
            self.effects.put_orders[order_id] = self._order_document(order, state.credited)
        if before == now and not recounted:
            return []
        return [day for id, day in (before, now) if id is not None]

    def _order_document(self, order: Totals, conversation_id: str | None) -> Order:
        return Order(
            order_id=order.order_id,
            shop=self.shop,
            user_id=self.key,
            matched=not self.key.startswith(ORDER_KEY),
            status=order.status,
            amount_fen=order.amount,
            refunded_fen=order.refunded,
            created=order.created,
            paid=order.paid,
            received=order.received,
            cancelled=order.cancelled,
            refunded_in_full=order.refunded_in_full,
            updated=order.updated,
            conversation_id=conversation_id,
            product_id=order.product_id,
            channel=order.channel,
        )

    # conversations

    def _conversations(self, days: list[int]) -> None:
        """Describe the conversations that start on these days.

        One with two copies of its first message stands on two days under one id until a copy is taken back: each of the
        two is compared with what its own day emitted, and the document that remains is put anew.
        """
        before = {(day, id): old for day in days for id, old in self.timeline.segment(day).conversations.items()}
        seen = Counter(id for _, id in before)
        after: dict[tuple[int, str], Emitted] = {}
        for day in days:
            starting = {
                found.id: self._conversation(found, before.get((day, found.id)), anew=seen[found.id] > 1)
                for found in self.timeline.run(day).sessions
                if self.rules.day(found.messages[0].ts) == day
            }
            after.update({(day, id): new for id, new in starting.items()})
            segment = self.timeline.segment(day)
            if starting or segment.conversations:
                segment.conversations = starting
                self._keep_segment(day, segment)
        self._gone({at: old for at, old in before.items() if at not in after}, after)

    def _gone(self, gone: dict[tuple[int, str], Emitted], after: dict[tuple[int, str], Emitted]) -> None:
        """Take back what these added; their documents too, unless the conversation stands on another day now."""
        for (_, id), old in gone.items():
            self._emit(old.rows, {})
            still = [new.days for (_, other), new in after.items() if other == id]
            if not still:
                self.effects.delete_conversations.add(id)
            for day in set(old.days).difference(*still) if still else ():
                self.effects.put_messages[id, day] = []

    def _conversation(self, found: Session, old: Emitted | None, *, anew: bool) -> Emitted:
        by_day = self._by_day(found.messages)
        document = self._document(found, max(by_day))
        if anew or old is None or old.document != document:
            self.effects.put_conversations[found.id] = document
        for day in by_day.keys() | set(old.days if old else ()):
            if anew or old is None or day not in old.days or day not in by_day or day in self.message_days:
                self.effects.put_messages[found.id, day] = by_day.get(day, [])
        rows = self._emit(old.rows if old else [], conversation(self.timeline, found, bool(document.order_id)))
        return Emitted(document, sorted(by_day), rows)

    def _by_day(self, messages: list[Message]) -> dict[int, list[Message]]:
        """The messages of a conversation, most of which begin and end on one day."""
        first, last = self.rules.day(messages[0].ts), self.rules.day(messages[-1].ts)
        if first == last:
            return {first: messages}
        days: dict[int, list[Message]] = {}
        for message in messages:
            days.setdefault(self.rules.day(message.ts), []).append(message)
        return days

    def _document(self, found: Session, last_day: int) -> Conversation:
        messages = found.messages
        return Conversation(
            id=found.id,
            shop=self.shop,
            user_id=self.key,
            thread_id=next((m.conversation_id for m in messages if m.conversation_id), None),
            intent=found.intent,
            buy_score=found.buy_score,
            label=found.label,
            order_id=self._order_of(found, last_day),
            create_time=messages[0].ts,
            update_time=messages[-1].ts,
            agents=found.agents,
            served_by=found.served_by,
            last_agent=found.last_agent,
            channel=channel_of(messages),
            model_version=next((m.model for m in reversed(messages) if m.sender == "user" and m.model), None),
            messages=len(messages),
        )

    def _order_of(self, found: Session, last_day: int) -> str:
        """The first sale credited to a conversation (definitions E7)."""
        first_day = self.rules.day(found.messages[0].ts)
        mine = []
        for order_id in self.timeline.order_ids(first_day, last_day + WINDOWS - 1):
            state = self.timeline.order(order_id)
            if state.credited == found.id and state.totals is not None:
                mine.append((state.totals.paid or 0, order_id))
        return min(mine)[1] if mine else ""

    # days

    def _customer_day(self, day: int) -> None:
        segment = self.timeline.segment(day)
        segment.inquiry = self._emit(segment.inquiry, customer_day(self.timeline, day))
        self._keep_segment(day, segment)

    def _keep_segment(self, day: int, segment: Segment) -> None:
        if segment.empty():
            self.parts.delete(f"d{day}")
        else:
            self.parts.put(f"d{day}", segment)

    def _emit(self, before: list[Row], now: Contributions) -> list[Row]:
        old = dict(before)
        if old == now:
            return before
        add(self.effects.cubes, now)
        add(self.effects.cubes, old, -1)
        return list(now.items())
