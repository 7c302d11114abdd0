"""Which platform's export a table is: found by its headings, wherever the banner above them ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from xundan.errors import Rejected
from xundan.receive.files_columns import plain_heading
from xundan.receive.files_grid import HEAD, Grid, Line
from xundan.receive.files_table import shown
from xundan.receive.platforms import doudian, jd, pdd, qianniu
from xundan.receive.platforms.sheets import Field, Sheet

SHEETS: dict[str, tuple[Sheet, ...]] = {
    "qianniu": qianniu.SHEETS,
    "jd": jd.SHEETS,
    "doudian": doudian.SHEETS,
    "pdd": pdd.SHEETS,
}
PLATFORMS = tuple(SHEETS)


@dataclass(frozen=True)
class Found:
    """An export: its sheet, its headings, where each field stands, the texts above the headings, the lines below."""

    sheet: Sheet
    headings: tuple[str, ...]
    places: dict[Field, int]
    banner: tuple[str, ...]
    lines: Iterator[Line]


def find(grid: Grid, platform: str | None) -> Found | None:
    """The export in a grid, None where it is none.

    Args:
        platform: look for this platform's alone; then a table that is none of its exports is refused.

    Raises:
        Rejected: the columns that the platform's export has and this table lacks.
    """
    head = list(islice(grid.lines, HEAD))
    sheets = [s for name, group in SHEETS.items() if platform in (None, name) for s in group]
    for place, line in enumerate(head):
        headings = [grid.show(cell).strip() for cell in line.cells]
        sheet = _best(sheets, headings)
        if sheet:
            above = tuple(grid.show(cell) for earlier in head[:place] for cell in earlier.cells)
            places = sheet.places([plain_heading(heading) for heading in headings])
            return Found(sheet, tuple(headings), places, above, chain(head[place + 1 :], grid.lines))
    if platform is None:
        return None
    raise _lacking(sheets, max(([grid.show(c).strip() for c in line.cells] for line in head), key=len, default=[]))


def _best(sheets: Sequence[Sheet], headings: list[str]) -> Sheet | None:
    """The sheet whose needs are met and that knows the most of the headings."""
    plain = [plain_heading(heading) for heading in headings]
    fits = [(len(places), sheet) for sheet in sheets if set(sheet.needs) <= (places := sheet.places(plain)).keys()]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


def _lacking(sheets: Sequence[Sheet], headings: list[str]) -> Rejected:
    plain = [plain_heading(heading) for heading in headings]
    nearest = max(sheets, key=lambda sheet: len(sheet.places(plain).keys() & set(sheet.needs)))
    missing = [nearest.columns[need][0] for need in nearest.needs if need not in nearest.places(plain)]
    return Rejected(
        f"this is no export of {nearest.platform}: the columns {', '.join(missing)} are missing; "
        f"found: {shown(headings)}",
        code="missing_field",
    )
