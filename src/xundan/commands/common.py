"""What every command shares: its options, the settings it is given, the way it is declared."""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from xundan.errors import ConfigError
from xundan.settings import FILE, PREFIX, Settings, load
from xundan.words import lang, say


@dataclass(frozen=True)
class Given:
    """What the shared options gave a command."""

    config: Path | None
    overrides: dict[str, object]

    @property
    def config_path(self) -> Path:
        return self.config or Path(FILE)

    def settings(self, **more: object) -> Settings:
        """The settings: file, environment, `--set`, and then the command's own options (None: not given)."""
        override = self.overrides | {name: value for name, value in more.items() if value is not None}
        try:
            return load(self.config, override=override)
        except ConfigError as error:
            if " is missing" in str(error) and not self.config_path.exists():
                raise ConfigError(f"{error}; `xundan init` writes such a file") from None
            raise

    def sources(self) -> dict[str, tuple[object, str]]:
        """Each setting's raw value and where it comes from; defaults have the source ""."""
        found: dict[str, tuple[object, str]] = {
            f.name: (None if f.default is MISSING else f.default, "") for f in fields(Settings)
        }
        layers = (
            (_toml(self.config_path), str(self.config_path)),
            ({n: os.environ[PREFIX + n.upper()] for n in found if PREFIX + n.upper() in os.environ}, "environment"),
            (self.overrides, "command line"),
        )
        for values, source in layers:
            found.update({name: (value, source) for name, value in values.items() if name in found})
        return found


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # loading the settings says what is wrong with it


def _localised(text: str) -> str:
    if lang() == "zh":
        for english in ("Usage:", "Options:", "Commands:", "Arguments:", "[required]", "[default: "):
            text = text.replace(english, say("help." + english))
        text = text.replace("Show this message and exit.", say("help.help"))
    return text


class Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return _localised(super().get_help(ctx))


class Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return _localised(super().get_help(ctx))


def group(key: str) -> typer.Typer:
    """A Typer application: plain help (rich help would cost 0.3 s), no traces, our errors."""
    return typer.Typer(
        cls=Group,
        help=say(f"{key}.help"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _shared() -> list[inspect.Parameter]:
    kinds: dict[str, tuple[Any, object]] = {
        "context": (typer.Context, inspect.Parameter.empty),
        "config": (Annotated[Path | None, typer.Option(metavar="FILE", help=say("option.config"))], None),
        "speak": (Annotated[str | None, typer.Option("--lang", metavar="zh|en", help=say("option.lang"))], None),
        "assign": (
            Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=say("option.set"))],
            None,
        ),
    }
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(n, keyword, annotation=a, default=d) for n, (a, d) in kinds.items()]


def _given(options: dict[str, Any]) -> Given:
    """Take the shared options out of `options`; those before the command's name count where it has none."""
    context, config, speak = options.pop("context"), options.pop("config"), options.pop("speak")
    before: Given = context.obj or Given(None, {})
    overrides = dict(before.overrides)
    for pair in options.pop("assign") or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"command line: --set must be NAME=VALUE, not {pair!r}")
        overrides[name.strip()] = value
    if speak is not None:
        overrides["lang"] = speak
    return Given(config or before.config, overrides)


def accept_before(app: typer.Typer) -> None:
    """Let the shared options also stand before the command's name."""

    def remember(**options: Any) -> None:
        context: typer.Context = options["context"]
        context.obj = _given(options)

    _sign(remember, _shared())
    app.callback(cls=Group, help=say("xundan.help"))(remember)


def _sign(function: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    """Let Typer see these parameters, although the function takes any."""
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}


def command(app: typer.Typer, name: str, key: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command whose help and example are `<key>.help` and `<key>.example` (key: the name).

    Its function takes a `Given` and its own options; the shared options are added here.
    """
    key = key or name

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + _shared()

        def run(**options: Any) -> None:
            function(_given(options), **options)

        _sign(run, parameters)
        epilog = "\b\n" + say("example") + say(f"{key}.example")
        app.command(name, cls=Command, help=say(f"{key}.help"), epilog=epilog)(run)
        return run

    return register


def callback(app: typer.Typer, key: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a group do something by itself, where its options come without a command of it. Help as for `command`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + _shared()

        def run(**options: Any) -> None:
            context: typer.Context = options["context"]
            context.obj = _given(options)
            if context.invoked_subcommand is None:
                function(context.obj, **options)

        _sign(run, parameters)
        epilog = "\b\n" + say("example") + say(f"{key}.example")
        app.callback(cls=Group, invoke_without_command=True, help=say(f"{key}.help"), epilog=epilog)(run)
        return run

    return register


def sure(question: str, yes: bool) -> None:
    """Ask before something that cannot be undone. Raises `typer.Abort` on no."""
    if not yes:
        typer.confirm(question, abort=True)
