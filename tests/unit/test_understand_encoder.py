"""Kind `encoder`: tokens, padding, and a broken tokenizer; scores do not depend on the batch, for every kind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_dirs import TINY, TINY_NGRAM, replace, rewrite

from xundan.domain.ports import Question, Scored, Turn
from xundan.domain.records import INTENTS
from xundan.errors import ConfigError
from xundan.understand.directory import read_directory
from xundan.understand.model import OnnxClassifier, load_classifier
from xundan.understand.readers import EncoderReader, _encoder

MODELS = {"ngram": load_classifier(TINY_NGRAM), "encoder": load_classifier(TINY)}

texts = st.text("这个多少钱能便宜点吗好的在不买大码abc12?！ \n🙂", max_size=90)
turns = st.builds(Turn, st.sampled_from(["user", "agent", "bot"]), texts)
questions = st.builds(Question, texts, st.lists(turns, max_size=3).map(tuple))


@pytest.fixture(scope="module")
def reader() -> EncoderReader:
    made = _encoder(read_directory(TINY))
    assert isinstance(made, EncoderReader)
    return made


def near(one: Scored, other: Scored) -> bool:
    return one.intent == other.intent and abs(one.buy_score - other.buy_score) < 1e-3


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=60)
@given(asked=st.lists(questions, min_size=1, max_size=30), data=st.data())
def test_any_partition_and_order_gives_the_same_scores(kind: str, asked: list[Question], data: st.DataObject) -> None:
    model = MODELS[kind]
    together = model.classify(asked)
    order = data.draw(st.permutations(range(len(asked))))
    ends = sorted({0, len(asked), *data.draw(st.lists(st.integers(0, len(asked)), max_size=4))})
    for start, end in pairwise(ends):
        places = order[start:end]
        scores = model.compute(model.prepare([asked[place] for place in places]))
        assert all(near(score, together[place]) for score, place in zip(scores, places, strict=True))


@pytest.mark.parametrize("kind", MODELS)
def test_answers_come_in_the_order_asked(kind: str) -> None:
    model = MODELS[kind]
    asked = [Question("能便宜点吗" * (i * 7 % 13)) for i in range(150)]
    alone = {question: model.classify([question])[0] for question in asked}
    for question, score in zip(asked, model.classify(asked), strict=True):
        assert near(score, alone[question])
    assert model.classify([]) == []


def test_a_batch_is_padded_to_its_longest_only(reader: EncoderReader) -> None:
    feed = reader.feed(reader.prepare([Question("好"), Question("好的好的", (Turn("agent", "在"),))]))
    assert {name: array.shape for name, array in feed.items()} == dict.fromkeys(feed, (2, 10))
    assert {str(array.dtype) for array in feed.values()} == {"int64"}
    assert feed["attention_mask"].tolist() == [[1, 1, 1] + [0] * 7, [1] * 10]
    assert feed["token_type_ids"][1].tolist() == [0] * 6 + [1] * 4
    assert (feed["input_ids"][0, 3:] == 0).all()


def test_what_the_model_cannot_tell_apart_has_one_key(reader: EncoderReader) -> None:
    def key(text: str, *context: Turn) -> bytes:
        return reader.prepare([Question(text, context)])[0].key

    assert key("ABC 好的") == key("ａｂｃ  好的 ")
    assert key("好", Turn("agent", "在")) != key("好", Turn("user", "在"))
    assert key("好", Turn("user", "在")) != key("好在")
    assert key("多少钱") != key("多少")


def test_a_long_question_keeps_to_the_length(reader: EncoderReader) -> None:
    long = Question("这个多少钱" * 400, (Turn("user", "好的" * 400),) * 3)
    assert reader.prepare([long])[0].length == 64


def test_scores_are_well_formed() -> None:
    model: OnnxClassifier = MODELS["encoder"]
    for score in model.classify([Question(""), Question("\ud800🙂\x00"), Question("这个多少钱")]):
        assert score.intent in INTENTS
        assert 0 <= score.buy_score <= 1
        assert score.model == model.version


def without_padding(path: Path) -> None:
    content = json.loads((path / "tokenizer.json").read_text())
    content["model"]["vocab"]["[HOLE]"] = content["model"]["vocab"].pop("[PAD]")
    replace("tokenizer.json", json.dumps(content).encode())(path)


def without_pairs(path: Path) -> None:
    content = json.loads((path / "tokenizer.json").read_text())
    content["post_processor"] = None
    content["pre_tokenizer"] = None
    content["model"]["vocab"] = {"[PAD]": 0, "[UNK]": 1}
    content["model"]["unk_token"] = "[HOLE]"
    replace("tokenizer.json", json.dumps(content).encode())(path)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: (path / "tokenizer.json").unlink(), "tokenizer.json cannot be read"),
        (replace("tokenizer.json", b"{}"), "tokenizer.json is not a tokenizer"),
        (replace("tokenizer.json", b"\xff\xfe"), "tokenizer.json is not a tokenizer"),
        (without_padding, "no padding token"),
        (without_pairs, "cannot mark a message and its context"),
        (rewrite("card.json", features={}), "length from 16 to 512"),
        (rewrite("card.json", features={"length": "64"}), "length from 16 to 512"),
        (rewrite("card.json", kind="ngram"), "features do not fit"),
    ],
)
def test_a_broken_encoder_is_a_clear_sentence(tmp_path: Path, damage: Callable[[Path], None], says: str) -> None:
    path = tmp_path / "model"
    shutil.copytree(TINY, path)
    damage(path)
    with pytest.raises(ConfigError, match=says) as caught:
        load_classifier(path)
    assert str(caught.value).startswith("model_dir: ")


def test_a_tokenizer_that_the_card_does_not_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    shutil.copytree(TINY, path)
    card = json.loads((path / "card.json").read_text())
    del card["files"]["tokenizer.json"]
    (path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ConfigError, match="files must name tokenizer"):
        load_classifier(path)
