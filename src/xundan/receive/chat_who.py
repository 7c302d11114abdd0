"""Who is who in a chat record: agents and bots by patterns of their names, and whose chat each line belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import translate

from xundan.domain.records import Sender
from xundan.errors import Rejected

AGENTS = ("*:*", "客服*")
"""A shop's accounts on Taobao are written shop:name, and no buyer's name can hold a colon."""

BOTS = ("*机器人*", "*店小蜜*", "*智能客服*", "*服务助手*")
PAUSE = timedelta(minutes=30)
"""The dialogue that runs ends with a longer silence."""


@dataclass(frozen=True)
class Cast:
    """The names that are no customers', as shell patterns (`店铺:*`); `customer` says whose record it is, if known."""

    agents: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    customer: str = ""


class Roles:
    """Tells agents, bots and customers apart by name."""

    def __init__(self, cast: Cast) -> None:
        self._agents = _any_of(cast.agents or AGENTS)
        self._bots = _any_of((*cast.bots, *BOTS))
        self._known: dict[str, Sender] = {}

    def of(self, who: str) -> Sender:
        """The role of a name."""
        role = self._known.get(who)
        if role is None:
            role = self._role(who.replace("：", ":"))
            if len(self._known) < 10_000:
                self._known[who] = role
        return role

    def _role(self, who: str) -> Sender:
        if self._bots.fullmatch(who):
            return "bot"
        return "agent" if self._agents.fullmatch(who) else "user"


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern.replace("：", ":")) for pattern in patterns))


UNTOLD = (
    "it cannot be told whose chat this line belongs to; begin the paste with the customer's line, or name the customer "
    "with --customer"
)


class Owners:
    """Whose chat each message belongs to, in the order of the record.

    Args:
        customer: the customer of the whole record, "" where it may hold several.
        only: the sole customer who speaks in it, "" where there are several.
    """

    def __init__(self, customer: str, only: str) -> None:
        self._customer = customer
        self._only = only
        self._partner = ""
        self._running = ""
        self._last: datetime | None = None
        self.fresh = False
        """Whether the dialogue that runs began within the record, and nobody but agents has spoken in it."""

    def heading(self, partner: str) -> None:
        """A heading named the customer of what follows."""
        self._partner, self._running, self._last, self.fresh = partner, "", None, False

    def move(self, when: str) -> bool:
        """Time went on to `when`; whether a new dialogue begins with it, after a pause or because time ran back."""
        now = datetime.fromisoformat(when)
        last, self._last = self._last, now
        if last is None or timedelta() <= now - last < PAUSE:
            return False
        self._running, self.fresh = "", True
        return True

    def of_customer(self, who: str) -> str:
        """The owner of what a customer says; the dialogue is theirs from now on."""
        self._running, self.fresh = self._customer or self._partner or who, False
        return self._running

    def of_agent(self, to: str) -> str | None:
        """The owner of what an agent says; None where only what follows may tell.

        Raises `Rejected` where nothing can.
        """
        owner = to or self._customer or self._partner or self._only or self._running
        if not owner and not self.fresh:
            raise Rejected(UNTOLD, field="user_id")
        return owner or None


def speakers(names: Iterable[str], roles: Roles) -> tuple[Sequence[str], bool]:
    """The first two customers among the speakers, and whether one who is no customer spoke."""
    customers: list[str] = []
    served = False
    for name in names:
        if roles.of(name) != "user":
            served = True
        elif name not in customers:
            customers.append(name)
        if served and len(customers) > 1:
            break
    return customers[:2], served
