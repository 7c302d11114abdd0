"""The contract of `Store`, and of the part of its writer that every adapter has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from contract_facts import NOW, conversation, message, order_document, scored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import WritableStore
from xundan.domain.cells import SILENT, Amount, Cell, Contributions, Dims, add
from xundan.domain.effects import Effects
from xundan.domain.ports import GROUPINGS, CubeRow

SHOP = "1024"
DIMS = Dims("bargain", "小王", "high", "human", "web")


def put(
    store: WritableStore, effects: Effects, owner: str = "u1", seq: int = 1, epoch: int = 1, shop: str = SHOP
) -> None:
    store.begin()
    store.apply(shop, owner, epoch, seq, effects)
    store.commit(store.position() + 1)


def count(store: WritableStore, contributions: Contributions, shop: str = SHOP) -> None:
    store.begin()
    store.add_cubes(shop, contributions)
    store.commit(store.position() + 1)


def linked(store: WritableStore, **targets: str) -> None:
    for seq, (alias, target) in enumerate(targets.items(), 1):
        owner = alias.replace("order_", "order:")
        put(store, Effects(alias_of=target, alias_changed=True), owner, seq)


def test_an_empty_store(store: WritableStore) -> None:
    assert store.position() == 0
    assert store.cube(SHOP, "total", 0, 99999) == []
    assert store.conversations(SHOP, "u1") == []
    assert store.recent_conversations(SHOP) == []
    assert store.orders(SHOP, "u1") == []
    assert store.final_owner(SHOP, "u1") == "u1"
    assert store.busiest_users(SHOP) == []
    assert store.count_messages(SHOP) == 0


def test_documents_come_back_as_they_went_in(store: WritableStore) -> None:
    first, second = message("m1", text='你好\n"x" \x00👍'), scored("m2", pii={"[手机号1]": "token"}, sender="agent")
    talk, bought = conversation("c1", messages=2), order_document("o1")
    put(
        store,
        Effects(
            put_conversations={"c1": talk},
            put_messages={("c1", 20001): [second], ("c1", 20000): [first]},
            put_orders={"o1": bought},
        ),
    )
    assert store.conversations(SHOP, "u1") == [(talk, [first, second])]
    assert store.recent_conversations(SHOP) == [talk]
    assert store.orders(SHOP, "u1") == [bought]
    assert store.position() == 1


def test_orders_find_customers_who_have_chatted(store: WritableStore) -> None:
    talk = Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1", owner="u1"), message("m2", order_id="o2")]})
    put(store, talk)
    linked(store, order_o1="u1", order_o2="u1", old="u1", stranger="nobody")
    orders = [("u1", "o9"), ("", "o2"), ("t**7", "o2"), ("", "o1"), ("old", "o8"), ("silent", "o7"), ("", "o6")]
    assert store.customers(SHOP, orders) == ["id", "number", "number", "link", "link", "", ""]
    assert store.customers("other", orders[:1]) == [""]
    assert store.customers(SHOP, []) == []


def test_a_put_replaces_the_whole_value(store: WritableStore) -> None:
    days = {("c1", 20000): [message("m1")], ("c1", 20001): [message("m2")]}
    put(store, Effects({"c1": conversation("c1", messages=2)}, days, put_orders={"o1": order_document("o1")}))
    later = conversation("c1", at=NOW + 1, messages=2)
    put(
        store,
        Effects({"c1": later}, {("c1", 20001): [message("m3")]}, put_orders={"o1": order_document("o1", updated=9)}),
        seq=2,
    )
    assert store.conversations(SHOP, "u1") == [(later, [message("m1"), message("m3")])]
    assert store.orders(SHOP, "u1") == [order_document("o1", updated=9)]
    put(store, Effects(put_messages={("c1", 20000): []}), seq=3)
    assert store.conversations(SHOP, "u1") == [(later, [message("m3")])]


def test_a_deleted_conversation_takes_its_messages_with_it(store: WritableStore) -> None:
    put(
        store,
        Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1")]}, put_orders={"o1": order_document("o1")}),
    )
    put(store, Effects(delete_conversations={"c1", "never there"}, delete_orders={"o1"}), seq=2)
    assert store.conversations(SHOP, "u1") == []
    assert store.orders(SHOP, "u1") == []
    assert store.count_messages(SHOP) == 0
    put(store, Effects({"c1": conversation("c1")}), seq=3)
    assert store.conversations(SHOP, "u1") == [(conversation("c1"), [])]


def test_steps_of_one_transaction_follow_each_other(store: WritableStore) -> None:
    store.begin()
    store.apply(SHOP, "u1", 1, 1, Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1")], ("c1", 2): []}))
    store.apply(SHOP, "u1", 1, 2, Effects(delete_conversations={"c1"}, put_conversations={"c2": conversation("c2")}))
    store.apply(SHOP, "u1", 1, 3, Effects({"c1": conversation("c1", at=5)}, {("c1", 2): [message("m2")]}))
    store.commit(3)
    assert store.conversations(SHOP, "u1") == [(conversation("c2"), []), (conversation("c1", at=5), [message("m2")])]


def test_nothing_is_seen_before_the_commit_and_nothing_after_a_rollback(store: WritableStore) -> None:
    store.begin()
    store.apply(SHOP, "u1", 1, 1, Effects({"c1": conversation("c1")}, alias_of="u2", alias_changed=True))
    store.add_cubes(SHOP, {Cell("wrote", 1): Amount(1)})
    assert (store.conversations(SHOP, "u1"), store.cube(SHOP, "total", 0, 9), store.position()) == ([], [], 0)
    store.rollback()
    store.begin()
    store.commit(1)
    assert (store.conversations(SHOP, "u1"), store.cube(SHOP, "total", 0, 9), store.position()) == ([], [], 1)
    assert store.final_owner(SHOP, "u1") == "u1"


def test_it_is_all_there_after_opening_again(open_store: Callable[[], WritableStore]) -> None:
    store = open_store()
    put(store, Effects({"c1": conversation("c1")}, alias_of="u2", alias_changed=True))
    count(store, {Cell("wrote", 1): Amount(1)})
    epoch = store.next_epoch()
    store.close()
    store.close()
    again = open_store()
    assert again.position() == 2
    assert again.recent_conversations(SHOP) == [conversation("c1")]
    assert again.final_owner(SHOP, "u1") == "u2"
    assert again.cube(SHOP, "total", 1, 1) == [CubeRow(1, "wrote", "", 0, 0, 1, 0, 0)]
    assert again.next_epoch() > epoch


@pytest.mark.parametrize(("epoch", "seq"), [(2, 4), (1, 99)], ids=["older step", "older epoch"])
def test_a_write_under_an_older_step_changes_nothing(store: WritableStore, epoch: int, seq: int) -> None:
    """A worker that was frozen and replaced, and wakes up."""
    put(store, Effects(delete_conversations={"gone"}, put_orders={"o1": order_document("o1")}), epoch=2, seq=5)
    put(store, Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1")]}), epoch=2, seq=6)
    stale = Effects(
        {"c1": conversation("c1", at=1), "gone": conversation("gone")},
        {("c1", 1): []},
        alias_of="u2",
        alias_changed=True,
        delete_orders={"o1"},
    )
    put(store, stale, epoch=epoch, seq=seq)
    store.begin()
    store.apply(SHOP, "u1", 2, 7, Effects(put_orders={"o2": order_document("o2", updated=1)}))
    store.apply(SHOP, "u1", epoch, seq, stale)
    store.commit(9)
    assert store.conversations(SHOP, "u1") == [(conversation("c1"), [message("m1")])]
    assert [order.order_id for order in store.orders(SHOP, "u1")] == ["o1", "o2"]
    assert store.final_owner(SHOP, "u1") == "u1"


def test_the_same_step_again_changes_nothing_and_a_newer_epoch_wins(store: WritableStore) -> None:
    for _ in range(2):
        put(store, Effects({"c1": conversation("c1")}), epoch=1, seq=7)
    put(store, Effects({"c1": conversation("c1", at=8)}), epoch=2, seq=1)
    assert store.recent_conversations(SHOP) == [conversation("c1", at=8)]


def test_conversations_are_paged_newest_first(store: WritableStore) -> None:
    talks = {f"c{n}": conversation(f"c{n}", at=NOW + n // 3) for n in range(10)}
    put(store, Effects(talks, {(id, 1): [message(id)] for id in talks}))
    seen: list[str] = []
    before = None
    while page := store.conversations(SHOP, "u1", before, 4):
        assert len(page) <= 4
        assert all(messages == [message(talk.id)] for talk, messages in page)
        seen += [talk.id for talk, _ in page]
        before = (page[-1][0].update_time, page[-1][0].id)
    assert seen == sorted(talks, key=lambda id: (talks[id].update_time, id), reverse=True)


def test_recent_conversations_and_orders_are_newest_first_and_limited(store: WritableStore) -> None:
    put(
        store,
        Effects(
            {f"c{n}": conversation(f"c{n}", at=n) for n in range(5)},
            put_orders={f"o{n}": order_document(f"o{n}", updated=n) for n in range(5)},
        ),
    )
    assert [talk.id for talk in store.recent_conversations(SHOP, 3)] == ["c4", "c3", "c2"]
    assert [order.order_id for order in store.orders(SHOP, "u1", 2)] == ["o4", "o3"]


def test_customers_and_shops_do_not_see_each_other(store: WritableStore) -> None:
    put(store, Effects({"c1": conversation("c1")}, {("c1", 1): [message("m1")]}, put_orders={"o": order_document("o")}))
    put(store, Effects({"c2": conversation("c2", "u2")}), "u2")
    put(store, Effects({"c1": conversation("c1", shop="1025")}, alias_of="u9", alias_changed=True), shop="1025")
    count(store, {Cell("wrote", 1): Amount(1)}, shop="1025")
    assert [talk.id for talk, _ in store.conversations(SHOP, "u2")] == ["c2"]
    assert store.conversations("1025", "u1") == [(conversation("c1", shop="1025"), [])]
    assert store.orders("1025", "u1") == []
    assert len(store.recent_conversations(SHOP)) == 2
    assert store.cube(SHOP, "total", 0, 9) == []
    assert store.final_owner(SHOP, "u1") == "u1"
    assert (store.count_messages(SHOP), store.count_messages("1025")) == (2, 1)


def test_busiest_users(store: WritableStore) -> None:
    for owner, sizes in {"u1": [3, 4], "u2": [1], "u3": [8]}.items():
        talks = {f"{owner}-{n}": conversation(f"{owner}-{n}", owner, messages=size) for n, size in enumerate(sizes)}
        put(store, Effects(talks), owner)
    assert store.busiest_users(SHOP, 2) == [("u3", 8), ("u1", 7)]
    assert store.count_messages(SHOP) == 16
    put(store, Effects({"u3-0": conversation("u3-0", "u3", messages=2)}), "u3", seq=2)
    assert store.busiest_users(SHOP) == [("u1", 7)]


def test_the_final_owner_is_the_end_of_the_links(store: WritableStore) -> None:
    linked(store, a="b", b="c", order_1="a")
    assert [store.final_owner(SHOP, id) for id in ("a", "b", "c", "order:1", "x")] == ["c", "c", "c", "c", "x"]
    put(store, Effects(alias_of=None, alias_changed=True), "b", seq=9)
    put(store, Effects(alias_of="c", alias_changed=False), "a", seq=9)
    assert [store.final_owner(SHOP, id) for id in ("a", "b")] == ["b", "b"]


def test_a_circle_of_links_ends_at_its_smallest_member_real_ids_first(store: WritableStore) -> None:
    linked(store, z="c", c="b", b="order:1", order_1="c", self="self", order_2="order:3", order_3="order:2")
    assert {store.final_owner(SHOP, id) for id in ("z", "c", "b", "order:1")} == {"b"}
    assert store.final_owner(SHOP, "self") == "self"
    assert {store.final_owner(SHOP, id) for id in ("order:2", "order:3")} == {"order:2"}


def test_a_cell_is_added_under_every_grouping(store: WritableStore) -> None:
    cell = Cell("sales.paid", 20000, DIMS, SILENT)
    count(store, {cell: Amount(1, 500, 20), Cell("sales.paid", 20000, DIMS._replace(agent="none"), SILENT): Amount(2)})
    row = CubeRow(20000, "sales.paid", "", SILENT, 0, 3, 500, 20)
    assert store.cube(SHOP, "total", 20000, 20000) == [row]
    for grouping, value in zip(
        ("intent", "label", "served_by", "channel"), ("bargain", "high", "human", "web"), strict=True
    ):
        assert store.cube(SHOP, grouping, 20000, 20000) == [row._replace(value=value)]
    assert store.cube(SHOP, "agent", 0, 99999) == [
        row._replace(value="none", n=2, fen=0, refunded=0),
        row._replace(value="小王", n=1),
    ]


def test_the_days_of_a_cube_are_both_included(store: WritableStore) -> None:
    count(store, {Cell("wrote", day): Amount(1) for day in range(10)})
    assert [row.day for row in store.cube(SHOP, "total", 3, 5)] == [3, 4, 5]


def test_the_days_of_a_cube_can_be_added_up(store: WritableStore) -> None:
    count(store, {Cell("wrote", day, DIMS): Amount(1, 10) for day in range(10)})
    count(store, {Cell("paid", 4, DIMS, lag): Amount(1) for lag in (0, 1)})
    count(store, {Cell("refunds", 3, DIMS): Amount(2, 5), Cell("refunds", 4, DIMS): Amount(-2, -5)})
    assert store.cube(SHOP, "intent", 3, 5, summed=True) == [
        CubeRow(3, "paid", "bargain", 0, 0, 1, 0, 0),
        CubeRow(3, "paid", "bargain", 1, 0, 1, 0, 0),
        CubeRow(3, "wrote", "bargain", 0, 0, 3, 30, 0),
    ]
    assert store.cube(SHOP, "intent", 11, 12, summed=True) == []


def test_a_cube_can_be_asked_for_some_families(store: WritableStore) -> None:
    count(store, {Cell(family, 4, DIMS): Amount(1) for family in ("wrote", "answered", "paid")})
    assert [row.family for row in store.cube(SHOP, "total", 0, 9, families={"paid", "wrote"})] == ["paid", "wrote"]
    summed = store.cube(SHOP, "total", 0, 9, families=["answered", "none of ours"], summed=True)
    assert [row.family for row in summed] == ["answered"]


def test_what_comes_to_nothing_is_gone(store: WritableStore) -> None:
    cell, other = Cell("wrote", 1, DIMS), Cell("wrote", 1, DIMS._replace(intent="other"))
    count(store, {cell: Amount(2, 5), other: Amount(1)})
    count(store, {cell: Amount(-2, -5)})
    assert [row.value for row in store.cube(SHOP, "intent", 0, 9)] == ["other"]
    count(store, {other: Amount(-1)})
    assert [store.cube(SHOP, grouping, 0, 9) for grouping in GROUPINGS] == [[]] * len(GROUPINGS)


cells = st.builds(
    Cell,
    st.sampled_from(["wrote", "paid"]),
    st.integers(0, 3),
    st.builds(
        lambda intent, agent: Dims(intent, agent), st.sampled_from(["none", "a"]), st.sampled_from(["none", "b"])
    ),
    st.integers(-1, 2),
    st.integers(0, 1),
)
changes = st.lists(st.dictionaries(cells, st.builds(Amount, *[st.integers(-1, 1)] * 3)), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes, st.lists(st.booleans(), min_size=6, max_size=6))
def test_cubes_are_the_sum_of_their_differences_however_these_are_committed(
    open_store: Callable[[], WritableStore], differences: list[Contributions], commits: list[bool]
) -> None:
    store = open_store()
    shop = f"shop at {time.monotonic_ns()}"
    total: Contributions = {}
    store.begin()
    for difference, commit in zip(differences, commits, strict=False):
        add(total, difference)
        store.add_cubes(shop, difference)
        if commit:
            store.commit(1)
            store.begin()
    store.commit(1)
    expected: dict[tuple[int, str, str, int, int], list[int]] = {}
    for cell, amount in total.items():
        row = expected.setdefault((cell.day, cell.family, cell.dims.intent, cell.lag, cell.lag2), [0, 0, 0])
        row[:] = [old + new for old, new in zip(row, amount, strict=True)]
    rows = [CubeRow(*key, *row) for key, row in sorted(expected.items()) if any(row)]
    assert store.cube(shop, "intent", 0, 9) == rows
    store.close()


def test_a_reader_sees_whole_transactions_only(store: WritableStore) -> None:
    """Two cells that always move together, and a conversation with its messages."""
    seen: list[tuple[int, ...]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(tuple(row.n for row in store.cube(SHOP, "total", 1, 2)))
            for talk, messages in store.conversations(SHOP, "u1"):
                assert talk.messages == len(messages)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 40):
        store.begin()
        store.add_cubes(SHOP, {Cell("wrote", 1): Amount(1), Cell("wrote", 2): Amount(1)})
        talk = conversation("c1", messages=number)
        store.apply(
            SHOP, "u1", 1, number, Effects({"c1": talk}, {("c1", 1): [message(f"m{n}") for n in range(number)]})
        )
        store.commit(number)
    done.set()
    for thread in threads:
        thread.join()
    assert {len(set(pair)) for pair in seen} <= {0, 1}
    assert len(store.conversations(SHOP, "u1")[0][1]) == 39


def test_the_history_of_a_customer_with_1000_messages_is_read_fast(store: WritableStore) -> None:
    talks = {f"c{n:03}": conversation(f"c{n:03}", at=NOW + n, messages=10) for n in range(100)}
    days = {(id, 1): [scored(f"{id}-{n}", text="这件衣服有没有大一号的？" * 3) for n in range(10)] for id in talks}
    put(store, Effects(talks, days))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        page = store.conversations(SHOP, "u1", limit=100)
        times.append(time.perf_counter() - start)
        assert sum(len(messages) for _, messages in page) == 1000
    assert min(times) < 0.02
