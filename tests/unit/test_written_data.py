"""The written data are what their card says: enough of everything, nothing twice, nobody else's words.

`XUNDAN_WRITTEN` names another folder to look at.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xundan.domain.ports import CONTEXT_TURNS
from xundan.domain.records import INTENTS
from xundan.protect.find import find
from xundan.understand.train.categories import GENERAL, category_of
from xundan.understand.train.data import read_data, split
from xundan.understand.train.datacard import markdown
from xundan.understand.train.near import LONG, normalised
from xundan.understand.train.quality import Piece, Quality, found_in, inspect, read_pieces, sides, surplus

ROOT = Path(__file__).parents[2]
WRITTEN = Path(os.environ.get("XUNDAN_WRITTEN") or ROOT / "data" / "written")

COPIED = 8
"""Normalised characters from which the same words are no chance."""


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return read_pieces(WRITTEN)


@pytest.fixture(scope="module")
def found(pieces: list[Piece]) -> Quality:
    return inspect(pieces)


def places(pieces: list[Piece], numbers: set[int]) -> list[str]:
    return sorted({pieces[number].place for number in numbers})


def test_rows_have_the_fields_of_the_card_and_no_others() -> None:
    files = {path.name for path in WRITTEN.glob("*.jsonl")}
    assert files == {"dialogues.jsonl", "messages.jsonl"}
    for row in rows("dialogues"):
        assert row.keys() == {"scene", "category", "turns"}
        assert any("intent" in turn for turn in row["turns"])
        for turn in row["turns"]:
            labels = {"intent", "buy"} if turn["from"] == "user" else set()
            assert turn.keys() == {"from", "text"} | labels
    for row in rows("messages"):
        assert row.keys() == {"scene", "category", "text", "context", "intent", "buy"}
        assert len(row["context"]) <= CONTEXT_TURNS
        assert all(turn.keys() == {"from", "text"} for turn in row["context"])


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (WRITTEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_turns_are_said_by_somebody_and_scenes_have_a_name() -> None:
    for row in [*rows("dialogues"), *rows("messages")]:
        assert row["scene"].strip()
        turns = row.get("turns") or [*row["context"], {"from": "user", "text": row["text"]}]
        for turn in turns:
            assert turn["from"] in ("user", "agent", "bot")
            assert turn["text"] == turn["text"].strip() != ""


def test_there_is_enough_of_everything(pieces: list[Piece]) -> None:
    count = len(pieces)
    assert count >= 12_000
    assert 0.45 <= sum(piece.message.buy for piece in pieces) / count <= 0.55
    assert 0.45 <= sum(piece.dialogue for piece in pieces) / count <= 0.55
    assert min(Counter(piece.message.intent for piece in pieces)[intent] for intent in INTENTS) >= 300
    goods = Counter(category_of(piece.category) for piece in pieces)
    assert sum(number >= 50 for name, number in goods.items() if name != GENERAL) >= 30


@pytest.mark.parametrize("dialogue", [False, True], ids=["single messages", "dialogues"])
def test_every_context_and_either_label_is_there(pieces: list[Piece], dialogue: bool) -> None:
    its = [piece for piece in pieces if piece.dialogue is dialogue]
    assert Counter(len(piece.context) for piece in its).keys() == {0, 1, 2, 3}
    assert 0.45 <= sum(piece.message.buy for piece in its) / len(its) <= 0.6
    assert {piece.message.intent for piece in its} == set(INTENTS)


def test_next_to_nothing_repeats(pieces: list[Piece], found: Quality) -> None:
    """Counting both sides of each pair."""
    long = sum(len(normalised(piece.text)) >= LONG for piece in pieces)
    assert len({number for pair in found.texts for number in pair}) <= 0.02 * long
    assert len({number for pair in found.messages for number in pair}) <= 0.02 * len(pieces)


def test_nothing_contradicts(pieces: list[Piece], found: Quality) -> None:
    assert places(pieces, surplus(found.contradictions)) == []


def test_the_split_leaks_next_to_nothing(pieces: list[Piece], found: Quality) -> None:
    parts = split(read_data(WRITTEN).examples)
    scenes = [{example.scene for example in part} for part in parts]
    assert sum(map(len, scenes)) == len(set().union(*scenes))
    train, validation, test = (len(part) for part in parts)
    assert 0.8 <= train / len(pieces) <= 0.9
    assert test >= 2000
    assert len({held for held, _ in found.leaks}) <= 0.01 * (validation + test)
    assert Counter(sides(pieces)) == {"train": train, "validation": validation, "test": test}


def test_nobody_can_be_recognised() -> None:
    texts = {turn["text"] for row in rows("dialogues") for turn in row["turns"]}
    texts |= {turn["text"] for row in rows("messages") for turn in (row, *row["context"])}
    assert [text for text in texts if find(text)] == []


def test_the_card_has_the_figures_of_the_files(pieces: list[Piece], found: Quality) -> None:
    card = (ROOT / "data" / "written" / "README.md").read_text(encoding="utf-8")
    assert markdown(pieces, found) in card, "print them anew: xundan label check data/written --table"


CARD = re.compile(r"\[[^\[\]]*\]|咨询订单号:|商品ID:")
"""What a platform writes when a customer sends an order, an article or a picture: nobody's words."""


def own_words(text: str) -> str:
    while (shorter := CARD.sub("", text)) != text:
        text = shorter
    return normalised(text)


@pytest.mark.shared
def test_no_real_customer_or_shop_said_it(shared: Path, pieces: list[Piece]) -> None:
    """Messages, and the turns before them. Places only: what the test set says is shown nowhere."""
    lines = (shared / "real_chats.tsv").read_text(encoding="utf-8").splitlines()
    real = [line.split("\t")[-1] for line in lines]
    tests = [json.loads(line) for line in (shared / "labelled_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    real += [turn["text"] for row in tests for turn in (row, *row["context"])]
    copied = {number for number, said in found_in(pieces, real, COPIED) if len(own_words(said)) > 2}
    assert places(pieces, copied) == []
