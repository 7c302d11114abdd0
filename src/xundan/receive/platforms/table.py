"""An export as an open table of order events, for `import_files`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.files import named, open_table, unreadable
from xundan.receive.files_grid import OLE, Grid, Line, open_grid
from xundan.receive.files_table import PAUSE, Row, Table
from xundan.receive.parse import content_id
from xundan.receive.platforms.find import Found, find
from xundan.receive.platforms.groups import Groups
from xundan.receive.platforms.line import Parsed, Reader
from xundan.receive.platforms.moment import exported_at
from xundan.receive.platforms.sheets import TIMES
from xundan.receive.platforms.snapshot import Event, Snapshots

MAX_ROWS = 1000
"""Rows of one order that are held at a time; an order with more is none."""

PAUSE_ROWS = 5000

OWN = "xundan"
"""The name of Xundan's own columns, for `platform`."""


@contextmanager
def open_orders(path: Path, *, rules: Rules, clock: Callable[[], int], platform: str | None = None) -> Iterator[Table]:
    """A file of orders: a platform's export where its headings are those of one, else with Xundan's own columns.

    Args:
        clock: the time, UTC ms.
        platform: one of `PLATFORMS`, whatever the headings; or OWN.

    Raises:
        Rejected: the file cannot be read, or is no export of `platform`.
    """
    with ExitStack() as stack:
        table = None if platform == OWN else _export(path, stack, rules, clock(), platform)
        yield table or stack.enter_context(open_table(path))


def _export(path: Path, stack: ExitStack, rules: Rules, now: int, platform: str | None) -> Table | None:
    """The export, None where the file is to be read with Xundan's own columns, or refused as such."""
    try:
        with ExitStack() as opened:
            grid = opened.enter_context(open_grid(path))
            found = find(grid, platform)
            if found is None and _is_old_workbook(path):
                raise Rejected("this is no known export; save the old .xls workbook as .xlsx or CSV (UTF-8)")
            if found is None:
                return None
            stack.push(opened.pop_all())
    except (Rejected, OSError, UnicodeError) as error:
        if platform is None and isinstance(error, Rejected) and not _is_old_workbook(path):
            return None
        raise unreadable(path, error) from None
    job = _Export(path, grid, found, rules, now)
    return Table(path, job.reader.used, job.reader.used, named(path, job.rows()), job.share, True, job.notes)


def _is_old_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(OLE)) == OLE


@dataclass
class _Export:
    """Reads an export in two passes: its rows into groups by order, and then order by order."""

    path: Path
    grid: Grid
    found: Found
    rules: Rules
    now: int

    def __post_init__(self) -> None:
        self.reader = Reader(self.grid, self.found, self.rules, self.now)
        self.notes: Counter[str] = Counter()
        self._digest = hashlib.blake2b(self.found.sheet.platform.encode(), digest_size=16)
        self._latest = 0
        self._expanded = 0.0

    def share(self) -> float:
        return (self.grid.share() + self._expanded) / 2

    def rows(self) -> Iterator[Row]:
        with Groups() as groups:
            yield from self._gather(groups)
            moment = exported_at(self.path, self.found.banner, self.rules, self.now)
            snapshots = Snapshots(self.found.sheet, max(moment.at, self._latest), self.notes)
            content = f"{self._digest.hexdigest()} {moment.at if moment.said else ''}"
            done = 0
            for number, lines in groups.orders():
                kept = list(islice(lines, MAX_ROWS + 1))
                done += len(kept)
                self.notes["orders"] += 1
                yield from self._order(snapshots, content, number, kept, lines)
                self._expanded = done / groups.rows

    def _gather(self, groups: Groups) -> Iterator[Row]:
        """Put every row with an order number into the groups; the others are refused here."""
        for line in self.found.lines:
            if line.fault is None and self.reader.is_noise(line):
                continue
            try:
                if line.fault:
                    raise line.fault
                number = self.reader.order(line)
            except Rejected as fault:
                yield self._refused(self._raw(line), fault)
                continue
            row = self.reader.parse(line)
            self._digest.update("\x1f".join(row.cells).encode("utf-8", "surrogateescape"))
            self._latest = max(self._latest, *(getattr(row, name) or 0 for name in TIMES))
            groups.add(number, row)
            if groups.rows % PAUSE_ROWS == 0:
                yield PAUSE

    def _raw(self, line: Line) -> Parsed:
        return Parsed(line.number, self.reader.cells(line))

    def _order(
        self, snapshots: Snapshots, content: str, number: str, rows: list[Parsed], rest: Iterator[Parsed]
    ) -> Iterator[Row]:
        """The events of one order; all its rows are refused where one of them cannot be used."""
        try:
            if len(rows) > MAX_ROWS:
                raise Rejected(f"one order has more than {MAX_ROWS} rows")
            bad = next((row for row in rows if row.fault), None)
            if bad:
                raise Rejected(f"line {bad.line}, of the same order, cannot be used: {bad.fault}")
            events = list(snapshots.events(number, rows))
        except Rejected as fault:
            for row in (*rows, *rest):
                yield self._refused(row, Rejected(row.fault) if row.fault else fault)
            return
        if not events and self.found.sheet.holds == "orders":
            self.notes["timeless"] += 1
        for event in events:
            yield self._row(rows[0], event, content)

    def _row(self, row: Parsed, event: Event, content: str) -> Row:
        # A copy of the file has another date, but is the same export.
        values = event.values
        what = [content, values["order_id"], values["status"], values.get("amount_fen")]
        key = "export:" + content_id({"what": what}) if event.stamped else ""
        return Row(row.line, dict(zip(self.reader.used, row.cells, strict=True)) | values, None, key)

    def _refused(self, row: Parsed, fault: Rejected) -> Row:
        return Row(row.line, dict(zip(self.reader.used, row.cells, strict=True)), fault)
