"""Which model serves: `model_dir`, or the activated one of the data directory, or the one in the package."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from xundan.errors import ConfigError
from xundan.settings import Settings
from xundan.understand.cache import ScoreCache
from xundan.understand.cpus import behind, threads
from xundan.understand.model import OnnxClassifier, load_classifier
from xundan.understand.probe import check
from xundan.understand.registry import Registry, plain
from xundan.understand.scorer import Scorer
from xundan.understand.watch import ModelWatch

BATCHES = 3
"""A budget lasts for the batch under way, the own one, and as long again for what else a request costs."""


class Scoring(NamedTuple):
    """`models` follows activations; None where `model_dir` is set, which outdoes them."""

    scorer: Scorer
    models: ModelWatch | None


def open_registry(settings: Settings) -> Registry:
    """The models of the data directory."""
    return Registry(settings.data_dir / "models")


def load(settings: Settings, path: Path | None) -> OnnxClassifier:
    """A model as a server runs it; None for the one in the package. Raises `XundanError`."""
    return behind(partial(load_classifier, path, threads=threads(), runtime=settings.model_runtime))


def load_checked(settings: Settings, path: Path | None) -> OnnxClassifier:
    """The same, once it has passed its check; see `probe.check`."""
    classifier = load(settings, path)
    check(classifier)
    return classifier


def open_classifier(settings: Settings) -> OnnxClassifier:
    """The model that serves. Raises `XundanError` when it cannot be loaded."""
    return _of(settings, None if settings.model_dir else open_registry(settings).active())


def open_scoring(settings: Settings, stack: ExitStack) -> Scoring:
    """The model behind its micro-batcher, closed with `stack`."""
    registry = open_registry(settings)
    active = None if settings.model_dir else registry.active()
    cache = ScoreCache(settings.score_cache_items, settings.score_cache_ttl_s)
    batch_ms = settings.score_budget_ms / BATCHES
    made = Scorer(_of(settings, active), max_waiting=settings.score_max_waiting, cache=cache, batch_ms=batch_ms)
    scorer = stack.enter_context(closing(made))
    if settings.model_dir:
        return Scoring(scorer, None)
    watch = ModelWatch(registry, scorer, active, partial(load_checked, settings))
    return Scoring(scorer, stack.enter_context(closing(watch)))


def _of(settings: Settings, active: Path | None) -> OnnxClassifier:
    try:
        return load(settings, settings.model_dir or active)
    except ConfigError as error:
        if active is None:
            raise
        raise ConfigError(f"{plain(error)}; `xundan model rollback` takes the model before this one") from None
