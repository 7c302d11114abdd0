"""The texts of simulated people: true labels of the codebook, real variety, personal data that can be found again."""

from __future__ import annotations

import re
from random import Random

import pytest

from xundan.domain.records import INTENTS
from xundan.protect.find import find
from xundan.simulate import SimConfig, Simulation, simulate
from xundan.simulate.voice import Voice, slots_for
from xundan.simulate.words import Line, lines, products

END = 1_790_000_000_000
NEVER_BUYING = {"logistics_tracking", "complaint", "chitchat", "other"}


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SimConfig(end=END, customers_per_day=40))


def occasions() -> list[Line]:
    own = [
        line for product in products() for key in ("ask", "choose", "use", "fault") for line in getattr(product, key)
    ]
    return [*lines().values(), *own]


def test_every_line_can_be_said_about_every_product() -> None:
    for product in products():
        slots = slots_for(Random(1), product)
        slots["agent"] = "小雨"
        for line in (*lines().values(), *product.ask, *product.choose, *product.use, *product.fault):
            for text in (*line.say, *line.reply, *line.bot):
                assert "{" not in text.format_map(slots)


def test_labels_are_those_of_the_codebook() -> None:
    for line in occasions():
        assert line.intent in INTENTS or not line.say
        assert line.buy in (0, 1)
        assert not (line.buy and line.intent in NEVER_BUYING)


def test_every_customer_message_has_its_label(shop: Simulation) -> None:
    spoken = {row["message_id"] for row in shop.messages if row["from"] == "user"}
    assert set(shop.truth["labels"]) == spoken
    assert {intent for intent, _ in shop.truth["labels"].values()} == set(INTENTS)


def test_people_do_not_repeat_themselves(shop: Simulation) -> None:
    texts = {row["message_id"]: row["text"] for row in shop.messages if row["from"] == "user"}
    content = [t for name, t in texts.items() if shop.truth["labels"][name][0] not in ("chitchat", "other")]
    assert len(set(content)) > 0.6 * len(content)
    assert sum(len(text) for text in content) / len(content) < 16, "chats are short"
    assert all(text.strip() for text in texts.values())
    assert any(re.search("[\U0001f600-\U0001f64f]", text) for text in texts.values())


def test_personal_data_is_what_the_truth_says_and_nothing_else(shop: Simulation) -> None:
    found = {row["text"][hit.start : hit.end] for row in shop.messages for hit in find(row["text"])}
    assert found == set(shop.truth["personal"])
    assert {"@" in one for one in found} == {True, False}


def test_a_voice_keeps_numbers_as_they_are() -> None:
    product = products()[0]
    for seed in range(300):
        voice = Voice(Random(seed))
        slots = slots_for(Random(seed), product)
        assert slots["phone"] in voice.say("改成{phone} 的 吗", slots)
