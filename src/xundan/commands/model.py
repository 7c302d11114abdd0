"""The commands for models: list, add, activate, rollback."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xundan.commands.common import Given, command, group
from xundan.errors import ConfigError, Retryable, XundanError
from xundan.words import say, translate

if TYPE_CHECKING:
    from xundan.settings import Settings
    from xundan.understand.registry import Known

FOLLOW_S = 60
"""How long a running server may take to load another model."""


def register(app: typer.Typer) -> None:
    """Declare the commands; help texts are read now."""
    model = group("model")
    app.add_typer(model, name="model")

    @command(model, "list", "model.list")
    def list_(given: Given) -> None:
        print_models(given.settings())

    @command(model, "add", "model.add")
    def add(given: Given, folder: Annotated[Path, typer.Argument(metavar="DIR", help=say("model.dir"))]) -> None:
        from xundan.serving import load_checked, open_registry

        settings = given.settings()
        added = open_registry(settings).add(folder, lambda path: load_checked(settings, path))
        print(say("model.added", version=added))

    @command(model, "activate", "model.activate")
    def activate(
        given: Given, version: Annotated[str, typer.Argument(metavar="VERSION", help=say("model.version"))]
    ) -> None:
        make_active(given.settings(), version)

    @command(model, "rollback", "model.rollback")
    def rollback(given: Given) -> None:
        make_active(given.settings(), None)


def print_models(settings: Settings) -> None:
    """Every model on a line, the active one marked."""
    from xundan.serving import open_registry

    registry = open_registry(settings)
    active = registry.active()
    for known in registry.all():
        mark = "*" if known.path == active and not settings.model_dir else " "
        print(f"{mark} {known.version:24} {_about(known)}".rstrip())
    if settings.model_dir:
        print(say("model.outdone", path=settings.model_dir))


def make_active(settings: Settings, version: str | None) -> None:
    """Check a model, make it the active one, and wait until a running server has it; None for the one before.

    Raises `XundanError` where the model is broken, and then nothing has changed.
    """
    from xundan.serving import load_checked, open_registry
    from xundan.understand.registry import BUILT_IN

    if settings.model_dir:
        raise ConfigError(say("model.refused_outdone", path=settings.model_dir))
    registry = open_registry(settings)
    wanted = version or registry.previous()
    path = registry.path_of(wanted)
    checked = load_checked(settings, path)
    if version is None:
        registry.rollback()
    else:
        registry.activate(version)
    print(say("model.active", version=checked.version))
    name = BUILT_IN if path is None else path.name
    if (fault := _followed(settings, name, checked.version)) and version is not None:
        registry.rollback()
    if fault:
        raise XundanError(say("model.not_followed", fault=translate(fault)))


def _followed(settings: Settings, name: str, version: str) -> str:
    """Why the running server does not score with this version, "" where it does or none runs."""
    from xundan.client import Client
    from xundan.wiring import server_url

    url = server_url(settings)
    if url is None or not settings.scoring:
        return ""
    ends = time.monotonic() + FOLLOW_S
    with Client(url, timeout_s=10) as client:
        while time.monotonic() < ends:
            said = _ready(client)
            if said.get("model") in (version, "off"):
                print(say("model.followed", version=said["model"]))
                return ""
            if (fault := str(said.get("model_fault", ""))).startswith(f"{name}: "):
                return fault
            time.sleep(0.2)
    return say("model.no_answer", seconds=FOLLOW_S)


def _ready(client: Any) -> dict[str, Any]:
    try:
        said: dict[str, Any] = client.request("GET", "/readyz").json()
    except (Retryable, ValueError):
        return {}
    return said


def _about(known: Known) -> str:
    if known.fault:
        return say("model.broken", fault=translate(known.fault))
    where = say("model.built_in") if known.path is None else ""
    return "  ".join(part for part in (where, str(known.card.get("kind", "")), str(known.card.get("name", ""))) if part)
