"""Text made uniform and turned into hashed n-grams."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.ports import Question, Turn
from xundan.understand.features import Ngrams, Vocabulary
from xundan.understand.text import uniform

ngrams = Ngrams()
turns = st.builds(Turn, st.sampled_from(["user", "bot", "agent"]), st.text(max_size=12))
questions = st.builds(Question, st.text(max_size=20), st.lists(turns, max_size=4).map(tuple))


def hashes(question: Question) -> set[int]:
    return set(ngrams.extract([question]).hashes.tolist())


def test_forms_of_one_text_are_uniform() -> None:
    assert uniform("ＯＫ！！！！ 13579 元", 99) == uniform("ok!! 2468  元", 99) == "ok!! 0000 元"
    assert uniform("看 https://item.example/1.html?a=2 这个", 99) == uniform("看 [链接x] 这个", 99)
    assert uniform("0d7b2edf25a427abbd404dae1f278277.jpg", 99) == uniform("[图片x]", 99)


def test_long_text_keeps_beginning_and_end() -> None:
    cut = uniform("头" + "中间" * 5_000 + "尾", 20)
    assert len(cut) == 20
    assert cut[0] == "头"
    assert cut[-1] == "尾"


@given(st.text(max_size=300), st.integers(2, 40))
def test_uniform_is_bounded(text: str, limit: int) -> None:
    assert len(uniform(text, limit)) <= limit


def test_message_and_context_are_told_apart() -> None:
    alone = hashes(Question("多少钱"))
    after_agent = hashes(Question("好的", (Turn("agent", "多少钱"),)))
    after_user = hashes(Question("好的", (Turn("user", "多少钱"),)))
    shared = hashes(Question("好的"))
    assert len((alone & after_agent) - shared) <= 2  # the form marks
    assert (after_agent - shared) != (after_user - shared)
    assert hashes(Question("好的", (Turn("bot", "多少钱"),))) == after_agent


def test_only_three_turns_count() -> None:
    three = (Turn("user", "a"), Turn("agent", "b"), Turn("user", "c"))
    assert hashes(Question("x", (Turn("agent", "old"), *three))) == hashes(Question("x", three))


@given(st.lists(questions, min_size=1, max_size=6), st.randoms())
def test_features_depend_on_the_question_alone(asked: list[Question], random: object) -> None:
    together = ngrams.extract(asked)
    for row, question in enumerate(asked):
        assert set(together.hashes[together.rows == row].tolist()) == hashes(question)


def test_every_ngram_up_to_four_is_there() -> None:
    # 2 marks and 3 characters: 5 + 4 + 3 + 2 n-grams, and 4 form marks of which three have one, one has two characters.
    assert len(hashes(Question("多少钱"))) == 14 + 3 + 3


@given(st.lists(questions, min_size=1, max_size=5))
def test_vocabulary_numbers_what_it_knows_once(asked: list[Question]) -> None:
    features = ngrams.extract(asked)
    known = np.unique(features.hashes)[::2]
    numbers = Vocabulary(known).number(features, len(asked))
    assert numbers.shape[0] == len(asked)
    for row, question in zip(numbers, asked, strict=True):
        found = [known[number - 1] for number in row if number]
        assert sorted(found) == sorted(hashes(question) & set(known.tolist()))


def test_vocabulary_without_any_known_feature_pads() -> None:
    numbers = Vocabulary(np.array([1], np.uint32)).number(ngrams.extract([Question("你好")]), 1)
    assert numbers.tolist() == [[0]]


def test_context_may_have_longer_ngrams_than_the_message() -> None:
    question = Question("好", (Turn("agent", "多少钱"),))
    short, long = Ngrams(text_n=2, context_n=2), Ngrams(text_n=2, context_n=3)
    added = set(long.extract([question]).hashes.tolist()) - set(short.extract([question]).hashes.tolist())
    assert len(added) == 3
