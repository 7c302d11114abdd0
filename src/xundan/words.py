"""The words of the terminal, Chinese first: `say("key")` in the language chosen with `use`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from xundan.catalogue import SETTINGS, WORDS
from xundan.sentences import SENTENCES

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")

_lang: Lang = "zh"


def use(lang: Lang) -> None:
    """Choose the language of everything said from now on; help texts are fixed when the commands are imported."""
    global _lang
    _lang = lang


def lang() -> Lang:
    return _lang


def say(key: str, **values: object) -> str:
    """The words for `key`, with `values` filled in. Raises KeyError for a key that is not in the catalogue."""
    return WORDS[key][LANGS.index(_lang)].format(**values)


def meaning(setting: str, english: str) -> str:
    """What a setting means; one without Chinese words yet is told in English."""
    return SETTINGS.get(setting, english) if _lang == "zh" else english


def translate(sentence: str) -> str:
    """A sentence that another piece made in English, in the chosen language where the catalogue knows it."""
    if _lang == "en":
        return sentence
    for pattern, chinese in SENTENCES:
        match = re.fullmatch(pattern, sentence, re.DOTALL)
        if match:
            return chinese.format(*(translate(part or "") for part in match.groups()))
    return sentence


def wanted(argv: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language to speak, known before anything is parsed: `--lang`, then `XUNDAN_LANG`, then the settings file."""
    for given in (_option(argv, "--lang"), environ.get("XUNDAN_LANG"), _from_file(_option(argv, "--config"))):
        if given in LANGS:
            return given
    return "zh"


def _option(argv: Sequence[str], name: str) -> str | None:
    for index, word in enumerate(argv):
        if word == name and index + 1 < len(argv):
            return argv[index + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1 :]
    return None


def _from_file(config: str | None) -> object:
    path = Path(config or "xundan.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("lang") if os.path.exists(path) else None
    except (OSError, ValueError):
        return None  # whoever loads the settings says what is wrong with the file
