"""An evaluation as a picture: who is taken for whom, how well each intent is found, and whether the buy score is true.

SVG written by hand: text stays text, it prints sharp, and it loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from rich.cells import cell_len

from xundan.evaluation_text import intent_name, interval, number
from xundan.words import say

Figures = dict[str, Any]

CELL, MARGIN, TOP = 34, 28, 166
BAR, CURVE = 120, 300
FONTS = (
    "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'Helvetica Neue', Arial, sans-serif"
)
PAPER, INK, FAINT, LINE = "#ffffff", "#22303c", "#6b7885", "#dde3e9"
RIGHT, WRONG, NEUTRAL = (31, 99, 168), (201, 92, 20), (246, 248, 250)


def to_svg(found: Figures) -> str:
    """The picture of an `evaluate`d model, with `model` and `file` added; the same bytes for the same figures."""
    names = [intent_name(name) for name in found["confusion"]["intents"]]
    left = MARGIN + 12 + max(cell_len(name) for name in names) * 7.2
    side = CELL * len(names)
    bars = left + side + 18
    curve = bars + BAR + 140
    height = max(TOP + side, TOP + CURVE + 130) + 56
    width = curve + CURVE + MARGIN + 8
    drawn = [
        *_title(found),
        *_matrix(found, names, left),
        *_bars(found, bars),
        *_curve(found, curve),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'font-family="{FONTS}" font-size="13" fill="{INK}">',
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, words: str, **more: object) -> str:
    added = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{added}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dashes: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _rect(x: float, y: float, width: float, height: float, colour: str, words: str = "") -> str:
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" fill="{colour}"'
    return f"{shape}><title>{escape(words)}</title></rect>" if words else f"{shape}/>"


def _mix(colour: tuple[int, int, int], share: float) -> str:
    part = share**0.7  # small shares are to be seen, too
    return "#" + "".join(f"{round(n + (c - n) * part):02x}" for n, c in zip(NEUTRAL, colour, strict=True))


def _title(found: Figures) -> Iterator[str]:
    yield _text(MARGIN, 34, say("evaluate.picture", model=found["model"]), font_size=18, font_weight=600)
    said = say("evaluate.messages", messages=f"{found['messages']:,}", buy=f"{found['buy']:,}")
    yield _text(MARGIN, 56, f"{found['file']} · {said}", fill=FAINT)


def _matrix(found: Figures, names: list[str], left: float) -> Iterator[str]:
    """Rows are the truth, columns what the model says; a cell is as dark as its share of the row."""
    counts = found["confusion"]["counts"]
    for place, name in enumerate(names):
        x, y = left + place * CELL, TOP + place * CELL
        yield _text(left - 10, y + CELL / 2 + 4.5, name, text_anchor="end")
        turn = f"rotate(-50 {x + CELL / 2 + 3:.1f} {TOP - 10})"
        yield _text(x + CELL / 2 + 3, TOP - 10, name, transform=turn, font_size=12)
        total = sum(counts[place])
        for column, count in enumerate(counts[place]):
            share = count / total if total else 0.0
            colour = _mix(RIGHT if column == place else WRONG, share)
            told = f"{name} → {names[column]}: {count} / {total}"
            yield _rect(left + column * CELL, y, CELL - 2, CELL - 2, colour, told)
            if count:
                ink = "#fff" if share > 0.45 else INK
                x = left + column * CELL + CELL / 2 - 1
                size = 12 if count < 1000 else 10
                yield _text(x, y + CELL / 2 + 3.5, str(count), text_anchor="middle", fill=ink, font_size=size)
    yield _text(left, TOP + len(names) * CELL + 24, say("evaluate.rows"), fill=FAINT, font_size=12)


def _bars(found: Figures, left: float) -> Iterator[str]:
    """F1 of each intent, with its interval as a line."""
    yield _text(left, TOP - 12, "F1", font_weight=600)
    yield _text(left + BAR + 78, TOP - 12, say("evaluate.col_support"), text_anchor="end", fill=FAINT, font_size=12)
    for place, one in enumerate(found["intents"]):
        y = TOP + place * CELL + CELL / 2 - 1
        value, told = one["f1"]["value"], one["f1"]
        yield _rect(left, y - 5, BAR, 10, _mix(RIGHT, 0.03))
        if value is not None:
            yield _rect(left, y - 5, BAR * value, 10, _mix(RIGHT, 0.55), f"{number(value)} ({interval(told)})")
            yield _line(left + BAR * told["low"], y, left + BAR * told["high"], y, INK, 1.4)
        yield _text(left + BAR + 8, y + 4.5, f"{value:.2f}" if value is not None else "—")
        yield _text(left + BAR + 78, y + 4.5, f"{one['support']:,}", text_anchor="end", fill=FAINT)


def _curve(found: Figures, left: float) -> Iterator[str]:
    """The reliability diagram: a true score's points lie on the diagonal. Below it, how often each score is given."""
    floor = TOP + CURVE
    yield _text(left, TOP - 36, say("evaluate.reliability"), font_weight=600)
    told = say("evaluate.reliability_figures", auc=number(found["buy_auc"]["value"]), **_errors(found))
    yield _text(left, TOP - 16, told, fill=FAINT, font_size=12)
    for tick in range(0, 11, 2):
        at = tick / 10
        yield _line(left, floor - CURVE * at, left + CURVE, floor - CURVE * at)
        yield _line(left + CURVE * at, TOP, left + CURVE * at, floor)
        yield _text(left - 8, floor - CURVE * at + 4, f"{at:.1f}", text_anchor="end", fill=FAINT, font_size=11)
        yield _text(left + CURVE * at, floor + 80, f"{at:.1f}", text_anchor="middle", fill=FAINT, font_size=11)
    yield _line(left, floor, left + CURVE, TOP, FAINT, 1, "5 4")
    yield from _points(found, left, floor)
    most = max(one["messages"] for one in found["calibration"])
    for one in found["calibration"]:
        tall = 44 * one["messages"] / most
        x = left + CURVE * one["from"] + 1.5
        yield _rect(x, floor + 60 - tall, CURVE / 10 - 3, tall, _mix(RIGHT, 0.3), f"{one['messages']:,}")
    threshold = left + CURVE * found["high"]["threshold"]
    yield _line(threshold, TOP, threshold, floor + 60, _mix(WRONG, 1), 1, "3 3")
    yield _text(left + CURVE / 2, floor + 102, say("evaluate.axes"), text_anchor="middle", fill=FAINT, font_size=12)


def _points(found: Figures, left: float, floor: float) -> Iterator[str]:
    blue, places = _mix(RIGHT, 1), []
    for one in found["calibration"]:
        x, y = left + CURVE * one["score"], floor - CURVE * one["buy"]["value"]
        places.append(f"{x:.1f},{y:.1f}")
        yield _line(x, floor - CURVE * one["buy"]["low"], x, floor - CURVE * one["buy"]["high"], blue, 1.4)
        told = f"{number(one['score'])} → {number(one['buy']['value'])} ({interval(one['buy'])})"
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{blue}"><title>{escape(told)}</title></circle>'
    yield f'<polyline points="{" ".join(places)}" fill="none" stroke="{blue}" stroke-width="1.6"/>'


def _errors(found: Figures) -> dict[str, str]:
    return {"error": number(found["buy_calibration_error"]["value"]), "brier": number(found["buy_brier"]["value"])}
