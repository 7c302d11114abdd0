"""Chinese first, English as well: every word there is in both languages, and nothing said in English alone."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import xundan
from xundan import words
from xundan.catalogue import SETTINGS, WORDS
from xundan.settings import Settings

SOURCE = Path(xundan.__file__).parent
ERRORS = {"Rejected", "ConfigError", "XundanError", "Retryable", "Overloaded"}
TOLD_BY = [
    *(SOURCE / "receive").glob("files*.py"),
    *(SOURCE / "receive/platforms").glob("*.py"),
    *(SOURCE / f"{name}.py" for name in ("settings", "receive/parse", "receive/fields", "receive/instants")),
    *(SOURCE / f"{name}.py" for name in ("receive/jddc", "receive/replay", "receive/tokens", "measure/query")),
    *(SOURCE / f"{name}.py" for name in ("understand/labelled", "understand/label_rows", "understand/label_studio")),
    *(SOURCE / f"{name}.py" for name in ("label_files", "classify_lines", "reject_lines", "chat_endpoint")),
    *(
        SOURCE / f"{name}.py"
        for name in ("embedded/lock", "embedded/sqlite", "embedded/arithmetic", "protect/keyfile", "simulate/config")
    ),
]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    words.use("zh")
    yield
    words.use("zh")


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_take_the_same_values() -> None:
    assert [key for key, (zh, en) in WORDS.items() if placeholders(zh) != placeholders(en)] == []


def spoken() -> set[str]:
    """The keys that the program says."""
    text = "".join(path.read_text() for path in [*SOURCE.glob("*.py"), *SOURCE.glob("commands/*.py")])
    keys = {key for _, key in re.findall(r"""say\(\s*(["'])([\w.]+)\1\s*[,)]""", text)} - {"key"}
    commands = re.findall(r'command\(\w+, "(\w+)"(?:, "([\w.]+)")?', text)
    keys |= {f"{key or name}.{part}" for name, key in commands for part in ("help", "example")}
    keys |= {f"{name}.help" for name in re.findall(r'group\("(\w+)"', text)}
    keys |= {f"coze.check.{key}" for key in re.findall(r'\b(?:fine\(|wrong\("\w+", )"(\w+)"', text)}
    keys |= {f"coze.check.{key}.do" for key in re.findall(r'\bwrong\("\w+", "(\w+)"', text)}
    good = re.findall(r' ok\("(\w+)"', text)
    wrong = [key for pair in re.findall(r'bad\("\w+", "(\w+)"|from _file_mode\("(\w+)"', text) for key in pair if key]
    return keys | {f"doctor.{key}" for key in good + wrong} | {f"doctor.{key}.do" for key in wrong}


def test_every_key_that_is_said_is_there_and_every_key_is_said() -> None:
    assert spoken() - WORDS.keys() == set()
    put_together = ("sender.", "label.", "help.", "demo.", "rebuild.", "doctor.", "dead.", "evaluate.c")
    assert {key for key in WORDS.keys() - spoken() if not key.startswith(put_together)} == set()


def test_every_setting_is_explained_in_chinese() -> None:
    assert {f.name for f in fields(Settings)} == SETTINGS.keys()


def literal(node: ast.expr) -> str:
    """A text, or an f-string with its values as `x`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return ""


def told(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            yield literal(node.args[0])


@pytest.mark.parametrize("path", TOLD_BY, ids=lambda path: path.name)
def test_what_other_pieces_say_is_told_in_chinese(path: Path) -> None:
    english = [sentence for sentence in told(path) if len(sentence) > 12]
    assert [sentence for sentence in english if not re.search(r"[\u4e00-\u9fff]", words.translate(sentence))] == []


def test_parts_of_a_sentence_are_translated_too() -> None:
    english = "environment variable XUNDAN_PORT: port must be a whole number from 0 to 65535, not 'abc'"
    assert words.translate(english) == "环境变量 XUNDAN_PORT：port 应为 0 到 65535 的整数，而不是 'abc'"
    words.use("en")
    assert words.translate(english) == english


@pytest.mark.parametrize(
    ("argv", "environ", "file", "expected"),
    [
        ([], {}, "", "zh"),
        ([], {}, 'lang = "en"', "en"),
        ([], {"XUNDAN_LANG": "zh"}, 'lang = "en"', "zh"),
        (["report", "--lang", "en"], {"XUNDAN_LANG": "zh"}, "", "en"),
        (["--lang=en"], {}, "", "en"),
        (["--lang", "fr"], {}, "", "zh"),
        ([], {}, "this is no toml", "zh"),
    ],
)
def test_the_language_is_known_before_anything_is_said(
    argv: list[str], environ: dict[str, str], file: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "xundan.toml").write_text(file)
    assert words.wanted(argv, environ) == expected
