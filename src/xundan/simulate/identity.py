"""Who the ids of one customer turn out to be, from what the story let the shop learn (docs/definitions.md, B)."""

from __future__ import annotations

from xundan.domain.records import ORDER_KEY, usable
from xundan.simulate.customer import Customer


class Identity:
    """`final` maps an id or an `order:` key of this customer to the key where its facts belong."""

    def __init__(self, who: Customer) -> None:
        self.said = {join.alias: join.user for join in sorted(who.joins, key=lambda j: j.ts)}
        self.deduced: dict[str, str] = {}
        self.home: dict[str, str] = {}
        deeds = sorted(who.deeds, key=lambda d: d.ts)
        asked = sorted((s.ts, s.order, s.face) for s in who.says if s.order)
        buyers = {self._told(d.buyer) for d in deeds if usable(d.buyer)}
        for order in dict.fromkeys(d.order for d in deeds):
            named = [self._told(d.buyer) for d in deeds if d.order == order and usable(d.buyer)]
            talkers = [self._told(face) for _, about, face in asked if about == order]
            self._deduce(ORDER_KEY + order, named, talkers, buyers)
            self.home[order] = self.final(named[0] if named else ORDER_KEY + order)

    def _deduce(self, key: str, named: list[str], talkers: list[str], buyers: set[str]) -> None:
        known = named[0] if named else talkers[0] if talkers else None
        if known is None:
            return
        others = named + ([talkers[0]] if named and talkers and talkers[0] not in buyers else [])
        for alias in [key, *others]:
            if alias != known and alias not in self.said:
                self.deduced.setdefault(alias, known)

    def _told(self, name: str) -> str:
        return _end(name, self.said)

    def final(self, name: str) -> str:
        return _end(self._told(name), self.deduced)

    def aliases(self) -> dict[str, str]:
        """Every id that is somebody else's."""
        ends = {name: self.final(name) for name in {**self.said, **self.deduced}}
        return {name: end for name, end in ends.items() if end != name}


def _end(name: str, arrows: dict[str, str]) -> str:
    """Where the arrows lead; a circle (the stories draw small ones) ends at its smallest member."""
    path = [name]
    while (there := arrows.get(path[-1], path[-1])) not in path:
        path.append(there)
    circle = path[path.index(there) :]
    return min(circle)
