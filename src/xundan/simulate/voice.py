"""How one customer writes: templates filled with what the chat is about, then dialect, slips, tails and emoji."""

from __future__ import annotations

from random import Random

from xundan.simulate.words import Product, noise, pick


class Slots(dict[str, str]):
    """What the texts of one chat may mention; who the customer is, is made up when a text first asks."""

    def __init__(self, rng: Random, values: dict[str, str]) -> None:
        super().__init__(values)
        self.rng = rng

    def __missing__(self, name: str) -> str:
        self.update(personal_slots(self.rng))
        return self[name]


_MOBILE = ("134", "135", "138", "139", "150", "152", "158", "166", "177", "186", "187", "189", "199")
_TAX_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NUMBERS = ("两", "2", "三", "3", "俩", "四")
_CUTS = ("，", "。", "？", "！")
_ASKING = ("吗", "多少", "什么", "怎么", "几", "哪", "能", "啥", "有没有")
_ENDS = frozenset("~～？。！!…]")
_SPOKEN = frozenset("吗嘛呗吧啊呢呀哈哦哇么不没了的诶啦咯在好嗯喂亲谢0123456789abcdefghijklmnopqrstuvwxyz")


class Voice:
    """A customer's habits, drawn once. `say` writes a customer's text, `reply` a seller's."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.casual = rng.random() * 0.5
        self.slips = rng.random() ** 3 * 0.3
        self.tails = rng.random() * 0.4
        self.emoji = rng.random() ** 3 * 0.4
        self.opener = rng.random() * 0.2
        self.bare = rng.random() < 0.6

    def say(self, template: str, slots: Slots) -> str:
        """A customer's text; digits and Latin letters of the template and the slots stay as they are."""
        random = self.rng.random
        noises = noise()
        text = _fill(template, slots)
        if text[0] == "[":
            return text
        if random() < self.casual:
            old, new = pick(self.rng, noises.casual)
            text = text.replace(old, new)
        if random() < self.slips:
            text = self._slip(text)
        if random() < self.opener and any(mark in text for mark in _ASKING):
            text = pick(self.rng, noises.openers) + text
        if self.bare and len(text) > 3:
            for mark in _CUTS:
                text = text[:-1].replace(mark, " ") + text[-1]
        if random() < self.tails and len(text) > 1 and text[-1] not in _ENDS:
            text += pick(self.rng, noises.tails if text[-1] in _SPOKEN or random() < 0.5 else noises.particles)
        if random() < self.emoji:
            text += pick(self.rng, noises.emoji)
        return text

    def reply(self, template: str, slots: Slots, *, bot: bool) -> str:
        """A seller's text; people add a tail, the bot does not."""
        text = _fill(template, slots)
        if not bot and self.rng.random() < 0.3 and text[-1] not in "~哦呢？":
            text += pick(self.rng, noise().seller_tails)
        return text

    def _slip(self, text: str) -> str:
        slips = noise().slips
        first = int(self.rng.random() * len(slips))
        for old, new in slips[first:] + slips[:first]:
            if old in text:
                return text.replace(old, new, 1)
        return text


def _fill(template: str, slots: Slots) -> str:
    return template.format_map(slots) if "{" in template else template


def slots_for(rng: Random, product: Product) -> Slots:
    """What the texts of a chat about a product may mention."""
    random = rng.random
    noises = noise()
    price, off = product.price, pick(rng, (5, 10, 15, 20, 30))
    color, spec = pick(rng, product.colors), pick(rng, product.specs)
    values = {
        "p": pick(rng, product.names),
        "c": color,
        "c2": pick(rng, [c for c in product.colors if c != color]),
        "s": spec,
        "s2": pick(rng, [s for s in product.specs if s != spec]),
        "u": product.unit,
        "price": str(price),
        "price2": str(price + off + 10),
        "less": str(max(price - off, 1)),
        "off": str(off),
        "double": str(price * 2 - off),
        "double2": str(price * 2 - 2 * off),
        "n": pick(rng, _NUMBERS),
        "n2": str(2 + int(random() * 8)),
        "h": str(150 + int(random() * 35)),
        "w": str(85 + int(random() * 90)),
        "w2": str(14 + int(random() * 20)),
        "foot": str(22 + int(random() * 10) / 2),
        "age": str(1 + int(random() * 6)),
        "city": pick(rng, noises.cities),
        "day": pick(rng, noises.days),
        "days": str(2 + int(random() * 5)),
        "order": "",
    }
    return Slots(rng, values)


def personal_slots(rng: Random) -> dict[str, str]:
    """A person who does not exist: name, address, company, tax number, phone and mail (of a reserved domain)."""
    noises = noise()
    name = pick(rng, noises.surnames) + pick(rng, noises.given)
    place = f"{pick(rng, noises.streets)}{1 + int(rng.random() * 300)}号{pick(rng, noises.estates)}"
    room = f"{1 + int(rng.random() * 30)}栋{1 + int(rng.random() * 33)}0{1 + int(rng.random() * 4)}"
    tax = "91" + "".join(pick(rng, _TAX_LETTERS) for _ in range(16))
    return {
        "name": name,
        "addr": place + room,
        "company": pick(rng, noises.cities) + pick(rng, noises.companies),
        "tax": tax[:8] + "MA" + tax[10:],
        "phone": _phone(rng),
        "email": f"user{int(rng.random() * 1e6):06d}@{pick(rng, noises.mail_hosts)}",
    }


def _phone(rng: Random) -> str:
    head, tail = pick(rng, _MOBILE), f"{int(rng.random() * 10_000):04d}"
    return pick(rng, ("{0}0000{1}", "{0}0000{1}", "{0}0000{1}", "{0} 0000 {1}", "{0}-0000-{1}")).format(head, tail)
