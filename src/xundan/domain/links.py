"""Whose facts are whose: explicit links, the links that orders imply, and circles (docs/definitions.md, B).

An alias's key sends its facts to the key it points to. `order:<id>` is where an order's buyers and the chats that name
it meet: keys at which a fact rests by explicit links alone tell it, and it offers them the derived links.
"""

from __future__ import annotations

from collections.abc import Iterable

from xundan.domain.effects import LinkKind, Pointer, Via
from xundan.domain.records import ORDER_KEY, Link, better
from xundan.domain.state import Head, Offered, Told

EXPLICIT: LinkKind = "explicit"
DERIVED: LinkKind = "derived"


def smallest(keys: Iterable[str]) -> str:
    """The member at which a circle ends: real ids before `order:` keys, then by code point."""
    return min(keys, key=lambda key: (key.startswith(ORDER_KEY), key))


def keep_link(head: Head, link: Link) -> None:
    """Put `link` beside the others, or in place of its other copy where that is the worse one."""
    for at, old in enumerate(head.links):
        if old.identity == link.identity:
            if better(link, old):
                head.links[at] = link
            return
    head.links.append(link)


def pointer(key: str, head: Head) -> Pointer | None:
    """Where a key's facts go, or None where they rest."""
    if head.links:
        target = max(head.links, key=lambda link: link.key).user_id
        return None if target == key else (target, EXPLICIT)
    if head.meets is not None:
        return head.meets, DERIVED
    fitting = [o for o in head.offers.values() if o.role == "buyer" or not head.buys]
    if not fitting:
        return None
    return min(fitting, key=lambda offer: offer.named).target, DERIVED


def ends_circle(key: str, via: Via) -> bool:
    """Whether a fact that came by `via` has gone round a circle of which `key` is the end.

    Only the way since `key` sent it on last counts: earlier hops may be along links that hold no longer, and a fact
    that waited for a member who has left would go round for ever.
    """
    passed = [hop[0] for hop in via]
    if key not in passed:
        return False
    last = len(passed) - 1 - passed[::-1].index(key)
    return smallest(passed[last:]) == key


def rests(key: str, at: Pointer | None, via: Via) -> bool:
    """Whether a fact that came by `via` stays at `key`, whose pointer is `at`."""
    return at is None or ends_circle(key, via)


def rests_explicitly(key: str, at: Pointer | None, via: Via) -> bool:
    """Whether `key` is the fact's explicit owner: followed by explicit links alone, the fact comes no further."""
    if any(kind != EXPLICIT for _, kind in via):
        return False
    return at is None or at[1] == DERIVED or ends_circle(key, via)


def meet(told: Iterable[Told], has_own_events: bool) -> tuple[str | None, dict[str, Offered]]:
    """The derived links of one order: where `order:<id>` itself goes, and what is offered to whom (definitions B3)."""
    ranked = sorted(told, key=lambda t: t.first)
    buyers = [t for t in ranked if t.role == "buyer"]
    talkers = [t for t in ranked if t.role == "talker"]
    if not buyers and not has_own_events:
        return None, {}
    talker = talkers[0] if talkers else None
    if not buyers:
        return (talker.teller if talker else None), {}
    target = buyers[0].teller
    offers = {b.teller: Offered("buyer", target, b.first) for b in buyers[1:]}
    if talker and talker.teller not in {b.teller for b in buyers}:
        offers[talker.teller] = Offered("talker", target, talker.first)
    return target, offers
