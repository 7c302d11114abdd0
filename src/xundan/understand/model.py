"""The classifier over a model directory. Neither a runtime nor a model is loaded before `load_classifier` is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xundan.domain.ports import Question, Scored, Turn
from xundan.errors import ConfigError, XundanError
from xundan.understand.directory import MODEL, read_directory
from xundan.understand.prepared import Prepared, cut
from xundan.understand.readers import Reader, reader_of
from xundan.understand.runtimes import Run, Runtime, open_graph

DEFAULT_MODEL = Path(__file__).parent / "default_model"
WARM = [
    [Question("你好")],
    [Question("这个多少钱 能便宜点吗", (Turn("agent", "您好 有什么可以帮您"),))] * 8,
    [Question("买的电饭煲用了两天就坏了怎么办 能换一个新的吗", (Turn("user", "在吗"), Turn("agent", "在的亲")))] * 16,
]

Reals = NDArray[np.float32]


class OnnxClassifier:
    """`Classifier` and `Model` over a graph with the outputs `intent` [n, 16] (probabilities) and `buy` [n].

    `intents` names the columns of `intent`; `buy` is calibrated.
    """

    def __init__(self, version: str, intents: Sequence[str], reader: Reader, run: Run) -> None:
        self.version = version
        self.intents = tuple(intents)
        self._reader = reader
        self._run = run

    def classify(self, questions: Sequence[Question]) -> list[Scored]:
        """Score any number of questions on the calling thread; raises `XundanError` where the model fails."""
        return self._scored(*self.probabilities(questions))

    def probabilities(self, questions: Sequence[Question]) -> tuple[Reals, Reals]:
        """Probabilities: of each intent [n, 16], columns as in `intents`, and of buy [n]; raises `XundanError`.

        Computed in batches of like length, answered in the order asked.
        """
        prepared = self.prepare(questions)
        intent = np.zeros((len(questions), len(self.intents)), np.float32)
        buy = np.zeros(len(questions), np.float32)
        for places in cut([one.length for one in prepared]):
            intent[places], buy[places] = self._pass([prepared[place] for place in places])
        return intent, buy

    def prepare(self, questions: Sequence[Question]) -> list[Prepared]:
        """Read questions for `compute`; raises `XundanError` where that fails."""
        try:
            return self._reader.prepare(questions)
        except Exception as error:  # a tokenizer raises bare exceptions
            raise XundanError(f"model {self.version} failed: {type(error).__name__}") from error

    def compute(self, prepared: Sequence[Prepared]) -> list[Scored]:
        """Score in one pass; raises `XundanError` where the model fails."""
        return self._scored(*self._pass(prepared)) if prepared else []

    def _scored(self, intent: Reals, buy: Reals) -> list[Scored]:
        best = intent.argmax(axis=1)
        return [Scored(self.intents[i], float(p), self.version) for i, p in zip(best, buy, strict=True)]

    def _pass(self, prepared: Sequence[Prepared]) -> tuple[Reals, Reals]:
        try:
            intent, buy = self._run(self._reader.feed(prepared))
        except Exception as error:  # a runtime's exceptions share no base of their own
            raise XundanError(f"model {self.version} failed: {type(error).__name__}") from error
        if intent.shape != (len(prepared), len(self.intents)) or buy.shape != (len(prepared),):
            raise XundanError(f"model {self.version} gives outputs of the wrong shape")
        if not (np.isfinite(intent).all() and np.isfinite(buy).all()):
            raise XundanError(f"model {self.version} gives numbers that are none")
        return intent, buy


def load_classifier(path: Path | None = None, *, threads: int = 1, runtime: Runtime = "onnxruntime") -> OnnxClassifier:
    """Load a model directory, None for the model in the package, and warm it on a few messages.

    Args:
        threads: how many threads one pass may use; the server needs the other cores itself.
        runtime: see `runtimes.open_graph`.

    Raises:
        ConfigError: the directory is broken; the text names the file and what is wrong with it.
        MissingExtra: the runtime is not installed.
    """
    # One message is read on one thread: sharing it out costs more than it gains, and the cores have to compute.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    directory = read_directory(path or DEFAULT_MODEL)
    reader = reader_of(directory)
    probes = [reader.feed(reader.prepare(questions)) for questions in WARM]
    run = open_graph(directory.path / MODEL, threads, runtime, probes)
    classifier = OnnxClassifier(directory.version, directory.intents, reader, run)
    try:
        for questions in WARM:
            classifier.compute(classifier.prepare(questions))
    except XundanError as error:
        raise ConfigError(f"model_dir: {directory.path}: {error}") from None
    return classifier
