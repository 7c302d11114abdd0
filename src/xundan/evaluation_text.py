"""An evaluation as text for a terminal: figures with intervals, every intent, who is taken for whom, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from xundan.measure.layout import Align, Line, grid, to_string
from xundan.measure.names import value_name
from xundan.words import lang, say

Figures = dict[str, Any]


def to_text(found: Figures, width: int, *, color: bool) -> str:
    """The whole text of an `evaluate`d model, with `model` and `file` added."""
    lines: list[Text] = [Text(" " + line) for line in _head(found)]
    for title, table, align in (
        (say("evaluate.figures"), list(_figures(found)), "lrr"),
        *_against(found),
        (say("evaluate.intents"), list(_intents(found)), "lrrrrr"),
        (say("evaluate.confusion"), list(_confusion(found)), "lr" + "r" * len(found["confusion"]["intents"])),
        (say("evaluate.calibration"), list(_calibration(found)), "lrrrr"),
    ):
        sides: list[Align] = ["left" if side == "l" else "right" for side in align]
        lines += [Text(""), Text(" " + title, style="bold"), *grid(table, sides, max(width, 40))]
    return to_string(lines, max(width, 40, *(line.cell_len for line in lines)), color=color)


def _head(found: Figures) -> Iterator[str]:
    yield say("evaluate.model", model=found["model"], file=found["file"])
    yield say("evaluate.messages", messages=f"{found['messages']:,}", buy=f"{found['buy']:,}")
    drawn = found["bootstrap"]
    if drawn["groups"] is None:
        yield say("evaluate.by_message", count=f"{drawn['resamples']:,}")
    else:
        yield say("evaluate.by_group", count=f"{drawn['resamples']:,}", groups=f"{drawn['groups']:,}")


def _cells(*texts: str, style: str = "") -> Sequence[Text]:
    return [Text(text, style=style) for text in texts]


def number(value: float | None) -> str:
    """Two decimals, the third where it is a small one; a dash for what cannot be told."""
    return "—" if value is None else f"{value:.3f}"


def interval(told: Figures) -> str:
    """The ends of an interval."""
    return "—" if told["low"] is None else f"{told['low']:.2f}–{told['high']:.2f}"


def _figures(found: Figures) -> Iterator[Line]:
    yield _cells(say("evaluate.figure"), say("evaluate.value"), say("evaluate.interval"), style="dim")
    for name, words in _names(found):
        yield _cells(words, number(_of(found, name)["value"]), interval(_of(found, name)))


def _names(found: Figures) -> Iterator[tuple[str, str]]:
    """The figures of the whole, with what they are called."""
    high = found["high"]
    at = {"threshold": f"{high['threshold']:g}", "high": f"{high['high']:,}"}
    yield "accuracy", say("evaluate.accuracy")
    yield "macro_f1", say("evaluate.macro_f1")
    yield "macro_f1_frequent", say("evaluate.macro_f1_frequent", **found["frequent"])
    yield "buy_auc", say("evaluate.auc")
    yield "buy_average_precision", say("evaluate.average_precision")
    yield "buy_brier", say("evaluate.brier")
    yield "buy_calibration_error", say("evaluate.calibration_error")
    yield "high_precision", say("evaluate.high_precision", **at)
    yield "high_recall", say("evaluate.high_recall", **at)


def _of(found: Figures, name: str) -> Figures:
    kept: Figures = found["high"][name.removeprefix("high_")] if name.startswith("high_") else found[name]
    return kept


def _against(found: Figures) -> Iterator[tuple[str, list[Line], str]]:
    """The differences to another model, where one was asked for."""
    if "against" not in found:
        return
    told = found["against"]["differences"]
    rows: list[Line] = [_cells(say("evaluate.figure"), say("evaluate.gap"), say("evaluate.interval"), style="dim")]
    for name, words in _names(found):
        value, low, high = (told[name][end] for end in ("value", "low", "high"))
        sure = "bold" if low is not None and (low > 0 or high < 0) else ""
        rows.append(_cells(words, _signed(value), f"{_signed(low)} … {_signed(high)}", style=sure))
    yield say("evaluate.differences", model=found["against"]["model"]), rows, "lrr"


def _signed(value: float | None) -> str:
    return "—" if value is None else f"{value:+.3f}"


def _intents(found: Figures) -> Iterator[Line]:
    heads = ("intent", "support", "predicted", "precision", "recall", "f1")
    yield _cells(*(say(f"evaluate.col_{name}") for name in heads), style="dim")
    for one in found["intents"]:
        shares = [f"{number(one[name]['value'])} ({interval(one[name])})" for name in ("precision", "recall", "f1")]
        yield _cells(intent_name(one["intent"]), f"{one['support']:,}", f"{one['predicted']:,}", *shares)


def _confusion(found: Figures) -> Iterator[Line]:
    names = found["confusion"]["intents"]
    yield _cells("", "", *(str(place) for place in range(1, len(names) + 1)), style="dim")
    for place, (name, row) in enumerate(zip(names, found["confusion"]["counts"], strict=True)):
        cells = [
            Text(str(count) if count else "·", style="bold" if column == place else "" if count else "dim")
            for column, count in enumerate(row)
        ]
        yield [Text(intent_name(name)), Text(str(place + 1), style="dim"), *cells]


def _calibration(found: Figures) -> Iterator[Line]:
    heads = ("score", "messages", "mean", "share", "interval")
    yield _cells(*(say(f"evaluate.cal_{name}") for name in heads), style="dim")
    for one in found["calibration"]:
        ends = f"{one['from']:.1f}–{one['to']:.1f}"
        share = (number(one["buy"]["value"]), interval(one["buy"]))
        yield _cells(ends, f"{one['messages']:,}", number(one["score"]), *share)


def intent_name(name: str) -> str:
    """What an intent is called in the language spoken."""
    return value_name("intent", name, lang())
