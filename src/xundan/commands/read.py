"""The commands that only read, also while a server runs: report and tail."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from xundan.commands.common import Given, command
from xundan.errors import ConfigError
from xundan.words import lang, say

FORMATS = ("text", "json", "csv")


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""

    @command(app, "report")
    def report(
        given: Given,
        first: Annotated[str | None, typer.Option("--from", metavar="DAY", help=say("option.from"))] = None,
        last: Annotated[str | None, typer.Option("--to", metavar="DAY", help=say("option.to"))] = None,
        rule: Annotated[str | None, typer.Option("--rule", help=say("report.rule"))] = None,
        window: Annotated[str | None, typer.Option("--window", metavar="DAYS", help=say("report.window"))] = None,
        as_of: Annotated[str | None, typer.Option("--as-of", metavar="TIME", help=say("report.as_of"))] = None,
        unit: Annotated[str | None, typer.Option("--unit", help=say("report.unit"))] = None,
        by: Annotated[str | None, typer.Option("--by", help=say("report.by"))] = None,
        form: Annotated[str, typer.Option("--format", help=say("report.format"))] = "text",
        shop: Annotated[str | None, typer.Option("--shop", help=say("option.shop"))] = None,
        against: Annotated[Path | None, typer.Option("--against", metavar="FILE", help=say("against.file"))] = None,
        names: Annotated[
            list[str] | None, typer.Option("--map", metavar="OURS=THEIRS", help=say("against.map"))
        ] = None,
    ) -> None:
        asked = {"from": first, "to": last, "rule": rule, "window": window, "as_of": as_of, "unit": unit, "by": by}
        if against is None:
            print_report(given, shop, asked, form)
            return
        from xundan.against import print_against

        print_against(given, shop, asked, form, against, names or ())

    @command(app, "tail")
    def tail(
        given: Given,
        count: Annotated[int, typer.Option("-n", min=0, max=100_000, help=say("tail.n"))] = 10,
        follow: Annotated[bool, typer.Option("--follow", "-f", help=say("tail.follow"))] = False,
        shop: Annotated[str | None, typer.Option("--shop", help=say("option.shop"))] = None,
    ) -> None:
        from xundan.tail import show

        settings = given.settings()
        show(settings, shop or settings.shop_id, count, follow)


def print_report(given: Given, shop: str | None, asked: dict[str, str | None], form: str) -> None:
    """Build a report from the data at hand and print it. Raises `ConfigError`, `Rejected` for a wrong question."""
    from xundan.measure import render
    from xundan.measure.report import build, parse_query
    from xundan.wiring import open_reader, refuse_other_arithmetic

    if form not in FORMATS:
        raise ConfigError(f"command line: format must be one of {', '.join(FORMATS)}, not {form!r}")
    settings = given.settings()
    query = parse_query(shop or settings.shop_id, asked, settings.rules, time.time_ns() // 1_000_000)
    refuse_other_arithmetic(settings)
    with open_reader(settings) as reader:
        made = build(query, reader.store, settings.rules, min_overlap=settings.min_overlap)
    if form == "json":
        print(json.dumps(render.to_json(made), ensure_ascii=False, indent=2))
    elif form == "csv":
        sys.stdout.write(render.to_csv(made))
    else:
        print(render.to_text(made, lang(), shutil.get_terminal_size((100, 40)).columns))
