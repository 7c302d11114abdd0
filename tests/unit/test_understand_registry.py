"""Models of a data directory: added when sound, one of them active, back again; and a scorer that follows."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from model_dirs import TINY, another, replace, rewrite

from xundan.domain.ports import Question, Scored
from xundan.domain.records import INTENTS
from xundan.errors import ConfigError, XundanError
from xundan.understand.directory import read_directory
from xundan.understand.model import DEFAULT_MODEL, OnnxClassifier, load_classifier
from xundan.understand.prepared import Prepared
from xundan.understand.probe import check
from xundan.understand.registry import BUILT_IN, Registry
from xundan.understand.runtimes import Feed
from xundan.understand.scorer import Scorer
from xundan.understand.watch import ModelWatch

BUILT_IN_VERSION = read_directory(DEFAULT_MODEL).version


def load(path: Path | None) -> OnnxClassifier:
    model = load_classifier(path)
    check(model)
    return model


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def test_without_a_folder_the_built_in_model_is_active(registry: Registry, tmp_path: Path) -> None:
    assert registry.active() is None
    assert [(known.version, known.path) for known in registry.all()] == [(BUILT_IN_VERSION, None)]
    assert registry.stamp() == ()
    assert not (tmp_path / "models").exists()
    with pytest.raises(ConfigError, match="no model was active before"):
        registry.rollback()


def test_a_model_is_added_activated_and_left_again(registry: Registry, tmp_path: Path) -> None:
    for version in ("one", "two"):
        assert registry.add(another(tmp_path, version), load) == version
    assert [known.version for known in registry.all()] == [BUILT_IN_VERSION, "one", "two"]
    assert registry.active() is None, "adding activates nothing"
    stamps = [registry.stamp()]
    for version in ("one", "two", "two"):
        registry.activate(version)
        stamps.append(registry.stamp())
    assert registry.active() == tmp_path / "models" / "two"
    assert len(set(stamps)) == 3, "the third activation changed nothing"
    assert load_classifier(registry.active()).version == "two"
    assert registry.rollback() == "one"
    assert registry.active() == tmp_path / "models" / "one"
    assert registry.rollback() == BUILT_IN
    assert registry.active() is None
    registry.activate("two")
    registry.activate(BUILT_IN_VERSION)
    assert registry.active() is None


def test_what_is_copied_is_what_the_card_names(registry: Registry, tmp_path: Path) -> None:
    source = another(tmp_path, "one")
    (source / "notes.txt").write_text("mine")
    registry.add(source, load)
    names = {path.name for path in (tmp_path / "models" / "one").iterdir()}
    assert names == {"card.json", "labels.json", "model.onnx", "tokenizer.json"}
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["one"]


def test_adding_again_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    source = another(tmp_path, "one")
    registry.add(source, load)
    assert registry.add(source, load) == "one"
    rewrite("card.json", recipe="another")(source)
    with pytest.raises(ConfigError, match="another model has the version one already"):
        registry.add(source, load)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (replace("tokenizer.json", b"{}"), "is not a tokenizer"),
        (lambda path: (path / "model.onnx").write_bytes(b"x"), "SHA-256 differs"),
        (rewrite("card.json", version="../evil"), "cannot be a folder's name"),
        (rewrite("card.json", version="built-in"), "cannot be a folder's name"),
        (rewrite("card.json", version=BUILT_IN_VERSION), "is the built-in model"),
        (rewrite("card.json", files={"model.onnx": "0", "../tokenizer.json": "0"}), "must lie in the directory itself"),
    ],
)
def test_a_broken_model_is_not_added(registry: Registry, tmp_path: Path, change: object, says: str) -> None:
    assert callable(change)
    card = json.loads((TINY / "card.json").read_text())
    source = another(tmp_path, "one", change)
    if "directory itself" in says:
        rewrite("card.json", files={"../x": "0"} | card["files"])(source)
    with pytest.raises(ConfigError, match=says):
        registry.add(source, load)
    assert not list((tmp_path / "models").glob("*"))


def test_a_model_that_fails_its_check_is_not_added(registry: Registry, tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        raise XundanError("no")

    with pytest.raises(XundanError, match="no"):
        registry.add(another(tmp_path, "one"), refuse)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("version", ["three", "../one", "", ".coming-x"])
def test_what_is_not_there_cannot_be_activated(registry: Registry, tmp_path: Path, version: str) -> None:
    registry.add(another(tmp_path, "one"), load)
    with pytest.raises(ConfigError, match="there is no model"):
        registry.activate(version)


def test_a_broken_model_is_listed_with_what_is_wrong(registry: Registry, tmp_path: Path) -> None:
    registry.add(another(tmp_path, "one"), load)
    (tmp_path / "models" / "one" / "model.onnx").unlink()
    assert "model.onnx cannot be read" in registry.all()[1].fault


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"active": "../x", "before": []}', '{"active": 1, "before": 2}'])
def test_a_broken_pointer_is_a_clear_sentence_and_mended(registry: Registry, tmp_path: Path, content: str) -> None:
    registry.add(another(tmp_path, "one"), load)
    (tmp_path / "models" / "active.json").write_text(content)
    with pytest.raises(ConfigError, match="writes it anew"):
        registry.active()
    registry.activate("one")
    assert registry.active() == tmp_path / "models" / "one"


# the check


class Fixed:
    """A reader and a graph in one, with the scores that the test wants."""

    def __init__(self, intent: float = 1 / 16, buy: float = 0.5, by_batch: bool = False) -> None:
        self.intent, self.buy, self.by_batch = intent, buy, by_batch

    def prepare(self, questions: list[Question]) -> list[Prepared]:
        return [Prepared(question.text.encode(), len(question.text), question.text) for question in questions]

    def feed(self, prepared: list[Prepared]) -> Feed:
        return {"n": np.array([len(one.form) for one in prepared])}

    def run(self, feed: Feed) -> list[np.ndarray]:
        lengths = feed["n"]
        buy = np.full(len(lengths), self.buy, np.float32) + lengths.max() / 1000 * self.by_batch
        return [np.full((len(lengths), 16), self.intent, np.float32), buy]


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (Fixed(intent=0.5), "intents that are no probabilities"),
        (Fixed(buy=1.5), "buy scores that are no probabilities"),
        (Fixed(buy=0.1, by_batch=True), "by what else is in its batch"),
        (Fixed(), "every message the same scores"),
        (Fixed(buy=float("nan")), "numbers that are none"),
    ],
)
def test_a_model_that_must_not_serve_is_refused(graph: Fixed, says: str) -> None:
    with pytest.raises(XundanError, match=says):
        check(OnnxClassifier("v", INTENTS, graph, graph.run))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [DEFAULT_MODEL, TINY])
def test_a_sound_model_passes(path: Path) -> None:
    passed = check(load_classifier(path))
    assert passed.ms > 0
    assert passed.each_s > 0


# following


@pytest.fixture
def scorer() -> Iterator[Scorer]:
    made = Scorer(load_classifier())
    yield made
    made.close()


@pytest.fixture
def watch(registry: Registry, scorer: Scorer) -> Iterator[ModelWatch]:
    made = ModelWatch(registry, scorer, None, load, every_s=0.01)
    yield made
    made.close()


def until(condition: object) -> None:
    assert callable(condition)
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.005)


def test_a_scorer_follows_activations(registry: Registry, scorer: Scorer, watch: ModelWatch, tmp_path: Path) -> None:
    registry.add(another(tmp_path, "one"), load)
    registry.activate("one")
    until(lambda: scorer.version == "one")
    (answer,) = scorer.score_now([Question("在吗")])
    assert isinstance(answer, Scored)
    assert answer.model == "one"
    registry.rollback()
    until(lambda: scorer.version == BUILT_IN_VERSION)
    assert (watch.switched, watch.refused, watch.fault) == (2, 0, "")


def test_a_model_that_fails_leaves_the_old_one_in_place(
    registry: Registry, scorer: Scorer, watch: ModelWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    registry.add(another(tmp_path, "one"), load)
    (tmp_path / "models" / "one" / "model.onnx").write_bytes(b"x")
    with caplog.at_level(logging.ERROR):
        registry.activate("one")
        until(lambda: watch.fault)
    assert watch.fault.startswith("one: ")
    assert "SHA-256 differs" in watch.fault
    assert "SHA-256 differs" in caplog.text
    assert scorer.version == BUILT_IN_VERSION
    registry.rollback()
    until(lambda: not watch.fault)
    assert (watch.switched, watch.refused) == (0, 1)


def test_scoring_goes_on_while_models_change(
    registry: Registry, scorer: Scorer, watch: ModelWatch, tmp_path: Path
) -> None:
    registry.add(another(tmp_path, "one"), load)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            registry.activate("one")
            until(lambda: scorer.version == "one")
            registry.rollback()
            until(lambda: scorer.version == BUILT_IN_VERSION)

    thread = threading.Thread(target=change)
    thread.start()
    seen: set[str] = set()
    ends = time.monotonic() + 20
    while len(seen) < 2 or watch.switched < 4:
        assert time.monotonic() < ends
        for answer in scorer.score_now([Question(f"{time.monotonic()}")] * 3):
            assert isinstance(answer, Scored)
            seen.add(answer.model)
    stop.set()
    thread.join()
    assert seen == {"one", BUILT_IN_VERSION}
    assert scorer.failed == 0
