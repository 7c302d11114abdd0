"""The import of files: rows become facts, batch by batch; what cannot be used is kept with its reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from xundan.domain.ports import Append
from xundan.domain.records import Fact, Link, Message, OrderEvent
from xundan.domain.rules import Rules
from xundan.errors import Overloaded, Rejected
from xundan.receive.files import open_table
from xundan.receive.files_columns import COLUMNS, Kind
from xundan.receive.files_ordinals import Ordinals
from xundan.receive.files_rejects import SUFFIX, RejectsFile
from xundan.receive.files_table import PAUSE, Row, Table, check_columns
from xundan.receive.intake import Outcome
from xundan.receive.letters import Refused
from xundan.receive.parse import parse_link, parse_message, parse_order, row_id

BATCH = 1000
MAX_LETTERS = 10_000
"""Rows of one file that become dead letters, so that a wrong file does not fill the store; its rejects file has all."""

PATIENCE = 60
"""How often a batch is offered again when the log has too much waiting."""


@dataclass
class FileCount:
    """What became of one file. `fault` is "" unless it could not be read, or not to its end. `notes`: see `Table`."""

    path: Path
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    share: float = 0.0
    fault: str = ""
    rejects_file: Path | None = None
    notes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Counts:
    """What became of an import, per file and in total."""

    files: list[FileCount] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return sum(count.accepted for count in self.files)

    @property
    def duplicate(self) -> int:
        return sum(count.duplicate for count in self.files)

    @property
    def rejected(self) -> int:
        return sum(count.rejected for count in self.files)

    @property
    def faults(self) -> list[str]:
        """One sentence for each file that could not be read (whole)."""
        return [count.fault for count in self.files if count.fault]


Sink = Callable[[Sequence[Append]], Sequence[Outcome]]
Opener = Callable[[Path], AbstractContextManager[Table]]


def import_files(
    kind: Kind,
    paths: Sequence[Path],
    *,
    shop: str,
    rules: Rules,
    sink: Sink,
    rejects: Callable[[Sequence[Refused]], object] = lambda refused: None,
    progress: Callable[[FileCount], object] = lambda count: None,
    clock: Callable[[], int],
    opener: Opener = open_table,
    rejects_dir: Path | None = None,
    translate: Callable[[str], str] = str,
) -> Counts:
    """Import files of one kind. A second import of the same file is all duplicates.

    Args:
        sink: takes a batch of facts and answers each, durably; `Intake.take_now`.
        rejects: gets the first MAX_LETTERS refused rows of each file in clear text, to protect and keep; see `Letters`.
        progress: told after every batch and at a file's end; `share` goes from 0 to 1 for each file.
        clock: the time of receipt, UTC ms.
        opener: reads a file of another format, e.g. `partial(open_jddc, start=…, seed=…)`.
        rejects_dir: where `<file>.rejects.csv` goes; beside each file unless given.
        translate: makes the English reasons in the rejects file the operator's.

    Returns:
        Counts per file. A file that cannot be read has a `fault` and costs the others nothing.

    Raises:
        Retryable, Overloaded: the log could not take a batch; everything before it is in, and importing again is safe.
        XundanError: the rejects file cannot be written.
    """
    counts = Counts()
    for path in paths:
        count = FileCount(path)
        counts.files.append(count)
        progress(count)
        try:
            with opener(path) as table, Ordinals() as ordinals:
                check_columns(kind, table)
                target = (rejects_dir or path.parent) / (path.name + SUFFIX)
                with RejectsFile(target, kind, table, translate) as file:
                    _Job(kind, shop, rules, sink, rejects, clock, ordinals, file, count).run(table, progress)
        except Rejected as fault:
            count.fault = fault.reason
        progress(count)
    return counts


PARSERS: dict[Kind, Callable[..., Fact]] = {"messages": parse_message, "orders": parse_order, "links": parse_link}

NAMELESS = "\0"
"""Stands for the id of a row that has none until its own is made; no row can have it."""

_NOT_SAID = frozenset({"id", "shop", "received", "source", "intent", "buy_score", "model", "pii"})
_SAID: dict[type[Fact], tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name not in _NOT_SAID) for kind in (Message, OrderEvent, Link)
}
"""The fields of a fact that are what its row says."""


@dataclass
class _Job:
    """The import of one file."""

    kind: Kind
    shop: str
    rules: Rules
    sink: Sink
    letters: Callable[[Sequence[Refused]], object]
    clock: Callable[[], int]
    ordinals: Ordinals
    file: RejectsFile
    count: FileCount

    def __post_init__(self) -> None:
        self._parse = PARSERS[self.kind]
        self._names = tuple(column.name for column in COLUMNS[self.kind])
        self._free_letters = MAX_LETTERS

    def run(self, table: Table, progress: Callable[[FileCount], object]) -> None:
        for batch in _batches(self._until_fault(table.rows)):
            if batch:
                self._take(batch)
            self.count.share = table.share()
            self.count.rejects_file = self.file.written
            progress(self.count)
        self.count.share = 1.0
        self.count.notes = table.notes

    def _until_fault(self, rows: Iterator[Row]) -> Iterator[Row]:
        """So that the rows before a fault are taken."""
        try:
            yield from rows
        except Rejected as fault:
            self.count.fault = fault.reason

    def _take(self, batch: list[Row]) -> None:
        received = self.clock()
        facts: list[Fact] = []
        keys: list[str] = []
        refused: list[Refused] = []
        for row in batch:
            try:
                facts.append(self._fact(row, received))
                keys.append(row.key)
            except Rejected as reason:
                self.file.write(row, reason.reason)
                refused.append(Refused(reason, self._letter(row)))
        self._refuse(refused)
        self._count(_offer(self.sink, list(map(Append, self._named(facts), keys))))

    def _fact(self, row: Row, received: int) -> Fact:
        if row.fault:
            raise row.fault
        return self._parse(
            row.values, shop=self.shop, received=received, source="import", rules=self.rules, fallback_id=NAMELESS
        )

    def _named(self, facts: list[Fact]) -> list[Fact]:
        """The facts, those without an id under one made from what the row says, not how it is written.

        A date or an amount written otherwise (CSV, XLSX) is the same row. Equal rows of a file differ by their ordinal.
        """
        nameless = [place for place, fact in enumerate(facts) if fact.id == NAMELESS]
        if nameless:
            said = [{name: getattr(facts[i], name) for name in _SAID[type(facts[i])]} for i in nameless]
            keys = [row_id(what, 0) for what in said]
            for place, what, key, ordinal in zip(nameless, said, keys, self.ordinals.next(keys), strict=True):
                facts[place] = replace(facts[place], id=row_id(what, ordinal) if ordinal else key)
        return facts

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        duplicate = sum(outcome.status == "duplicate" for outcome in outcomes)
        self.count.duplicate += duplicate
        self.count.accepted += len(outcomes) - duplicate

    def _letter(self, row: Row) -> object:
        """What a dead letter holds: the row's own fields, or where it is to be found when none could be read."""
        fields = {name: row.values[name] for name in self._names if row.values.get(name) not in (None, "")}
        return fields or f"{self.count.path.name}, line {row.line}"

    def _refuse(self, refused: list[Refused]) -> None:
        self.count.rejected += len(refused)
        letters = refused[: self._free_letters]
        if letters:
            self.letters(letters)
            self._free_letters -= len(letters)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """The rows in batches; a shorter one, also an empty one, where the table pauses."""
    batch: list[Row] = []
    for row in rows:
        if row is not PAUSE:
            batch.append(row)
        if row is PAUSE or len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _offer(sink: Sink, facts: list[Append]) -> Sequence[Outcome]:
    """Hand a batch over, waiting while the log has too much to do."""
    for _ in range(PATIENCE if facts else 0):
        try:
            return sink(facts)
        except Overloaded as busy:
            time.sleep(busy.retry_after)
    return sink(facts) if facts else ()
