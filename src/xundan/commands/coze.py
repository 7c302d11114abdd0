"""The commands around a Coze bot: the plugin it imports, and whether its calls get through."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from xundan.commands.common import Given, command, group
from xundan.errors import ConfigError
from xundan.words import say, translate

TOKEN_DAYS = 0.01


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""
    coze = group("coze")
    app.add_typer(coze, name="coze")

    @command(coze, "plugin", "coze.plugin")
    def plugin(
        given: Given,
        url: Annotated[str, typer.Option("--url", help=say("coze.url"))],
        out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=say("coze.out"))] = None,
    ) -> None:
        write_plugin(url, out)

    @command(coze, "check", "coze.check")
    def check(
        given: Given,
        url: Annotated[str, typer.Option("--url", help=say("coze.url"))],
        token: Annotated[str | None, typer.Option("--token", help=say("coze.token"))] = None,
    ) -> None:
        from xundan.coze_check import check as findings
        from xundan.doctor import tell

        if token is None:
            token = own_token(given)
            print(say("coze.own_token"))
        sound = tell(findings(url, token))
        print(say("coze.sound") if sound else say("coze.unsound"))
        if not sound:
            raise typer.Exit(1)


def write_plugin(url: str, out: Path | None) -> None:
    """Print the plugin, or write it; what Coze will not like about the address is said on stderr."""
    from xundan.coze_door import address, is_ip, is_loopback
    from xundan.receive.coze_plugin import document
    from xundan.receive.yaml_text import to_yaml

    place = address(url)
    text = to_yaml(document(place.geturl(), version("xundan"))).encode()
    if is_loopback(place) or is_ip(place) or place.scheme == "http":
        print(say("coze.not_public", url=place.geturl()), file=sys.stderr)
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        return
    out.write_bytes(text)
    print(say("coze.written", path=out))


def own_token(given: Given) -> str:
    """A token for a quarter of an hour, from the settings at hand. Raises `ConfigError`."""
    from xundan.receive.tokens import mint

    try:
        settings = given.settings()
    except ConfigError as error:
        raise ConfigError(say("coze.no_token", why=translate(str(error)))) from None
    return mint(settings, settings.shop_id, TOKEN_DAYS, ("intake", "context"))
