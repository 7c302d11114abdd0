"""The shop's own figures beside ours: whatever rule and window they were made by is found again."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.ports import CubeRow
from xundan.domain.rules import EVENTS, SALE_RULES, WINDOWS
from xundan.measure.against import Basis, Claim, best_fit, compare, value_of, ways
from xundan.measure.figures import Figures, figures

DAY = 20_000


def rows(day: int, seed: int = 1) -> list[CubeRow]:
    """A day on which no two ways of counting agree."""
    made = [
        CubeRow(day, name, "", 0, 0, n, 0, 0) for name, n in (("wrote", 900), ("answered", 800), ("inquiries", 700))
    ]
    for place, event in enumerate(EVENTS):
        made += [CubeRow(day, event, "", lag, 0, 3 + place * 2 + lag + seed, 0, 0) for lag in range(WINDOWS)]
    for place, rule in enumerate(SALE_RULES):
        made += [
            CubeRow(day, f"sales.{rule}", "", lag, 0, 2 + place, 10_007 * (place + 1) + 131 * lag * lag, 77 + lag)
            for lag in range(WINDOWS + 1)
        ]
    return made


BY_DAY = {DAY: figures(rows(DAY)), DAY + 1: figures(rows(DAY + 1, 5))}
BOTH = figures([*rows(DAY), *rows(DAY + 1, 5)])
MINE = {
    "converted": Basis("converted", "paid", window=2),
    "rate": Basis("rate", "paid", "inquiries", window=2),
    "sales": Basis("sales", rule="paid", window=2),
    "sales_orders": Basis("sales_orders", rule="paid", window=2),
    "silent": Basis("silent", rule="paid", window=2),
    "people": Basis("people", "inquiries"),
}


def claim(basis: Basis, values: Mapping[int | None, float], heading: str = "列") -> Claim:
    return Claim(heading, basis, values, dict.fromkeys(values, 1.0))


def test_every_kind_of_figure_is_there() -> None:
    families = {row.family for row in rows(DAY)}
    assert families >= {"wrote", "answered", "inquiries", *EVENTS}


@given(st.data())
def test_the_way_they_counted_is_found(data: st.DataObject) -> None:
    mine = MINE[data.draw(st.sampled_from(sorted(MINE)))]
    true = data.draw(st.sampled_from(list(ways(mine))))
    theirs = value_of(true, BOTH)
    [found] = compare([claim(mine, {None: theirs})], BY_DAY)
    assert found.closest.value == theirs
    assert value_of(found.closest.basis, BOTH) == theirs
    assert abs(found.closest.value - theirs) <= abs(found.ours.value - theirs)


def test_ours_is_named_where_nothing_is_closer() -> None:
    mine = MINE["sales"]
    [same] = compare([claim(mine, {None: value_of(mine, BOTH)})], BY_DAY)
    assert (same.gap, same.explained) == (0, False)
    [far] = compare([claim(MINE["people"], {None: 5.0})], BY_DAY)
    assert far.closest.basis.what == "inquiries"


def test_only_the_days_that_they_have_are_compared() -> None:
    [found] = compare([claim(MINE["people"], {DAY + 1: 690.0})], BY_DAY)
    assert (found.ours.value, found.gap, found.days) == (700, -10, 1)
    [nothing] = compare([claim(MINE["people"], {DAY + 9: 3.0})], BY_DAY)
    assert nothing.ours.value == 0


def test_one_rule_and_window_for_all() -> None:
    def sold(rule: str, window: int) -> float:
        return value_of(Basis("sales", rule=rule, window=window), BOTH)

    paid = value_of(Basis("converted", "paid", window=5), BOTH)
    claims = [claim(MINE["sales"], {None: sold("order_first", 5)}), claim(MINE["converted"], {None: paid})]
    best = best_fit(claims, BY_DAY)
    assert best
    assert (best.rule, best.window, best.error) == ("order_first", 5, 0)
    assert best_fit([claim(MINE["people"], {None: 1.0})], BY_DAY) is None


def test_without_any_figures_of_ours() -> None:
    empty: dict[int, Figures] = {}
    [found] = compare([claim(MINE["rate"], {None: 0.4})], empty)
    assert found.ours.value == 0
