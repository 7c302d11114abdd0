"""The command that trains a model."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xundan.commands.common import Given, command
from xundan.commands.progress import bars
from xundan.errors import ConfigError, MissingExtra
from xundan.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xundan.domain.ports import Question
    from xundan.understand.train.base import Base
    from xundan.understand.train.encoder import Plan, Teacher
    from xundan.understand.train.fit import Progress

NGRAM = "ngram"
E5_RECIPE = {"learning_rate": 1.5e-4, "layer_decay": 0.9, "label_smoothing": 0.03, "train_words": False, "epochs": 4}
"""What e5-small was measured best with (docs/model.md); a BERT of base size keeps the recipe's own defaults."""


def register(app: typer.Typer) -> None:
    """Declare the command; help texts are read now."""

    @command(app, "train")
    def train(
        given: Given,
        base: Annotated[str, typer.Option("--base", help=say("train.base"))] = "hfl/chinese-bert-wwm-ext",
        out: Annotated[Path, typer.Option("--out", metavar="DIR", help=say("train.out"))] = Path("model"),
        data: Annotated[Path | None, typer.Option("--data", metavar="PATH", help=say("train.data"))] = None,
        student: Annotated[str | None, typer.Option("--student", metavar="LxH", help=say("train.student"))] = None,
        teacher: Annotated[Path | None, typer.Option("--teacher", metavar="DIR", help=say("train.teacher"))] = None,
        unlabelled: Annotated[
            Path | None, typer.Option("--unlabelled", metavar="FILE", help=say("train.unlabelled"))
        ] = None,
        layers: Annotated[int | None, typer.Option("--layers", min=1, help=say("train.layers"))] = None,
        learning_rate: Annotated[float | None, typer.Option("--learning-rate", help=say("train.learning_rate"))] = None,
        epochs: Annotated[int | None, typer.Option("--epochs", min=1, help=say("train.epochs"))] = None,
        length: Annotated[int | None, typer.Option("--length", min=16, max=512, help=say("train.length"))] = None,
        batch: Annotated[int | None, typer.Option("--batch", min=1, help=say("train.batch"))] = None,
        layer_decay: Annotated[float | None, typer.Option("--layer-decay", help=say("train.layer_decay"))] = None,
        class_weights: Annotated[
            float | None, typer.Option("--class-weights", min=0, max=1, help=say("train.class_weights"))
        ] = None,
        label_smoothing: Annotated[
            float | None, typer.Option("--label-smoothing", min=0, max=0.5, help=say("train.label_smoothing"))
        ] = None,
        patience: Annotated[int | None, typer.Option("--patience", min=0, help=say("train.patience"))] = None,
        seed: Annotated[int | None, typer.Option("--seed", min=0, help=say("train.seed"))] = None,
        expand: Annotated[bool | None, typer.Option("--expand/--no-expand", help=say("train.expand"))] = None,
        train_words: Annotated[
            bool | None, typer.Option("--train-words/--freeze-words", help=say("train.words"))
        ] = None,
        as_float: Annotated[bool, typer.Option("--float", help=say("train.float"))] = False,
        device: Annotated[str, typer.Option("--device", help=say("train.device"))] = "auto",
        work: Annotated[Path | None, typer.Option("--work", metavar="DIR", help=say("train.work"))] = None,
        measure: Annotated[Path | None, typer.Option("--measure", metavar="FILE", help=say("train.measure"))] = None,
    ) -> None:
        if (student is None) != (teacher is None):
            raise ConfigError(say("train.both"))
        chosen = {
            "learning_rate": learning_rate, "epochs": epochs, "length": length, "batch": batch,
            "layer_decay": layer_decay, "class_weights": class_weights, "label_smoothing": label_smoothing,
            "patience": patience, "seed": seed, "expand": expand, "train_words": train_words,
        }  # fmt: skip
        recipe = {name: value for name, value in chosen.items() if value is not None}
        with _extra():
            if base == NGRAM:
                card = _train_linear(data, out, measure)
            else:
                with _folder(work) as folder:
                    started = _base(base, student, layers, folder, recipe)
                    taught = _teacher(teacher, unlabelled)
                    plan = _plan(started, base, recipe, data, out, folder, _device(device), taught, measure)
                    card = _train(plan._replace(int8=not as_float))
        _tell(out, card)


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "xundan":
            raise
        raise MissingExtra(say("train.what"), "train") from None


@contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    """Where checkpoints are kept: given, so that a training can go on, or for this run only."""
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
        yield work
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _train_linear(data: Path | None, out: Path, measure: Path | None) -> dict[str, Any]:
    from xundan.understand.train.data import read_data, written
    from xundan.understand.train.linear_run import train_linear

    return train_linear(read_data(data or written()), out, _measured(measure))


def _measured(path: Path | None) -> Any:
    from xundan.understand.labelled import read_labelled

    return (path.name, read_labelled(path)) if path else None


def _base(base: str, student: str | None, layers: int | None, folder: Path, recipe: dict[str, Any]) -> Base:
    from xundan.understand.train.base import load_base
    from xundan.understand.train.student import shrink, size_of

    size = size_of(student) if student else None
    found = load_base(base, folder, layers)
    return shrink(found, size, recipe.get("seed", 0)) if size else found


def _teacher(directory: Path | None, unlabelled: Path | None) -> Teacher | None:
    from xundan.understand.labelled import question_of, read_rows
    from xundan.understand.model import load_classifier
    from xundan.understand.train.encoder import Teacher

    if directory is None:
        return None
    questions: list[Question] = [question_of(row) for _, row in read_rows(unlabelled)] if unlabelled else []
    return Teacher(load_classifier(directory, threads=2), questions)


def _plan(
    started: Base,
    base: str,
    chosen: dict[str, Any],
    data: Path | None,
    out: Path,
    folder: Path,
    device: str,
    teacher: Teacher | None,
    measure: Path | None,
) -> Plan:
    from xundan.understand.train.base import E5
    from xundan.understand.train.data import read_data, split, written
    from xundan.understand.train.encoder import Plan
    from xundan.understand.train.fit import Recipe

    recipe = replace(Recipe(), **((E5_RECIPE if base == E5 else {}) | chosen))
    found = read_data(data or written())
    parts = split(found.examples)
    empty = [name for name, part in zip(parts._fields, parts, strict=True) if not part]
    if empty:
        raise ConfigError(say("train.too_few", parts=", ".join(empty)))
    return Plan(started, recipe, parts, found, out, folder, device, teacher, measured=_measured(measure))


def _device(name: str) -> str:
    import torch

    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def _train(plan: Plan) -> dict[str, Any]:
    from xundan.understand.train.encoder import train

    with _bar() as told:
        return train(plan, told)


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar over all steps; what an epoch reached is printed."""
    import sys

    with bars() as progress:
        task = progress.add_task(say("train.training"), total=None, rows="")

        def told(now: Progress) -> None:
            progress.update(task, total=now.steps, completed=now.step, rows=f"{now.step:,}/{now.steps:,}")
            if now.score is not None:
                print(say("train.epoch", number=now.epoch, score=f"{now.score:.4f}"), file=sys.stderr)

        yield told


def _tell(out: Path, card: dict[str, Any]) -> None:
    print(say("train.held_out", **_shown(card["held_out"])))
    if "measured" in card:
        print(say("train.measured", **_shown(card["measured"])))
    print(say("train.written", path=out))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    values = {name: f"{found[name]['value']:.3f}" for name in ("accuracy", "macro_f1", "buy_auc")}
    return {"messages": found["messages"]} | values
