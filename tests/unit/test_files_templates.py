"""Our own templates, which we must accept ourselves."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from xundan.domain.ports import Append
from xundan.domain.records import Fact, Message, OrderEvent
from xundan.domain.rules import Rules
from xundan.receive.files_columns import CHINESE_VALUES, COLUMNS, HEADINGS, KINDS, Kind, plain_heading
from xundan.receive.imports import import_files
from xundan.receive.intake import Outcome
from xundan.receive.templates import EXAMPLES, FORMS, Form, Lang, template

LANGS: tuple[Lang, ...] = ("zh", "en")


def facts_of(path: Path, kind: Kind) -> list[Fact]:
    taken: list[Fact] = []

    def sink(items: Sequence[Append]) -> list[Outcome]:
        taken.extend(item.fact for item in items)
        return [Outcome("accepted", item.fact) for item in items]

    counts = import_files(kind, [path], shop="1", rules=Rules(), sink=sink, clock=lambda: 1_795_500_000_000)
    assert (counts.rejected, counts.faults) == (0, [])
    return taken


def written(path: Path, kind: Kind, form: Form = "csv", lang: Lang = "zh") -> Path:
    path.write_bytes(template(kind, form, lang=lang))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_accepted_whole_and_says_the_same_in_every_form(tmp_path: Path, kind: Kind) -> None:
    readings = []
    for form in FORMS:
        for lang in LANGS:
            path = written(tmp_path / f"{lang}.{form}", kind, form, lang)
            readings.append(facts_of(path, kind))
    assert len(readings[0]) == len(EXAMPLES[kind])
    assert all(reading == readings[0] for reading in readings)


def test_the_examples_mean_what_they_seem_to(tmp_path: Path) -> None:
    messages = [f for f in facts_of(written(tmp_path / "m.csv", "messages"), "messages") if isinstance(f, Message)]
    assert [m.sender for m in messages] == ["user", "bot", "user", "agent"]
    assert messages[0].product_id == "00520131"
    assert messages[2].text == "好的，已经拍了\n麻烦今天发货"
    orders = [f for f in facts_of(written(tmp_path / "o.csv", "orders"), "orders") if isinstance(f, OrderEvent)]
    assert [(o.status, o.amount_fen, o.part) for o in orders] == [
        ("created", 8900, ""),
        ("paid", 8900, ""),
        ("refunded", 1050, ""),
        ("paid", 3000, "deposit"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_explains_every_column_in_both_languages(kind: Kind) -> None:
    book = load_workbook(BytesIO(template(kind, "xlsx")))
    sheet: Any = book["说明 Help"]
    lines = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [line[1] for line in lines] == [column.name for column in COLUMNS[kind]]
    assert all(all(line) for line in lines)


def test_a_spreadsheet_keeps_long_numbers_and_knows_the_encoding() -> None:
    book = load_workbook(BytesIO(template("orders", "xlsx")))
    sheet: Any = book["orders"]
    assert sheet["A2"].number_format == "@"
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet["D2"].is_date
    assert template("orders", "csv").startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_headings_are_in_the_language_asked_for(lang: Lang) -> None:
    first = template("links", "csv", lang=lang).decode("utf-8-sig").splitlines()[0]
    assert first == {"zh": "另一编号,顾客编号,时间,关联编号", "en": "alias,user_id,ts,link_id"}[lang]


def test_a_heading_means_one_column_and_a_word_one_value() -> None:
    for columns in COLUMNS.values():
        assert len({plain_heading(c.heading) for c in columns}) == len(columns)
        assert all(HEADINGS[plain_heading(c.heading)] == c.name for c in columns)
    for words in CHINESE_VALUES.values():
        assert len(set(words.values())) == len(words)


def test_the_documentation_has_every_column_and_word() -> None:
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    for kind in KINDS:
        section = text.split(f"### `{kind}`")[1].split("\n\n###")[0].split("\n## ")[0]
        for column in COLUMNS[kind]:
            required = "yes 是" if column.required else ""
            start = f"| `{column.name}` | {column.heading} | {required} |"
            assert f"{start} {column.english} | {column.chinese} |" in section
    for words in CHINESE_VALUES.values():
        assert all(f"{chinese} `{wire}`" in text for chinese, wire in words.items())
