"""Labelled messages in and out of files: what can be used goes into the shop's set, protected; the rest is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TextIO

from xundan.domain.labels import Label, Labels, Sample, Which
from xundan.errors import Rejected
from xundan.masking import mask
from xundan.reject_lines import SUFFIX, RejectLines
from xundan.understand.label_rows import Entry, Proposals, entries_of, sample_id, to_row
from xundan.understand.label_studio import entry_of, task, tasks_in
from xundan.understand.labelled import parse_row

FORMATS = ("jsonl", "label-studio")
BATCH = 500
What = Literal["human", "proposals", "open"]
"""What people have labelled; that and what has only a proposal; or what people have yet to label, proposals beside."""

_WHAT: dict[What, tuple[Which, Proposals]] = {
    "human": ("human", "none"),
    "proposals": ("all", "labels"),
    "open": ("open", "beside"),
}


@dataclass
class Taken:
    """What became of a file: samples new and known, labels of people and proposals that were new, objects refused."""

    new: int = 0
    known: int = 0
    human: int = 0
    proposals: int = 0
    rejected: int = 0
    rejects_file: Path | None = None


@dataclass(frozen=True)
class LabelSet:
    """The labelled messages of one shop. `translate` makes reasons the operator's."""

    labels: Labels
    shop: str
    translate: Callable[[str], str]

    def bring(self, path: Path, form: str, by: str) -> Taken:
        """Take a file in. A second time changes nothing. Raises `Rejected` where it cannot be read at all.

        Labels that do not say when they were made are as old as the file.
        """
        taken = Taken()
        if path.is_dir() or not path.exists():
            why = "this is a folder, not a file" if path.is_dir() else "there is no such file"
            raise Rejected(f"{path}: {why}")
        with RejectLines(path.with_name(path.name + SUFFIX), self.translate) as rejects:
            entries = self._entries(path, form, by, rejects)
            while block := list(islice(entries, BATCH)):
                self._keep(block, rejects, taken)
            taken.rejected, taken.rejects_file = rejects.count, rejects.written
        return taken

    def _entries(self, path: Path, form: str, by: str, rejects: RejectLines) -> Iterator[_Found]:
        read = _studio if form == "label-studio" else _lines
        for number, what, entries in read(path, by, path.stat().st_mtime_ns // 1_000_000):
            try:
                yield from [_Found(number, what, entry) for entry in entries()]
            except Rejected as wrong:
                rejects.add(number, what, wrong.reason)

    def _keep(self, block: list[_Found], rejects: RejectLines, taken: Taken) -> None:
        samples: dict[str, Sample] = {}
        named = [(found, _protected(found.entry)) for found in block]
        for _, sample in named:
            samples.setdefault(sample.id, sample)
        added = self.labels.add(self.shop, list(samples.values()))
        labels: list[tuple[str, Label]] = []
        for found, sample in named:
            if sample.id in added.other or sample.question != samples[sample.id].question:
                rejects.add(found.number, found.what, f"the id {sample.id} stands for another message already")
            else:
                labels += [(sample.id, label) for label in found.entry.labels]
        taken.new, taken.known = taken.new + added.new, taken.known + added.known
        taken.human += self.labels.put(self.shop, [one for one in labels if one[1].source == "human"])
        taken.proposals += self.labels.put(self.shop, [one for one in labels if one[1].source == "proposal"])

    def write(self, out: TextIO, form: str, what: What) -> int:
        """Write samples to a file; how many. See `What`."""
        which, proposals = _WHAT[what]
        found = (marked for marked in self.labels.read(self.shop, which) if what != "proposals" or any(marked[1:]))
        if form == "label-studio":
            return _write_list(out, (task(marked, proposals=proposals != "none") for marked in found))
        count = 0
        for marked in found:
            out.write(json.dumps(to_row(marked, proposals), ensure_ascii=False) + "\n")
            count += 1
        return count


def _protected(entry: Entry) -> Sample:
    question = mask(entry.question)
    return Sample(entry.id or sample_id(question), question, entry.group)


@dataclass(frozen=True)
class _Found:
    """An entry and where it stood."""

    number: int
    what: Mapping[str, Any] | bytes
    entry: Entry


_Read = Iterator[tuple[int, Mapping[str, Any] | bytes, Callable[[], list[Entry]]]]


def _lines(path: Path, by: str, at: int) -> _Read:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, *_line(line, f"{path.stem} {number}", by, at)


def _line(line: bytes, place: str, by: str, at: int) -> tuple[Mapping[str, Any] | bytes, Callable[[], list[Entry]]]:
    try:
        row = parse_row(line)
    except Rejected:
        return line, lambda: list(entries_of(parse_row(line), by=by, at=at))
    if isinstance(row.get("data"), dict) and "text" not in row:  # a task of Label Studio, refused and put right
        return row, lambda: [entry_of(row, by=by, at=at)]
    return row, lambda: list(entries_of(row, by=by, at=at, place=place))


def _studio(path: Path, by: str, at: int) -> _Read:
    try:
        tasks = tasks_in(path.read_bytes())
    except Rejected as wrong:
        raise Rejected(f"{path}: {wrong.reason}") from None
    for number, one in enumerate(tasks, 1):
        what = one if isinstance(one, dict) else json.dumps(one).encode()
        yield number, what, lambda one=one: [entry_of(one, by=by, at=at)]  # type: ignore[misc]


def _write_list(out: TextIO, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        out.write((",\n" if count else "[\n") + json.dumps(row, ensure_ascii=False))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count
