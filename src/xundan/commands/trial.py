"""The command `try`: what a sceptical operator runs first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xundan.commands.chats import CHAT_FORMS, ChatRecord
from xundan.commands.common import Given, command
from xundan.errors import ConfigError
from xundan.words import say


def register(app: typer.Typer) -> None:
    """Declare the command; help texts are read now."""

    @command(app, "try")
    def try_(
        given: Given,
        orders: Annotated[Path, typer.Argument(metavar="ORDERS", help=say("try.orders_file"))],
        chats: Annotated[list[Path], typer.Argument(metavar="CHATS...", help=say("try.chat_files"))],
        form: Annotated[str, typer.Option("--format", help=say("import.format"))] = CHAT_FORMS[0],
        agents: Annotated[list[str] | None, typer.Option("--agents", metavar="NAME", help=say("chat.agents"))] = None,
        bots: Annotated[list[str] | None, typer.Option("--bots", metavar="NAME", help=say("chat.bots"))] = None,
        customer: Annotated[str, typer.Option("--customer", metavar="ID", help=say("chat.customer"))] = "",
        keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help=say("try.keep"))] = None,
    ) -> None:
        from xundan.trial import Trial, run

        if form not in CHAT_FORMS:
            raise ConfigError(f"command line: format must be one of {', '.join(CHAT_FORMS)}, not {form!r}")
        record = ChatRecord(form, tuple(agents or ()), tuple(bots or ()), customer)
        if not run(Trial(orders=orders, chats=chats, record=record, keep=keep, overrides=given.overrides)):
            raise typer.Exit(1)
