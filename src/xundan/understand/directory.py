"""A model directory: `card.json`, `labels.json`, `model.onnx`, and what its featuriser needs. See docs/model.md.

The format is open: `kind` names the featuriser, so that an encoder with a tokenizer fits beside the n-gram model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xundan.domain.records import INTENTS
from xundan.errors import ConfigError

FORMAT = 1
CARD, LABELS, MODEL = "card.json", "labels.json", "model.onnx"


@dataclass(frozen=True)
class ModelDirectory:
    """What the card and the labels say. `intents` is in the order of the model's output."""

    path: Path
    kind: str
    version: str
    features: dict[str, Any]
    intents: tuple[str, ...]
    card: dict[str, Any]


def read_directory(path: Path) -> ModelDirectory:
    """Read and check a model directory; the listed files must have the hashes that the card names.

    Raises `ConfigError` with one sentence that says what is wrong with which file.
    """
    if not path.is_dir():
        raise ConfigError(f"model_dir: {path} is no directory; expected one that holds {CARD}, {LABELS} and {MODEL}")
    card = _json(path / CARD)
    labels = _json(path / LABELS)
    if card.get("format") != FORMAT:
        raise ConfigError(f"model_dir: {path / CARD}: format must be {FORMAT}, not {card.get('format')!r}")
    for name in ("kind", "version"):
        if not isinstance(card.get(name), str) or not card[name]:
            raise ConfigError(f"model_dir: {path / CARD}: {name} must be a text")
    for name in ("features", "files"):
        if not isinstance(card.get(name), dict):
            raise ConfigError(f"model_dir: {path / CARD}: {name} must be an object")
    intents = labels.get("intents")
    if not isinstance(intents, list) or sorted(map(str, intents)) != sorted(INTENTS):
        raise ConfigError(f"model_dir: {path / LABELS}: intents must list the {len(INTENTS)} intents, each once")
    _check_files(path, card["files"])
    return ModelDirectory(path, card["kind"], card["version"], card["features"], tuple(intents), card)


def digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_files(path: Path, files: dict[str, Any]) -> None:
    if MODEL not in files:
        raise ConfigError(f"model_dir: {path / CARD}: files must name {MODEL} and its SHA-256")
    for name, expected in files.items():
        if name != Path(name).name:
            raise ConfigError(f"model_dir: {path / CARD}: files must lie in the directory itself, not {name!r}")
        try:
            actual = digest(path / name)
        except OSError as error:
            raise ConfigError(f"model_dir: {path / name} cannot be read: {error.strerror}") from None
        if actual != expected:
            raise ConfigError(f"model_dir: {path / name} is not the file that {CARD} describes (SHA-256 differs)")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"model_dir: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"model_dir: {path} is not valid JSON") from None
    if not isinstance(content, dict):
        raise ConfigError(f"model_dir: {path} must hold a JSON object")
    return content
