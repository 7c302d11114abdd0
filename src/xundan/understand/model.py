"""The classifier behind ONNX Runtime. Neither it nor the model is loaded before `load_classifier` is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xundan.domain.ports import Question, Scored
from xundan.errors import ConfigError, XundanError
from xundan.understand.directory import MODEL, ModelDirectory, read_directory
from xundan.understand.features import Ngrams, Vocabulary

DEFAULT_MODEL = Path(__file__).parent / "default_model"
BATCH = 64
"""Questions per pass: more gain nothing, and one long text pads its whole batch."""

Reals = NDArray[np.float32]
Feed = dict[str, NDArray[Any]]
Featuriser = Callable[[Sequence[Question]], Feed]


class OnnxClassifier:
    """`Classifier` over a session with the outputs `intent` [n, 16] (probabilities) and `buy` [n] (calibrated)."""

    def __init__(self, version: str, intents: Sequence[str], featurise: Featuriser, session: Any) -> None:
        self.version = version
        self.intents = tuple(intents)
        self._featurise = featurise
        self._session = session

    def classify(self, questions: Sequence[Question]) -> list[Scored]:
        """Score any number of questions on the calling thread; raises `XundanError` where the model fails."""
        intent, buy = self.probabilities(questions)
        best = intent.argmax(axis=1)
        return [Scored(self.intents[i], float(p), self.version) for i, p in zip(best, buy, strict=True)]

    def probabilities(self, questions: Sequence[Question]) -> tuple[Reals, Reals]:
        """Probabilities: of each intent [n, 16], columns as in `intents`, and of buy [n]; raises `XundanError`."""
        parts = [self._pass(questions[start : start + BATCH]) for start in range(0, len(questions), BATCH)]
        if not parts:
            return np.zeros((0, len(self.intents)), np.float32), np.zeros(0, np.float32)
        return np.concatenate([intent for intent, _ in parts]), np.concatenate([buy for _, buy in parts])

    def _pass(self, questions: Sequence[Question]) -> tuple[Reals, Reals]:
        try:
            intent, buy = self._session.run(["intent", "buy"], self._featurise(questions))
        except Exception as error:  # ONNX Runtime's exceptions share no base of their own
            raise XundanError(f"model {self.version} failed: {type(error).__name__}") from error
        if intent.shape != (len(questions), len(self.intents)) or buy.shape != (len(questions),):
            raise XundanError(f"model {self.version} gives outputs of the wrong shape")
        if not (np.isfinite(intent).all() and np.isfinite(buy).all()):
            raise XundanError(f"model {self.version} gives numbers that are none")
        return intent, buy


def load_classifier(path: Path | None = None, *, threads: int = 1) -> OnnxClassifier:
    """Load a model directory, None for the model in the package, and try it on one message.

    Args:
        threads: how many threads one pass may use; the server needs the other cores itself.

    Raises:
        ConfigError: the directory is broken; the text names the file and what is wrong with it.
    """
    directory = read_directory(path or DEFAULT_MODEL)
    if directory.kind not in _FEATURISERS:
        known = ", ".join(_FEATURISERS)
        raise ConfigError(f"model_dir: {directory.path}: kind {directory.kind!r} is unknown here, expected {known}")
    featurise = _FEATURISERS[directory.kind](directory)
    session = _session(directory.path / MODEL, threads)
    classifier = OnnxClassifier(directory.version, directory.intents, featurise, session)
    try:
        classifier.classify([Question("你好")])
    except XundanError as error:
        raise ConfigError(f"model_dir: {directory.path}: {error}") from None
    return classifier


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise ConfigError(f"model_dir: {path} cannot be loaded: {type(error).__name__}") from None


def _ngram(directory: ModelDirectory) -> Featuriser:
    """Hashed n-grams, looked up in `vocabulary.npy`: input `features`, int32 [n, width], 0 for padding."""
    path = directory.path / "vocabulary.npy"
    try:
        ngrams = Ngrams(**directory.features)
        hashes = np.load(path, allow_pickle=False)
    except TypeError:
        raise ConfigError(f"model_dir: {directory.path}: the card's features do not fit kind 'ngram'") from None
    except (OSError, ValueError):
        raise ConfigError(f"model_dir: {path} is not a vocabulary") from None
    if hashes.dtype != np.uint32 or hashes.ndim != 1 or not len(hashes):
        raise ConfigError(f"model_dir: {path} must hold sorted 32-bit hashes")
    vocabulary = Vocabulary(hashes)
    return lambda questions: {"features": vocabulary.number(ngrams.extract(questions), len(questions))}


_FEATURISERS: dict[str, Callable[[ModelDirectory], Featuriser]] = {"ngram": _ngram}
