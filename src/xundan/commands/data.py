"""The commands that bring data in or make it: import, replay, simulate."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xundan.commands.chats import CHAT_FORMS, STDIN, ChatRecord, at_hand
from xundan.commands.common import Given, command
from xundan.commands.progress import file_bars, wait_until_done
from xundan.domain.calendar import day_number, day_of, day_start
from xundan.errors import ConfigError
from xundan.settings import Settings
from xundan.words import lang, say, translate

if TYPE_CHECKING:
    from xundan.receive.imports import Counts

KINDS = ("messages", "orders", "links")
FORMS = ("csv", "jsonl", "xlsx")


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""

    @command(app, "import")
    def import_(
        given: Given,
        kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), help=say("import.kind"))],
        files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help=say("import.files"))] = None,
        template: Annotated[str | None, typer.Option("--template", help=say("import.template"))] = None,
        rejects: Annotated[Path | None, typer.Option("--rejects", metavar="DIR", help=say("import.rejects"))] = None,
        form: Annotated[str | None, typer.Option("--format", help=say("import.format"))] = None,
        agents: Annotated[list[str] | None, typer.Option("--agents", metavar="NAME", help=say("chat.agents"))] = None,
        bots: Annotated[list[str] | None, typer.Option("--bots", metavar="NAME", help=say("chat.bots"))] = None,
        customer: Annotated[str, typer.Option("--customer", metavar="ID", help=say("chat.customer"))] = "",
        paste: Annotated[bool, typer.Option("--paste", help=say("chat.paste"))] = False,
    ) -> None:
        _one_of("kind", kind, KINDS)
        if template is not None:
            _print_template(kind, template)
            return
        if not files and not paste:
            raise ConfigError(say("import.no_files", kind=kind))
        if kind == "orders" and not paste:
            _bring_orders(given.settings(), form, files or [], rejects)
            return
        if form is None and not paste and STDIN not in map(str, files or []):
            _bring(given.settings(), kind, files or [], rejects_dir=rejects)
            return
        form = form or CHAT_FORMS[0]
        _one_of("format", form, CHAT_FORMS)
        _one_of("kind", kind, ("messages",))
        record = ChatRecord(form, tuple(agents or ()), tuple(bots or ()), customer)
        with at_hand(files or [], paste=paste) as (paths, here):
            _bring(given.settings(), kind, paths, rejects_dir=rejects or here, opener=record.open)
        print(record.told())

    @command(app, "replay")
    def replay(
        given: Given,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=say("replay.file"))],
        form: Annotated[str, typer.Option("--format", help=say("replay.format"))] = "jddc",
        days: Annotated[int, typer.Option("--days", min=1, max=365, help=say("replay.days"))] = 14,
        seed: Annotated[int, typer.Option("--seed", help=say("simulate.seed"))] = 0,
        rejects: Annotated[Path | None, typer.Option("--rejects", metavar="DIR", help=say("import.rejects"))] = None,
    ) -> None:
        from xundan.receive.jddc import open_jddc

        _one_of("format", form, ("jddc",))
        settings = given.settings()
        today = day_of(_now(), settings.zone)
        start = day_start(today - days, settings.zone)
        opener = partial(open_jddc, start=start, seed=seed, days=days)
        _bring(settings, "messages", [file], opener=opener, rejects_dir=rejects)

    @command(app, "simulate")
    def simulate(
        given: Given,
        out: Annotated[Path, typer.Option("--out", metavar="DIR", help=say("simulate.out"))],
        days: Annotated[int, typer.Option("--days", help=say("simulate.days"))] = 14,
        customers: Annotated[int, typer.Option("--customers", help=say("simulate.customers"))] = 120,
        seed: Annotated[int, typer.Option("--seed", help=say("simulate.seed"))] = 1,
        shop: Annotated[str, typer.Option("--shop", help=say("init.shop"))] = "1024",
        end: Annotated[str | None, typer.Option("--end", metavar="DAY", help=say("simulate.end"))] = None,
    ) -> None:
        from xundan.simulate import SimConfig, write
        from xundan.simulate import simulate as live

        zone = SimConfig(end=0).zone
        last = _now() if end is None else day_start(_day(end) + 1, zone) - 1
        made = live(SimConfig(end=last, shop=shop, seed=seed, days=days, customers_per_day=customers))
        write(made, out)
        counts = {"messages": len(made.messages), "orders": len(made.orders), "links": len(made.links)}
        print(say("simulate.done", path=out, **counts))


def _now() -> int:
    return time.time_ns() // 1_000_000


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"command line: {name} must be one of {', '.join(allowed)}, not {value!r}")


def _day(text: str) -> int:
    try:
        return day_number(text)
    except ValueError:
        raise ConfigError(f"command line: end must be a day such as 2026-11-24, not {text!r}") from None


def _print_template(kind: Any, form: Any) -> None:
    from xundan.receive.templates import template

    _one_of("template", form, FORMS)
    sys.stdout.flush()
    sys.stdout.buffer.write(template(kind, form, lang=lang()))


def _bring_orders(settings: Settings, form: str | None, paths: list[Path], rejects: Path | None) -> None:
    """Import orders, Xundan's own rows or a platform's export, and say which customers they found."""
    from xundan.commands.orders import Seen, notes, overlap
    from xundan.receive.platforms.find import PLATFORMS
    from xundan.receive.platforms.table import OWN, open_orders

    if form is not None:
        _one_of("format", form, (*PLATFORMS, OWN))
    opener = partial(open_orders, rules=settings.rules, clock=_now, platform=form)
    with Seen() as seen:
        counts = _import(settings, "orders", paths, seen=seen.note, rejects_dir=rejects, opener=opener)
        _say(counts)
        for line in notes(counts):
            print(line)
        found = overlap(settings, seen) if counts.accepted + counts.duplicate else None
        if found:
            print(*found.told(settings.min_overlap), sep="\n")
    _end(counts)


def _bring(settings: Settings, kind: Any, paths: list[Path], **how: Any) -> None:
    """Import files and say what became of each. Exits with 1 when one could not be read."""
    counts = _import(settings, kind, paths, **how)
    _say(counts)
    _end(counts)


def _import(
    settings: Settings, kind: Any, paths: list[Path], seen: Callable[[Any], None] | None = None, **how: Any
) -> Counts:
    """Import files; `seen` is told of every batch that was taken."""
    from xundan.receive.imports import import_files
    from xundan.receive.intake import IMPORT
    from xundan.remote import open_taking

    with open_taking(settings) as taking:
        if taking.url:
            print(say("import.through", url=taking.url), file=sys.stderr)

        def take(items: Any) -> Any:
            outcomes = taking.taker.take_now(items)
            if seen:
                seen(items)
            return outcomes

        with file_bars() as show:
            counts = import_files(
                kind,
                paths,
                shop=settings.shop_id,
                rules=settings.rules,
                sink=take,
                rejects=partial(taking.taker.letters.put_now, settings.shop_id, kind + IMPORT),
                progress=show,
                clock=_now,
                translate=translate,
                **how,
            )
        if taking.runner:
            wait_until_done(taking.runner)
    return counts


def _say(counts: Counts) -> None:
    for file in counts.files:
        numbers = {"accepted": file.accepted, "duplicate": file.duplicate, "rejected": file.rejected}
        print(say("import.done", file=file.path, **numbers))
        if file.rejects_file:
            print(say("import.rejected", path=file.rejects_file))


def _end(counts: Counts) -> None:
    for fault in counts.faults:
        print(say("error", sentence=translate(fault)), file=sys.stderr)
    if counts.faults:
        raise typer.Exit(1)
