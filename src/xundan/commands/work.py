"""The commands that keep a server running: serve and demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xundan.commands.common import Given, command
from xundan.words import say


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""

    @command(app, "serve")
    def serve(
        given: Given,
        host: Annotated[str | None, typer.Option("--host", help=say("serve.host"))] = None,
        port: Annotated[int | None, typer.Option("--port", help=say("serve.port"))] = None,
        data_dir: Annotated[Path | None, typer.Option("--data-dir", help=say("serve.data_dir"))] = None,
    ) -> None:
        from xundan.serve import serve as run

        run(given.settings(host=host, port=port, data_dir=data_dir and str(data_dir)))

    @command(app, "demo")
    def demo(
        given: Given,
        leave: Annotated[bool, typer.Option("--exit", help=say("demo.exit"))] = False,
        days: Annotated[int, typer.Option("--days", min=2, max=28, help=say("demo.days"))] = 14,
        customers: Annotated[int, typer.Option("--customers", min=1, max=20_000, help=say("demo.customers"))] = 60,
        seed: Annotated[int, typer.Option("--seed", help=say("simulate.seed"))] = 1,
        port: Annotated[int | None, typer.Option("--port", help=say("demo.port"))] = None,
        data_dir: Annotated[Path, typer.Option("--data-dir", help=say("demo.data_dir"))] = Path("var/demo"),
    ) -> None:
        from xundan.demo import Demo, run

        run(
            Demo(
                days=days,
                customers=customers,
                seed=seed,
                port=port,
                data_dir=data_dir.absolute(),
                leave=leave,
                overrides=given.overrides,
            )
        )
