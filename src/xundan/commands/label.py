"""The commands around labelled messages: draw, import, export and check them, have a model propose labels."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from xundan.commands.common import Given, callback, command, group, sure
from xundan.commands.progress import bars
from xundan.errors import ConfigError
from xundan.settings import Settings
from xundan.words import say, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xundan.domain.labels import Labels
    from xundan.label_files import LabelSet, What

FORMATS = ("jsonl", "label-studio")
FORMAT_METAVAR = "|".join(FORMATS)


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""
    label = group("label")
    app.add_typer(label, name="label")

    @callback(label, "label")
    def ask(
        given: Given,
        llm: Annotated[str | None, typer.Option("--llm", metavar="URL", help=say("label.llm"))] = None,
        model: Annotated[str | None, typer.Option("--model", metavar="NAME", help=say("label.model"))] = None,
        count: Annotated[int, typer.Option("--count", min=1, help=say("label.most"))] = 1000,
        batch: Annotated[int, typer.Option("--batch", min=1, max=100, help=say("label.batch"))] = 20,
        workers: Annotated[int, typer.Option("--workers", min=1, max=32, help=say("label.workers"))] = 4,
        yes: Annotated[bool, typer.Option("--yes", help=say("option.yes"))] = False,
    ) -> None:
        if not llm or not model:
            raise ConfigError(say("label.llm_needs"))
        _propose(given.settings(), llm, model, yes, count=count, batch=batch, workers=workers)

    @command(label, "import", "label.import")
    def import_(
        given: Given,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=say("label.file"))],
        form: Annotated[
            str | None, typer.Option("--format", metavar=FORMAT_METAVAR, help=say("label.format_in"))
        ] = None,
        by: Annotated[str, typer.Option("--by", metavar="NAME", help=say("label.by"))] = "",
    ) -> None:
        form = form or ("label-studio" if file.suffix.lower() == ".json" else "jsonl")
        _known_format(form)
        with _label_set(given.settings()) as labels:
            taken = labels.bring(file, form, by)
        said = {name: getattr(taken, name) for name in ("new", "known", "human", "proposals", "rejected")}
        print(say("label.taken", file=file, **said))
        if taken.rejects_file:
            print(say("import.rejected", path=taken.rejects_file))

    @command(label, "export", "label.export")
    def export(
        given: Given,
        out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=say("label.out"))] = None,
        form: Annotated[str, typer.Option("--format", metavar=FORMAT_METAVAR, help=say("label.format"))] = "jsonl",
        proposals: Annotated[bool, typer.Option("--proposals", help=say("label.proposals"))] = False,
        unlabelled: Annotated[bool, typer.Option("--unlabelled", help=say("label.unlabelled"))] = False,
    ) -> None:
        _known_format(form)
        if proposals and unlabelled:
            raise ConfigError(say("label.one_of"))
        what: What = "open" if unlabelled else "proposals" if proposals else "human"
        with _label_set(given.settings()) as labels, _opened(out) as file:
            count = labels.write(file, form, what)
        print(say("label.written", count=count, path=out or "-"), file=sys.stderr)

    @command(label, "draw", "label.draw")
    def draw(
        given: Given,
        count: Annotated[int, typer.Option("--count", min=1, max=1_000_000, help=say("label.count"))],
        seed: Annotated[int, typer.Option("--seed", help=say("simulate.seed"))] = 0,
    ) -> None:
        _draw(given.settings(), count, seed)

    @command(label, "check", "label.check")
    def check(
        given: Given,
        path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help=say("check.path"))],
        against: Annotated[Path | None, typer.Option("--against", metavar="FILE", help=say("check.against"))] = None,
        table: Annotated[bool, typer.Option("--table", help=say("check.table"))] = False,
    ) -> None:
        if not _check(path, against, table=table):
            raise typer.Exit(1)


def _known_format(form: str) -> None:
    if form not in FORMATS:
        raise ConfigError(f"command line: format must be one of {', '.join(FORMATS)}, not {form!r}")


@contextmanager
def _label_set(settings: Settings) -> Iterator[LabelSet]:
    from xundan.label_files import LabelSet
    from xundan.wiring import open_labels

    with open_labels(settings) as labels:
        yield LabelSet(labels, settings.shop_id, translate)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """The file to write, standard output where there is none."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
    else:
        with out.open("w", encoding="utf-8", newline="\n") as file:
            yield file


def _draw(settings: Settings, count: int, seed: int) -> None:
    from xundan.label_draw import draw
    from xundan.wiring import open_labels, open_reader

    with open_labels(settings) as labels, open_reader(settings) as reader:
        shop = settings.shop_id
        with _bar(say("label.reading"), reader.log.last_offset()) as show:
            drawn = draw(reader.log, reader.store, shop, count, seed=seed, without=labels.known(shop), progress=show)
        added = labels.add(shop, drawn)
        print(say("label.drawn", new=added.new, open=labels.counts(shop).open))


def _check(path: Path, against: Path | None, *, table: bool) -> bool:
    """Print what a labelled set is like; whether nothing contradicts and nothing is in the other file, too."""
    from xundan.label_check import lines
    from xundan.understand.train.datacard import markdown
    from xundan.understand.train.quality import found_in, inspect, read_pieces

    pieces = read_pieces(path)
    found = inspect(pieces)
    if table:
        print(markdown(pieces, found), end="")
        return True
    others = [piece.text for piece in read_pieces(against)] if against else []
    shared = sorted({number for number, said in found_in(pieces, others) if said == pieces[number].text})
    for line in lines(pieces, found, shared):
        print(line)
    return not (found.contradictions or shared)


def _propose(settings: Settings, llm: str, model: str, yes: bool, *, count: int, batch: int, workers: int) -> None:
    from xundan.chat_endpoint import KEY, Endpoint
    from xundan.coze_door import is_loopback
    from xundan.label_propose import wanted
    from xundan.wiring import open_labels

    endpoint = Endpoint(llm, os.environ.get(KEY, ""))
    with open_labels(settings) as labels:
        samples = wanted(labels, settings.shop_id, model, count)
        if not samples:
            print(say("label.nothing_open", model=model))
            return
        print(say("label.sends", count=f"{len(samples):,}", host=endpoint.place.netloc, model=model), file=sys.stderr)
        if endpoint.place.scheme == "http" and not is_loopback(endpoint.place):
            print(say("label.plain_http"), file=sys.stderr)
        sure(say("label.sure"), yes)
        _ask_for(labels, settings.shop_id, endpoint, model, samples, batch=batch, workers=workers)


def _ask_for(labels: Labels, shop: str, endpoint: Any, model: str, samples: Any, **how: int) -> None:
    from xundan.label_propose import propose

    done = 0
    with _bar(say("label.asking"), len(samples)) as show:

        def progress(more: int) -> None:
            nonlocal done
            done += more
            show(done)

        result = propose(endpoint, labels, shop, model, samples, clock=_now, progress=progress, **how)
    said = {name: getattr(result, name) for name in ("proposed", "invalid", "unanswered")}
    print(say("label.proposed", **said))
    if result.why:
        print(say("error", sentence=translate(result.why)), file=sys.stderr)
    if result.unanswered or not result.proposed:
        raise typer.Exit(1)


@contextmanager
def _bar(words: str, total: int) -> Iterator[Callable[[int], None]]:
    with bars() as progress:
        task = progress.add_task(words, total=total or 1, rows="")
        yield lambda done: progress.update(task, completed=done, rows=f"{done:,}")


def _now() -> int:
    return time.time_ns() // 1_000_000
