"""The commands around a model: measuring it, and putting it to files of messages."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from xundan.commands.chats import STDIN
from xundan.commands.common import Given, command
from xundan.commands.progress import bars
from xundan.errors import ConfigError
from xundan.settings import Settings
from xundan.words import say, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import BufferedReader

    from xundan.understand.evaluate import Answers, Labelled
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
        against: Annotated[Path | None, typer.Option("--against", metavar="DIR", help=say("evaluate.against"))] = None,
        seed: Annotated[int, typer.Option("--seed", min=0, help=say("evaluate.seed"))] = 0,
    ) -> None:
        if picture is not None and picture.suffix.lower() != ".svg":
            raise ConfigError(say("evaluate.not_svg", path=picture))
        found = _evaluated(given, data, model, threshold, seed, against)
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

    @command(app, "classify")
    def classify(
        given: Given,
        file: Annotated[Path | None, typer.Argument(metavar="FILE", help=say("classify.file"))] = None,
        model: Annotated[Path | None, typer.Option("--model", metavar="DIR", help=say("understand.model"))] = None,
        threshold: Annotated[
            float | None, typer.Option("--threshold", min=0, max=1, help=say("evaluate.threshold"))
        ] = None,
        rejects: Annotated[Path | None, typer.Option("--rejects", metavar="FILE", help=say("classify.rejects"))] = None,
    ) -> None:
        if file is not None and str(file) == STDIN:
            file = None
        refused = _classify(given, file, model, threshold, rejects)
        if refused:
            raise typer.Exit(1)


def _classify(
    given: Given, file: Path | None, model: Path | None, threshold: float | None, rejects: Path | None
) -> int:
    """Classify a file, or standard input, to standard output; how many lines were refused."""
    from xundan.classify_lines import Lines
    from xundan.reject_lines import SUFFIX, RejectLines

    classifier = open_model(given, model)
    high = setting(given, "threshold") if threshold is None else threshold
    target = rejects or (file and file.with_name(file.name + SUFFIX))
    with _source(file) as source, RejectLines(target, translate) as lines:

        def refuse(number: int, content: bytes, reason: str) -> None:
            lines.add(number, content, reason)
            if target is None:
                print(say("classify.refused", line=number, reason=translate(reason)), file=sys.stderr)

        with _byte_bar(file) as show:
            done = Lines(classifier, high, refuse).run(source, sys.stdout.buffer, show)
    if lines.count:
        print(say("classify.done", done=done, rejected=lines.count), file=sys.stderr)
    if lines.written:
        print(say("import.rejected", path=lines.written), file=sys.stderr)
    return lines.count


@contextmanager
def _source(file: Path | None) -> Iterator[BufferedReader]:
    """The file, or standard input, which stays open."""
    if file is None:
        yield cast("BufferedReader", sys.stdin.buffer)
    else:
        with file.open("rb") as opened:
            yield opened


@contextmanager
def _byte_bar(file: Path | None) -> Iterator[Callable[[int, int], None]]:
    """Progress in bytes and messages; nothing where the answers themselves go to the terminal."""
    with bars() as progress:
        if sys.stdout.isatty():
            progress.disable = True
        task = progress.add_task(file.name if file else "", total=file.stat().st_size if file else None, rows="0")
        yield lambda size, done: progress.update(task, completed=size, rows=f"{done:,}")


def _evaluated(
    given: Given, data: Path, model: Path | None, threshold: float | None, seed: int, against: Path | None
) -> dict[str, Any]:
    from xundan.masking import mask
    from xundan.understand.evaluate import differences, evaluate, read_labelled

    messages = [one._replace(question=mask(one.question)) for one in read_labelled(data)]
    version, answers = _answers(open_model(given, model), messages)
    how: dict[str, Any] = {
        "threshold": setting(given, "threshold") if threshold is None else threshold,
        "groups": [message.group for message in messages],
        "seed": seed,
    }
    found = {"model": version, "file": data.name} | evaluate(answers, **how)
    if against is not None:
        other, theirs = _answers(open_model(given, against), messages)
        found["against"] = {"model": other, "differences": differences(answers, theirs, **how)}
    return found


def _answers(classifier: OnnxClassifier, messages: Sequence[Labelled]) -> tuple[str, Answers]:
    """A model's version, and what it says."""
    from xundan.understand.evaluate import answer

    with bars() as progress:
        task = progress.add_task(classifier.version, total=len(messages), rows="0")
        answers = answer(classifier, messages, lambda done: progress.update(task, completed=done, rows=f"{done:,}"))
    return classifier.version, answers


def open_model(given: Given, model: Path | None) -> OnnxClassifier:
    """A model with all CPUs to itself: the one named, or the one that serves. Raises `ConfigError`."""
    from xundan.understand.cpus import allowed
    from xundan.understand.model import load_classifier
    from xundan.understand.registry import Registry

    path = model or setting(given, "model_dir") or Registry(setting(given, "data_dir") / "models").active()
    return load_classifier(path, threads=max(1, math.ceil(allowed())), runtime=setting(given, "model_runtime"))


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
