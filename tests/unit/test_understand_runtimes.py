"""What runs a model: ONNX Runtime by itself, OpenVINO where it is installed and wanted or faster, the same scores."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_dirs import TINY

from xundan.domain.ports import Question, Turn
from xundan.errors import ConfigError, MissingExtra
from xundan.understand import runtimes
from xundan.understand.model import load_classifier
from xundan.understand.runtimes import Feed, Run

PROBE: Feed = {"x": np.zeros(1)}
needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="OpenVINO is an optional part: pip install 'xundan[openvino]'"
)


def slow(times: int, value: float = 0.5) -> Run:
    """Takes so many times as long as another, and says `value`."""

    def run(feed: Feed) -> list[Any]:
        for _ in range(times):
            sum(range(20_000))
        return [np.full((1, 16), value), np.full(1, value)]

    return run


def runs(monkeypatch: pytest.MonkeyPatch, usual: Run, other: Run | Exception, present: bool = True) -> None:
    def openvino(path: Path, threads: int) -> Run:
        if isinstance(other, Exception):
            raise other
        return other

    monkeypatch.setattr(runtimes, "find_spec", lambda _: object() if present else None)
    monkeypatch.setattr(runtimes, "_onnxruntime", lambda path, threads: usual)
    monkeypatch.setattr(runtimes, "_openvino", openvino)


def opened(runtime: Any) -> Run:
    return runtimes.open_graph(Path("model.onnx"), 1, runtime, [PROBE])


def test_auto_takes_the_faster_and_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    one, ten = slow(1), slow(10)
    with caplog.at_level(logging.INFO):
        runs(monkeypatch, ten, one)
        assert opened("auto") is one
        runs(monkeypatch, one, ten)
        assert opened("auto") is one
    assert [record.message for record in caplog.records] == ["model runs on openvino", "model runs on onnxruntime"]
    assert caplog.records[0].__dict__["openvino_ms"] < caplog.records[0].__dict__["onnxruntime_ms"]


def test_auto_takes_no_other_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = slow(10)
    runs(monkeypatch, usual, slow(1, value=0.502))
    assert opened("auto") is usual


def test_auto_goes_on_where_openvino_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = slow(1)
    runs(monkeypatch, usual, ConfigError("no such operator"))
    assert opened("auto") is usual


def test_without_openvino_auto_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = slow(1)
    runs(monkeypatch, usual, AssertionError("not to be loaded"), present=False)
    assert opened("auto") is usual
    with pytest.raises(MissingExtra, match=r"pip install 'xundan\[openvino\]'"):
        opened("openvino")


def test_onnxruntime_is_not_measured_against_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = slow(1)
    runs(monkeypatch, usual, AssertionError("not to be loaded"))
    assert opened("onnxruntime") is usual


ASKED: Sequence[Question] = [
    Question("在吗"),
    Question("这个多少钱 能便宜点吗", (Turn("agent", "您好"), Turn("user", "有黑色吗"))),
    *(Question("好的" * n) for n in range(40)),
]


@needs_openvino
@pytest.mark.parametrize("path", [None, TINY], ids=["built-in", "encoder"])
def test_openvino_gives_the_same_scores(path: Path | None) -> None:
    one, other = load_classifier(path), load_classifier(path, runtime="openvino")
    for a, b in zip(one.probabilities(ASKED), other.probabilities(ASKED), strict=True):
        assert abs(a - b).max() < 1e-3


@needs_openvino
def test_openvino_computes_for_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    model = load_classifier(TINY, runtime="openvino")
    expected = [scored.intent for scored in model.classify(ASKED)]
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: model.classify(ASKED), range(12)):
            assert [scored.intent for scored in scores] == expected


@needs_openvino
def test_a_broken_graph_is_a_clear_sentence_with_openvino_too(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        runtimes.open_graph(tmp_path / "model.onnx", 1, "openvino", [])
