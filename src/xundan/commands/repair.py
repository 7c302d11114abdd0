"""The commands that put things right: dead list, show, replay; rebuild."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from xundan.commands.common import Given, command, group, sure
from xundan.commands.progress import bars, wait_until_done
from xundan.domain.ports import DeadLetter, DeadLetters
from xundan.errors import ConfigError, Rejected, XundanError
from xundan.words import say, translate

if TYPE_CHECKING:
    from xundan.receive.intake import Intake

MOST = 1_000_000
"""Letters that `--all` takes at once."""


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""
    dead = group("dead")
    app.add_typer(dead, name="dead")

    @command(dead, "list", "dead.list")
    def list_(
        given: Given,
        limit: Annotated[int, typer.Option("-n", min=1, max=100_000, help=say("dead.limit"))] = 100,
    ) -> None:
        from xundan.wiring import open_reader

        settings = given.settings()
        with open_reader(settings) as reader:
            letters = reader.dead.list(None, limit)
        for letter in letters:
            print(_line(letter, settings.zone))
        if not letters:
            print(say("dead.none"))

    @command(dead, "show", "dead.show")
    def show(given: Given, number: Annotated[int, typer.Argument(metavar="ID", help=say("dead.id"))]) -> None:
        from xundan.wiring import open_reader

        settings = given.settings()
        with open_reader(settings) as reader:
            letter = reader.dead.get(number)
        if letter is None:
            raise XundanError(say("dead.no_such", id=number))
        print(_line(letter, settings.zone))
        print(letter.payload)

    @command(dead, "replay", "dead.replay")
    def replay(
        given: Given,
        numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help=say("dead.id"))] = None,
        every: Annotated[bool, typer.Option("--all", help=say("dead.all"))] = False,
        yes: Annotated[bool, typer.Option("--yes", help=say("option.yes"))] = False,
    ) -> None:
        if bool(numbers) == every:
            raise ConfigError(say("dead.which"))
        if not replay_letters(given, numbers, yes):
            raise typer.Exit(1)

    @command(app, "rebuild")
    def rebuild(
        given: Given,
        check: Annotated[bool, typer.Option("--check", help=say("rebuild.check"))] = False,
        yes: Annotated[bool, typer.Option("--yes", help=say("option.yes"))] = False,
    ) -> None:
        run_rebuild(given, check, yes)


def replay_letters(given: Given, numbers: list[int] | None, yes: bool) -> bool:
    """Take letters in again, and say what became of each; whether nothing stayed behind."""
    from xundan.remote import open_taking
    from xundan.wiring import open_reader

    settings = given.settings()
    with open_reader(settings) as reader:
        letters = _chosen(reader.dead, numbers)
    if not letters:
        print(say("dead.none"))
        return True
    sure(say("dead.sure", count=len(letters)), yes)
    still = 0
    with open_taking(settings) as taking:
        for letter in letters:
            reasons = _replayed(taking.taker, letter)
            for reason in reasons:
                print(say("dead.still", id=letter.id, why=translate(reason.reason)))
            still += bool(reasons)
        if taking.runner:
            wait_until_done(taking.runner)
    print(say("dead.done", done=len(letters) - still, still=still))
    return not still


def _replayed(intake: Intake, letter: DeadLetter) -> list[Rejected]:
    """Why lines of the letter were refused again."""
    from xundan.receive.replay import replay_now

    try:
        return replay_now(intake, letter).rejected
    except Rejected as rejected:
        return [rejected]


def _chosen(dead: DeadLetters, numbers: list[int] | None) -> list[DeadLetter]:
    """The letters with these numbers, all of them for None, the oldest first."""
    if numbers is None or not numbers:
        return dead.list(None, MOST)[::-1]
    letters = {number: dead.get(number) for number in numbers}
    for number, letter in letters.items():
        if letter is None:
            raise XundanError(say("dead.no_such", id=number))
    return [letter for letter in letters.values() if letter]


def run_rebuild(given: Given, check: bool, yes: bool) -> None:
    """Compute everything anew; exits with 1 when `check` finds a difference."""
    from xundan.wiring import rebuild

    settings = given.settings()
    if not check:
        sure(say("rebuild.sure", path=settings.data_dir), yes)
    with bars() as progress:
        task = progress.add_task(say("working"), total=None, rows=0)
        made = rebuild(settings, keep=not check, progress=lambda count: progress.update(task, rows=f"{count:,}"))
    if made.differing:
        print(say("rebuild.differs" if check else "rebuild.mended", rows="\n".join(made.differing)))
    else:
        print(say("rebuild.same", facts=made.facts, cells=made.cells))
    if made.differing and check:
        raise typer.Exit(1)


def _line(letter: DeadLetter, zone: str) -> str:
    when = datetime.fromtimestamp(letter.at / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    return f"{letter.id}  {when}  {letter.shop}  {letter.source}  {letter.code}  {translate(letter.reason)}"
