"""The contract of `DeadLetters`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from conftest import ClosableDeadLetters

OpenDead = Callable[[], ClosableDeadLetters]


def test_nothing_is_there_at_first(open_dead: OpenDead) -> None:
    dead = open_dead()
    assert dead.list(None) == []
    assert dead.get(1) is None
    dead.remove(1)


def test_letters_come_back_newest_first_and_by_shop(open_dead: OpenDead) -> None:
    dead = open_dead()
    before = time.time_ns() // 1_000_000
    ids = [dead.put(shop, "coze", "invalid_field", "ts must be a number", f"{n}👍\n") for n, shop in enumerate("aba")]
    assert [letter.id for letter in dead.list(None)] == ids[::-1]
    assert [letter.payload for letter in dead.list("a")] == ["2👍\n", "0👍\n"]
    assert len(dead.list(None, limit=2)) == 2
    assert dead.list("c") == []
    letter = dead.get(ids[1])
    assert letter is not None
    assert (letter.shop, letter.source, letter.code, letter.reason) == (
        "b",
        "coze",
        "invalid_field",
        "ts must be a number",
    )
    assert before <= letter.at <= time.time_ns() // 1_000_000


def test_a_letter_is_gone_for_good_and_its_number_is_not_used_again(open_dead: OpenDead) -> None:
    dead = open_dead()
    first = dead.put("a", "s", "c", "r", "p")
    dead.remove(first)
    assert dead.get(first) is None
    assert dead.put("a", "s", "c", "r", "p") > first


def test_they_are_there_after_opening_again(open_dead: OpenDead) -> None:
    dead = open_dead()
    id = dead.put("a", "s", "c", "r", "p")
    dead.close()
    dead.close()
    assert [letter.id for letter in open_dead().list("a")] == [id]


def test_many_threads_at_once(open_dead: OpenDead) -> None:
    dead = open_dead()
    ids: list[int] = []

    def write() -> None:
        ids.extend(dead.put("a", "s", "c", "r", "p") for _ in range(10))

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids) == sorted(letter.id for letter in dead.list("a"))
    assert len(set(ids)) == 50
