"""The documents: what they name exists, what they link to is there, and twins in two languages agree."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import typer
from receive_fakes import Server

import xundan
from xundan.chat_endpoint import KEY
from xundan.commands import app
from xundan.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TWINS = [("README.md", "README.zh-CN.md"), ("docs/definitions.md", "docs/definitions.zh-CN.md")]
FORBIDDEN = re.compile(r"/work\b|/tmp\b|/root\b|\bTODO\b|\bFIXME\b|\bTBD\b|\bXXX\b|shared/[A-Z]")
FOR_TESTS = {"XUNDAN_REQUIRE", "XUNDAN_SHARED", "XUNDAN_CLUSTER", "XUNDAN_TRACE", "XUNDAN_EXAMPLES"}

every_page = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
both_twins = pytest.mark.parametrize("twins", TWINS, ids=["README", "definitions"])


def text(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def headings(page: str) -> list[tuple[int, str]]:
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", without_code(page), re.MULTILINE)]


def anchors(page: str) -> set[str]:
    """As GitHub makes them: lower case, punctuation dropped, blanks to hyphens."""
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(page)}


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose heading begins with the cell `first`."""
    rows = page[page.index(f"| {first}".strip() + " |") :].split("\n\n")[0].split("\n")[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


# what pages name


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", without_code(text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page.name}: {target}"
        assert there.is_relative_to(ROOT), f"{page.name}: {target} leaves the repository"
        assert not anchor or anchor in anchors(text(there)), f"{page.name}: {target}"


@every_page
def test_pages_stand_alone(page: Path) -> None:
    assert not FORBIDDEN.search(text(page))


@every_page
def test_examples_in_json_and_toml_can_be_read(page: Path) -> None:
    for block in blocks(text(page), "json"):
        if "…" not in block:
            json.loads(block)
    for block in blocks(text(page), "toml"):
        assert {f.name for f in fields(Settings)} >= tomllib.loads(block).keys()


def leaves(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every command's name with its options."""
    for child_name, child in getattr(command, "commands", {}).items():
        yield from leaves(child, (*name, child_name))
    if name and (not hasattr(command, "commands") or command.invoke_without_command):
        yield name, {option for parameter in command.params for option in parameter.opts}


COMMANDS = dict(leaves(typer.main.get_command(app)))
GROUPS = {name[0] for name in COMMANDS if len(name) > 1}


def used_commands(page: str) -> list[str]:
    spans = re.findall(r"`([^`\n]+)`", without_code(page))
    lines = [line for block in blocks(page, "(?:bash)?") for line in block.split("\n")]
    return [used for line in spans + lines for used in re.findall(r"(?:^|[\s(/=])xundan ([a-z][^#|>;`)]*)", line)]


@every_page
def test_commands_and_their_options_exist(page: Path) -> None:
    for used in used_commands(text(page)):
        words = used.split()
        name = tuple(words[: 2 if words[0] in GROUPS and len(words) > 1 and words[1][0] != "-" else 1])
        if name[0] in GROUPS and len(name) == 1 and name not in COMMANDS:
            continue
        assert name in COMMANDS, f"{page.name}: xundan {used}"
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", used):
            assert option in COMMANDS[name] | {"--help"}, f"{page.name}: xundan {used}"


@pytest.mark.parametrize("name", TWINS[0])
def test_the_readme_lists_every_command(name: str) -> None:
    first = "command" if name == "README.md" else "命令"
    listed = re.findall(r"`xundan ([a-z ]+)`", "".join(row[0] for row in table(text(name), first)))
    assert sorted(listed) == sorted(" ".join(words) for words in COMMANDS)


@every_page
def test_variables_are_settings(page: Path) -> None:
    known = {f"XUNDAN_{f.name.upper()}" for f in fields(Settings)} | FOR_TESTS | {KEY}
    assert known >= set(re.findall(r"\bXUNDAN_[A-Z_]*[A-Z]\b", text(page)))


def test_operations_lists_every_setting_with_its_default() -> None:
    listed: dict[str, str] = {}
    for names, default, _ in table(text("docs/operations.md"), "setting"):
        defaults = default.split(", ")
        for at, name in enumerate(re.findall(r"`(\w+)`", names)):
            listed[name] = defaults[at if at < len(defaults) else 0].strip("`")
    assert sorted(listed) == sorted(f.name for f in fields(Settings))
    for f in fields(Settings):
        if listed[f.name].startswith("see ") or f.default is MISSING or f.default is None:
            continue
        expected = str(f.default).lower() if isinstance(f.default, bool) else str(f.default)
        assert listed[f.name] == expected, f.name


def test_defaults_in_the_definitions() -> None:
    one, other = (re.findall(r"`(\w+)`\s+\[`?([\w./]+)`?[\],]", text(name)) for name in TWINS[1])
    assert dict(one) == dict(other)
    defaults = {f.name: str(f.default) for f in fields(Settings)}
    assert {name: defaults[name] for name in dict(one)} == dict(one)


def test_http_names_every_address_and_parameter() -> None:
    page = text("docs/http.md")
    for path, methods in Server().app.openapi()["paths"].items():
        for method, described in methods.items():
            assert path in page, path
            assert f"{method.upper()} " in page
            for parameter in described.get("parameters", ()):
                assert parameter["name"].lower() in page.lower(), f"{path}: {parameter['name']}"


def test_the_way_of_a_message_names_files_that_exist() -> None:
    assert xundan.__doc__ is not None
    package = Path(xundan.__file__).parent
    for name in re.findall(r"[\w/]+\.py\b", xundan.__doc__):
        assert (package / name).is_file(), name
    for name in re.findall(r"docs/[\w.]+\.md", xundan.__doc__):
        assert (ROOT / name).is_file(), name


def test_pages_that_the_code_names_exist() -> None:
    for source in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r"docs/[\w.-]+\.md", source.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), f"{source.name}: {name}"


# twins


@both_twins
def test_twins_have_the_same_shape(twins: tuple[str, str]) -> None:
    one, other = map(text, twins)
    assert [level for level, _ in headings(one)] == [level for level, _ in headings(other)]
    assert blocks(one) == blocks(other)
    for mark in (r"^\d\. ", r"^- ", r"^   - ", r"^\|"):
        assert len(re.findall(mark, one, re.MULTILINE)) == len(re.findall(mark, other, re.MULTILINE)), mark


def test_readmes_give_the_same_figures() -> None:
    one, other = ([re.findall(r"\d[\d,.]*\d|\d", row[1]) for row in table(text(name), "") if row] for name in TWINS[0])
    assert one == other


def test_the_models_figures_are_its_cards_but_for_noise() -> None:
    measured = json.loads(text("src/xundan/understand/default_model/card.json"))["measured"]
    right, ranking, high = (row[1] for row in table(text("README.md"), "") if "model" in row[0] or "the same" in row[0])
    numbers = [float(number) for number in re.findall(r"\d+\.?\d*", f"{right} {ranking} {high}") if number != "95"]
    accuracy, auc = measured["accuracy"], measured["buy_auc"]
    assert f"{measured['messages']} real messages" in text("README.md")
    assert numbers[:3] == pytest.approx([accuracy[name] * 100 for name in ("value", "low", "high")], abs=2)
    assert numbers[3:6] == pytest.approx([auc[name] for name in ("value", "low", "high")], abs=0.02)
    assert numbers[6] == pytest.approx(measured["high"]["precision"] * 100, abs=3)


@pytest.mark.parametrize("name", ["docs/report.svg", "docs/report.zh-CN.svg"])
def test_the_picture_loads_nothing_from_elsewhere(name: str) -> None:
    picture = text(name)
    assert set(re.findall(r"\w+://[^\s\"']+", picture)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"href|url\(|@import|<script|<image", picture)
