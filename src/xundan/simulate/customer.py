"""A customer as the stories move them: who they are to the shop's systems, and everything they did so far."""

from __future__ import annotations

from random import Random

from xundan.domain.records import Part, Sender, Status
from xundan.simulate.acts import Deed, Join, Purchase, Refund, Say
from xundan.simulate.config import SimConfig
from xundan.simulate.rhythm import Rhythm
from xundan.simulate.voice import Voice
from xundan.simulate.words import Product, pick, products

_OTHER_IDS = ("linked",) * 6 + ("named",) * 5 + ("apart",) * 3 + ("twofold",) * 3
_MASKED = ("", "", "", "t***8", "小***鱼", "＊＊＊", "138****5678")


class Customer:
    """Collects what happens, as far as it happens before the simulation's end.

    `face` is the id they chat under, `buyer` the one their orders carry ("" where orders name nobody). `habit` says how
    the two belong together: `plain` (one id), `linked` (somebody notes it), `named` (a chat names an order), `apart`
    (nobody ever learns it), `nobody` (orders without a buyer), `twofold` (one id, and a second one for later chats).
    """

    def __init__(self, config: SimConfig, rhythm: Rhythm, rng: Random, number: str, day: int) -> None:
        self.config = config
        self.rhythm = rhythm
        self.rng = rng
        self.number = number
        self.start = rhythm.moment(rng, day)
        self.voice = Voice(rng)
        self.channel = pick(rng, config.channels)
        self.product: Product = pick(rng, products())
        self.habit = self._habit()
        self.face = self._face()
        self.buyer = {"plain": self.face, "twofold": self.face, "nobody": ""}.get(self.habit, f"b{number}")
        self.says: list[Say] = []
        self.deeds: list[Deed] = []
        self.joins: list[Join] = []
        self.purchases: list[Purchase] = []
        self.claims = [0, 0]
        self.personal: list[str] = []
        self.free = self.start
        self._taken: set[int] = set()
        self._steady = f"c{number}" if rng.random() < 0.6 else ""
        self._threads = 0

    def _habit(self) -> str:
        roll = self.rng.random()
        if roll < self.config.no_buyer:
            return "nobody"
        if roll >= self.config.no_buyer + self.config.other_id:
            return "plain"
        return pick(self.rng, _OTHER_IDS)

    def _face(self) -> str:
        styles = {"taobao": "tb{0}", "jd": "jd_{0}", "wechat": "oX{0}k"}
        if self.rng.random() < 0.05:
            return f"小鱼_{self.number}"
        return styles.get(self.channel, "u{0}").format(self.number)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def between(self, low: float, high: float) -> int:
        return int(low + self.rng.random() * (high - low))

    def over(self, ts: int) -> bool:
        """Whether an instant lies beyond the simulation's end."""
        return ts > self.config.end

    def thread(self) -> str | None:
        """The conversation id that the chat platform gives, if it gives one."""
        self._threads += 1
        if self._steady:
            return self._steady
        return f"c{self.number}.{self._threads}" if self.rng.random() < 0.8 else None

    def _instant(self, ts: int) -> int:
        while ts in self._taken:
            ts += 1
        self._taken.add(ts)
        return ts

    def say(
        self,
        ts: int,
        sender: Sender,
        text: str,
        *,
        face: str = "",
        agent: str | None = None,
        thread: str | None = None,
        channel: str | None = None,
        product: str | None = None,
        order: str | None = None,
        intent: str = "",
        buy: int = 0,
    ) -> bool:
        """Add a message; False if the end comes first."""
        ts = self._instant(ts)
        if ts > self.config.end:
            return False
        name = f"m{self.number}{len(self.says):03d}"
        who = face or self.face
        self.says.append(Say(ts, name, who, sender, text, agent, thread, channel, product, order, intent, buy))
        return True

    def join(self, ts: int, alias: str, user: str) -> None:
        """Somebody notes that an alias is a user's."""
        ts = self._instant(ts)
        if ts <= self.config.end:
            self.joins.append(Join(ts, f"l{self.number}{len(self.joins)}", alias, user))

    def order(self, quantity: int, fen: int) -> Purchase:
        """A new order, to which nothing has happened yet."""
        count = len(self.purchases)
        # 15 digits: too short for a card or an identity number, too long for a phone
        name = f"2{self.number}{count:02d}{self.between(0, 1000):03d}"
        purchase = Purchase(name, self.product.id, self.channel, quantity, fen, self.buyer)
        if self.chance(0.15):
            purchase.coupon = f"Q{self.between(1, 9)}"
        self.purchases.append(purchase)
        return purchase

    def deed(
        self,
        purchase: Purchase,
        ts: int,
        status: Status,
        amount: int | None = None,
        *,
        part: Part = "",
        refund: str | None = None,
        buyer: str | None = None,
    ) -> bool:
        """Add an order event; False if the end comes first."""
        ts = self._instant(ts)
        if ts > self.config.end:
            return False
        who = purchase.buyer if buyer is None else buyer
        name = f"e{purchase.id}{len(self.deeds):02d}"
        self.deeds.append(Deed(ts, name, purchase.id, who or pick(self.rng, _MASKED), status, amount, part, refund))
        return True

    def create(self, purchase: Purchase, ts: int, *, told: bool = True) -> bool:
        """The order is placed; without `told` the system leaves the amount out."""
        done = self.deed(purchase, ts, "created", purchase.price if told else None)
        if done:
            purchase.created = self.deeds[-1].ts
            purchase.told = purchase.price if told else 0
        return done

    def pay(self, purchase: Purchase, ts: int, fen: int | None = None) -> bool:
        """Everything is paid at once: `fen`, or what the placing told."""
        done = self.deed(purchase, ts, "paid", fen)
        if done:
            purchase.paid, purchase.settled = self.deeds[-1].ts, fen
        return done

    def pay_deposit(self, purchase: Purchase, ts: int, fen: int) -> bool:
        purchase.deposit = fen
        return self.deed(purchase, ts, "paid", fen, part="deposit")

    def pay_balance(self, purchase: Purchase, ts: int, fen: int) -> bool:
        done = self.deed(purchase, ts, "paid", fen, part="balance")
        if done:
            purchase.paid, purchase.settled = self.deeds[-1].ts, purchase.deposit + fen
        return done

    def receive(self, purchase: Purchase, ts: int) -> bool:
        done = self.deed(purchase, ts, "received")
        if done:
            purchase.received = self.deeds[-1].ts
        return done

    def cancel(self, purchase: Purchase, ts: int) -> bool:
        """The order is off; what was paid goes back."""
        done = self.deed(purchase, ts, "cancelled")
        if done:
            purchase.cancelled = self.deeds[-1].ts
            if purchase.paid is not None:
                purchase.refunds.append(Refund(purchase.cancelled, None))
        return done

    def refund(self, purchase: Purchase, ts: int, fen: int | None) -> bool:
        """Money goes back: `fen`, or all that is left."""
        name = f"r{purchase.id}{len(purchase.refunds)}" if fen is None or self.chance(0.8) else None
        done = self.deed(purchase, ts, "refunded", fen, refund=name)
        if done:
            purchase.refunds.append(Refund(self.deeds[-1].ts, fen, name))
        return done

    def correct_refund(self, purchase: Purchase, ts: int, fen: int) -> None:
        """The last refund is told again, with another amount."""
        last = purchase.refunds[-1] if purchase.refunds else None
        if last and last.name and self.deed(purchase, ts, "refunded", fen, refund=last.name):
            last.amount = fen
