"""Draws the picture of the README: how the report of a simulated shop begins in the terminal.

    python docs/make_report_picture.py

writes `docs/report.svg` and `docs/report.zh-CN.svg`, the same bytes every time. They load nothing from elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from xundan.domain.ports import Append
from xundan.domain.records import Fact
from xundan.measure.names import Lang
from xundan.measure.render import to_text
from xundan.measure.report import Report, build, parse_query
from xundan.receive.parse import parse_link, parse_message, parse_order
from xundan.settings import Settings
from xundan.simulate import SimConfig, simulate
from xundan.wiring import open_services

FOLDER = Path(__file__).parent
PICTURES: tuple[tuple[Lang, str], ...] = (("en", "report.svg"), ("zh", "report.zh-CN.svg"))
END = 1_795_530_600_000
"""2026-11-24 22:30 in Shanghai: a day that has nearly ended."""

SHOP = "1024"
COLUMNS = 88
BLOCKS = 3
"""Of the report's blocks, which empty lines part, the first so many: the headline and the days."""

CELL, LINE, MARGIN = 8.4, 19, 18
FONTS = "Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', 'PingFang SC', 'Microsoft YaHei', monospace"
COLOURS = {2: "#7fc866", 3: "#e0b34f"}
"""By ANSI number: green and yellow."""

PAPER, INK, FAINT = "#1d2126", "#dfe3e8", "#8e98a3"
SHADES = {"█": 1.0, "▓": 0.6, "░": 0.32}
LINES = {"─": 1, "━": 2}
PARSE: dict[str, Callable[..., Fact]] = {"link": parse_link, "order": parse_order, "message": parse_message}


def simulated_report() -> Report:
    """The report of a fortnight that a simulated shop's rows give, carried by the embedded profile."""
    simulation = simulate(SimConfig(end=END, shop=SHOP, seed=7, customers_per_day=60))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(shop_id=SHOP, coze_secret={"": "unused" * 8}, data_dir=Path(folder), scoring=False)
        with open_services(settings) as services:
            facts = [
                PARSE[kind](row, shop=SHOP, received=at, source="live", rules=settings.rules)
                for at, kind, row in simulation.timeline
            ]
            services.intake.take_now([Append(fact) for fact in facts])
            services.runner.catch_up()
            query = parse_query(SHOP, {}, settings.rules, END)
            return build(query, services.store, settings.rules, made_at=END)


def picture(report: Report, lang: Lang) -> str:
    """The beginning of a report's coloured text as an SVG."""
    blocks = to_text(report, lang, COLUMNS, color=True).split("\n\n")[:BLOCKS]
    lines = [Text.from_ansi(line) for line in "\n\n".join(blocks).split("\n")]
    width, height = COLUMNS * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    drawn = [shape for number, line in enumerate(lines) for shape in _line(line, MARGIN + number * LINE)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height}" width="{width:.0f}" '
            f'font-family="{FONTS}" font-size="14">',
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _line(line: Text, top: float) -> Iterator[str]:
    """The shapes of one line: every run of equally wide characters is pinned to its cells, whatever the font."""
    left: float = MARGIN
    for text, style, _ in line.render(Console(width=COLUMNS), end=""):
        for kind, run in groupby(text, key=lambda c: c if c in SHADES or c in LINES or c == " " else cell_len(c)):
            piece = "".join(run)
            width = cell_len(piece) * CELL
            if kind != " ":
                yield _shape(kind, piece, style or Style(), left, top, width)
            left += width


def _shape(kind: str | int, piece: str, style: Style, left: float, top: float, width: float) -> str:
    colour = FAINT if style.dim else INK
    if style.color:
        colour = COLOURS.get(style.color.number or 0, INK)
    if isinstance(kind, int):
        weight = ' font-weight="bold"' if style.bold else ""
        return (
            f'<text x="{left:.1f}" y="{top + 14}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs" '
            f'fill="{colour}"{weight}>{escape(piece)}</text>'
        )
    if kind in LINES:
        height, down, opacity = LINES[kind], LINE / 2, 1.0
    else:
        height, down, opacity = LINE - 3, 2.0, SHADES[kind] * (0.7 if style.dim else 1)
    where = f'x="{left:.1f}" y="{top + down}" width="{width:.1f}" height="{height}"'
    return f'<rect {where} fill="{colour}" fill-opacity="{opacity:.2f}"/>'


def main() -> None:
    """Write both pictures."""
    report = simulated_report()
    for lang, name in PICTURES:
        (FOLDER / name).write_text(picture(report, lang), encoding="utf-8")


if __name__ == "__main__":
    main()
