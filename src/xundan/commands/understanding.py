"""The commands around a model: measuring it, and putting it to files of messages."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xundan.commands.common import Given, command
from xundan.errors import ConfigError
from xundan.settings import Settings
from xundan.words import say

if TYPE_CHECKING:
    from xundan.understand.model import OnnxClassifier


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""

    @command(app, "evaluate")
    def evaluate(
        given: Given,
        data: Annotated[Path, typer.Option("--data", metavar="FILE", help=say("evaluate.data"))],
        model: Annotated[Path | None, typer.Option("--model", metavar="DIR", help=say("understand.model"))] = None,
        threshold: Annotated[
            float | None, typer.Option("--threshold", min=0, max=1, help=say("evaluate.threshold"))
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("evaluate.json"))] = False,
        picture: Annotated[
            Path | None, typer.Option("--picture", metavar="SVG", help=say("evaluate.picture_file"))
        ] = None,
        seed: Annotated[int, typer.Option("--seed", min=0, help=say("evaluate.seed"))] = 0,
    ) -> None:
        if picture is not None and picture.suffix.lower() != ".svg":
            raise ConfigError(say("evaluate.not_svg", path=picture))
        found = _evaluated(given, data, model, threshold, seed)
        if as_json:
            print(json.dumps(found, ensure_ascii=False, indent=1))
        else:
            from xundan.evaluation_text import to_text

            width, _ = shutil.get_terminal_size((120, 24))
            print(to_text(found, width, color=sys.stdout.isatty() and "NO_COLOR" not in os.environ), end="")
        if picture is not None:
            from xundan.evaluation_picture import to_svg

            picture.write_text(to_svg(found), encoding="utf-8")
            print(say("evaluate.drawn", path=picture), file=sys.stderr)


def _evaluated(given: Given, data: Path, model: Path | None, threshold: float | None, seed: int) -> dict[str, Any]:
    from xundan.understand.evaluate import answer, evaluate, read_labelled

    messages = read_labelled(data)
    classifier = open_model(given, model)
    high = setting(given, "threshold") if threshold is None else threshold
    groups = [message.group for message in messages]
    figures = evaluate(answer(classifier, messages), threshold=high, groups=groups, seed=seed)
    return {"model": classifier.version, "file": data.name} | figures


def open_model(given: Given, model: Path | None) -> OnnxClassifier:
    """A model with all cores to itself: the one named, or the one of the settings. Raises `ConfigError`."""
    from xundan.understand.model import load_classifier

    return load_classifier(model or setting(given, "model_dir"), threads=len(os.sched_getaffinity(0)))


def setting(given: Given, name: str) -> Any:
    """One setting's value where the others may still be missing. Raises `ConfigError`."""
    value, source = given.sources()[name]
    if not source:
        return value
    parse = next(f.metadata["parse"] for f in fields(Settings) if f.name == name)
    try:
        return parse(value)
    except ValueError as error:
        raise ConfigError(f"{source}: {name} must be {error}, not {value!r}") from None
