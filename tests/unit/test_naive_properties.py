"""What must hold of any facts, shown on the naive implementation; and that the drawn facts are worth drawing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import naive
from naive_book import SALE_RULES
from naive_documents import DIMENSIONS, place
from strategies import DEFAULT_RULES, arrivals, facts, rules, to_record
from xundan.domain.records import canonical_json

FactDict = dict[str, Any]
Pages = dict[int, dict[str, Any]]
SOME = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SOME
@given(st.data(), facts(), rules())
def test_order_and_repetition_change_nothing(data: st.DataObject, some: list[FactDict], rule: dict[str, Any]) -> None:
    others = data.draw(arrivals(some))
    assert naive.figures(others, rule) == naive.figures(some, rule)
    assert naive.conversations(others, rule) == naive.conversations(some, rule)
    assert naive.orders(others, rule) == naive.orders(some, rule)


@SOME
@given(facts(), rules())
def test_money_is_credited_once(some: list[FactDict], rule: dict[str, Any]) -> None:
    pages = naive.figures(some, rule)
    sold = [order for order in naive.orders(some, rule).values() if order["paid"] is not None]
    for name in SALE_RULES:
        by_day = [page["sales"][name] for page in pages.values()]
        for sales in by_day:
            for attributed, silent in zip(sales["attributed"], sales["silent"], strict=True):
                for key, total in sales["total"].items():
                    assert attributed[key] + silent[key] + sales["unmatched"][key] == total
        assert sum(sales["total"]["fen"] for sales in by_day) == sum(order["amount_fen"] for order in sold)
        refunded = sum(sales["total"]["refunded_fen"] for sales in by_day)
        assert refunded == sum(page["refunds"]["fen"] for page in pages.values())


@SOME
@given(facts(), rules())
def test_a_rate_never_passes_one_and_windows_only_grow(some: list[FactDict], rule: dict[str, Any]) -> None:
    for page in naive.figures(some, rule).values():
        assert page["answered"] <= page["wrote"]
        assert page["inquiries"] <= page["wrote"]
        assert page["conversations_ordered"] <= page["conversations"]
        for counts in page["converted"].values():
            assert counts == sorted(counts)
            assert counts[-1] <= page["inquiries"]
        for kept, paid in zip(page["converted"]["kept"], page["converted"]["finally_paid"], strict=True):
            assert kept <= paid


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        return {
            key: _plus(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in one | other
        }
    if isinstance(one, list):
        return [_plus(*pair) for pair in zip(one, other, strict=True)]
    return one + other


def _without_assisted(pages: Pages) -> Pages:
    return {day: {name: value for name, value in page.items() if name != "assisted"} for day, page in pages.items()}


@SOME
@given(facts(), rules(), st.sampled_from(DIMENSIONS))
def test_groups_add_up_to_the_shop(some: list[FactDict], rule: dict[str, Any], grouping: str) -> None:
    whole: Pages = {}
    for pages in naive.grouped(some, rule, grouping).values():
        for day, page in pages.items():
            whole[day] = _plus(whole[day], page) if day in whole else page
    shop = naive.figures(some, rule)
    assert _without_assisted(whole) == _without_assisted(shop)
    if grouping == "agent":
        assert whole == shop


@given(facts(max_size=20))
@settings(deadline=None, max_examples=30)
def test_facts_are_records(some: list[FactDict]) -> None:
    assert len(some) <= 20
    assert [to_record(fact).key for fact in some] == [place(fact) for fact in some]
    assert len({canonical_json(to_record(fact)) for fact in some}) <= len(some)


def _sights(pages: Pages, shop: naive.Shop) -> set[str]:
    sales = [page["sales"][name] for page in pages.values() for name in SALE_RULES]
    orders = list(shop.orders.values())
    seen = {
        "attributed sale": any(one["attributed"][-1]["orders"] for one in sales),
        "silent sale": any(one["silent"][-1]["orders"] for one in sales),
        "unmatched sale": any(one["unmatched"]["orders"] for one in sales),
        "assisted sale": any(any(page["assisted"].values()) for page in pages.values()),
        "refund": any(page["refunds"]["count"] for page in pages.values()),
        "refunded in full": any(order["refunded_in_full"] is not None for order in orders),
        "refund in parts": any(len([took for _, took in order["refunds"] if took]) > 1 for order in orders),
        "cancelled": any(order["cancelled"] is not None for order in orders),
        "kept inquiry": any(page["converted"]["kept"][-1] for page in pages.values()),
        "no inquiry": any(page["wrote"] > page["inquiries"] for page in pages.values()),
        "derived link between ids": any(not id.startswith("order:") for id in shop.derived),
        "circle": _circle(shop.explicit) or _circle(shop.derived),
        "copies": shop.given > len(shop.facts),
        "order id on a conversation": any(page["conversations_ordered"] for page in pages.values()),
    }
    return {name for name, is_so in seen.items() if is_so}


def _circle(arrows: dict[str, str]) -> bool:
    for start in arrows:
        path = [start]
        while path[-1] in arrows and arrows[path[-1]] not in path:
            path.append(arrows[path[-1]])
        if path[-1] in arrows and arrows[path[-1]] != path[-1]:
            return True
    return False


def test_the_drawn_facts_are_interesting() -> None:
    seen: Counter[str] = Counter()

    @settings(deadline=None, max_examples=200, derandomize=True, database=None, phases=[Phase.generate])
    @given(facts())
    def look(some: list[FactDict]) -> None:
        seen.update(["example", *_sights(naive.figures(some, DEFAULT_RULES), naive.Shop(some, DEFAULT_RULES))])

    look()
    rare = {name: count for name, count in seen.items() if count < seen["example"] / 20}
    assert not rare
    assert len(seen) == 15


def test_only_a_known_grouping_is_answered() -> None:
    with pytest.raises(AssertionError):
        naive.grouped([], DEFAULT_RULES, "product")
