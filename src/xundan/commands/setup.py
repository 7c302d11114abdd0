"""Commands before and beside the work: init, settings, token, doctor, version."""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, fields
from typing import Annotated

import typer

from xundan.commands.common import Given, command
from xundan.config_file import new_secret, toml_lines, write_private
from xundan.errors import ConfigError, XundanError
from xundan.settings import PREFIX, Settings
from xundan.words import meaning, say


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""

    @command(app, "init")
    def init(
        given: Given,
        shop: Annotated[str, typer.Option("--shop", help=say("init.shop"))] = "1024",
        yes: Annotated[bool, typer.Option("--yes", help=say("option.yes"))] = False,
    ) -> None:
        path = given.config_path
        if path.exists() and not yes:
            raise XundanError(say("init.exists", path=path))
        write_private(path, toml_lines({"shop_id": shop, "coze_secret": new_secret(), "profile": "embedded"}))
        tail = "" if given.config is None else f" --config {path}"
        print(say("init.done", path=path, tail=tail))

    @command(app, "settings")
    def settings(given: Given) -> None:
        _print_settings(given)

    @command(app, "token")
    def token(
        given: Given,
        shop: Annotated[str | None, typer.Option("--shop", help=say("token.shop"))] = None,
        days: Annotated[float, typer.Option("--days", help=say("token.days"), min=0.001, max=3660)] = 365,
        scope: Annotated[list[str] | None, typer.Option("--scope", help=say("token.scope"))] = None,
        kid: Annotated[str | None, typer.Option("--kid", help=say("token.kid"))] = None,
    ) -> None:
        from xundan.receive.tokens import mint

        chosen = given.settings()
        print(mint(chosen, shop or chosen.shop_id, days, scope or ("intake", "context"), kid))

    @command(app, "doctor")
    def doctor(given: Given) -> None:
        from xundan.doctor import examine

        if not examine(given.config_path, given.settings):
            raise typer.Exit(1)

    @command(app, "version")
    def version(given: Given) -> None:
        from importlib.metadata import version as version_of

        print(f"xundan {version_of('xundan')} (Python {sys.version.split()[0]})")


def _print_settings(given: Given) -> None:
    """Every setting with its value, source, meaning and default, also while some of them are wrong."""
    sources = given.sources()
    try:
        values = {name: getattr(given.settings(), name) for name in sources}
    except ConfigError:
        values = {name: value for name, (value, _) in sources.items()}
    for f in fields(Settings):
        value, source = values.get(f.name), sources.get(f.name, (None, ""))[1]
        shown = "***" if "secret" in f.name and value else "" if value is None else value
        print(f"{f.name} = {shown}" + (f"    ({source})" if source else ""))
        print(f"    {meaning(f.name, f.metadata['help'])}{_default(f)}")
    print(say("settings.how", prefix=PREFIX, path=given.config_path))
    given.settings()  # last, so that what is wrong is said at the end


def _default(f: Field[object]) -> str:
    if f.default is MISSING and f.default_factory is MISSING:
        return say("settings.required")
    return "" if f.default is None or f.default is MISSING else say("settings.default", value=f.default)
