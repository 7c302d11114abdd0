"""The words of simulated people, read from the TOML files in `words/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Line(NamedTuple):
    """An occasion: what a customer says on it (true intent and buy label), what people and the bot answer."""

    intent: str
    buy: int
    say: tuple[str, ...]
    reply: tuple[str, ...]
    bot: tuple[str, ...]


class Product(NamedTuple):
    """What is sold (`price` in yuan) and what is asked about it, each occasion with its own answers."""

    id: str
    names: tuple[str, ...]
    colors: tuple[str, ...]
    specs: tuple[str, ...]
    price: int
    unit: str
    ask: tuple[Line, ...]
    choose: tuple[Line, ...]
    use: tuple[Line, ...]
    fault: tuple[Line, ...]


class Noise(NamedTuple):
    """How people write, and where they live."""

    casual: tuple[tuple[str, str], ...]
    slips: tuple[tuple[str, str], ...]
    openers: tuple[str, ...]
    particles: tuple[str, ...]
    tails: tuple[str, ...]
    emoji: tuple[str, ...]
    seller_tails: tuple[str, ...]
    cities: tuple[str, ...]
    days: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    streets: tuple[str, ...]
    estates: tuple[str, ...]
    companies: tuple[str, ...]
    mail_hosts: tuple[str, ...]


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of the options (not empty); several times faster than `rng.choice`."""
    return options[int(rng.random() * len(options))]


@lru_cache(maxsize=1)
def lines() -> dict[str, Line]:
    """The occasions that do not depend on a product, by name."""
    return {name: _line(table) for name, table in _read("lines").items()}


def _line(table: dict[str, Any]) -> Line:
    reply = tuple(table["reply"])
    return Line(table["intent"], table["buy"], tuple(table["say"]), reply, tuple(table.get("bot", reply)))


@lru_cache(maxsize=1)
def noise() -> Noise:
    table = _read("noise")
    pairs = {name: tuple((old, new) for old, new in table[name]) for name in ("casual", "slips")}
    return Noise(**{**{name: tuple(values) for name, values in table.items()}, **pairs})


@lru_cache(maxsize=1)
def products() -> tuple[Product, ...]:
    catalogue = _read("catalogue")
    found: list[Product] = []
    for category in catalogue["category"]:
        for good in category["goods"]:
            asked = {
                key: tuple(_asked(row, key) for row in catalogue["common"][key] + _about(good["id"], category[key]))
                for key in _LABELS
            }
            given = {k: tuple(v) if isinstance(v, list) else v for k, v in good.items()}
            found.append(Product(**{"unit": category["unit"], **given, **asked}))
    return tuple(found)


_LABELS = {
    "ask": ("product_question", 1),
    "choose": ("recommendation", 1),
    "use": ("product_question", 0),
    "fault": ("after_sale", 0),
}
_FOR = re.compile(r"((?:[A-Z]\d{4} ?)+): ")


def _about(product: str, rows: list[str]) -> list[str]:
    """The rows that fit a product, twice as likely as the common ones, without the list of products they fit."""
    found = []
    for row in rows:
        fits = _FOR.match(row)
        if fits is None or product in fits[1].split():
            found += [row[fits.end() :] if fits else row] * 2
    return found


def _asked(row: str, key: str) -> Line:
    """`question / in other words | answer`; complaints are answered alike."""
    ask, _, answer = row.partition(" | ")
    fault = lines()["fault"]
    reply, bot = ((answer,), (answer,)) if answer else (fault.reply, fault.bot)
    return Line(*_LABELS[key], tuple(ask.split(" / ")), reply, bot)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("xundan.simulate").joinpath("words", f"{name}.toml").read_text(encoding="utf-8"))
