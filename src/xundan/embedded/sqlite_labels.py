"""Labelled messages on SQLite, in a file of their own: they are a shop's work, and nothing else follows from them."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xundan.domain.labels import Added, Label, LabelCounts, LabelSource, Marked, Sample, Which
from xundan.domain.ports import Question, Turn
from xundan.embedded.sqlite import ReadPool, failure, open_writer, queries

_SQL = queries("labels.sql")


class SqliteLabels:
    """The port `Labels`. The file is made by the first writing."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._readers = ReadPool(self._path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def add(self, shop: str, samples: Sequence[Sample]) -> Added:
        added = Added()
        with self._transaction() as connection:
            for sample in samples:
                text, turns = sample.question.text, _turns(sample.question)
                values = (shop, sample.id, text, turns, sample.group, sample.owner, sample.message)
                if connection.execute(_SQL["add"], values).rowcount:
                    added.new += 1
                    continue
                kept = connection.execute(_SQL["text"], (shop, sample.id)).fetchone()
                if kept is None or kept == (text, turns):
                    added.known += 1
                else:
                    added.other.append(sample.id)
        return added

    def put(self, shop: str, labels: Sequence[tuple[str, Label]]) -> int:
        with self._transaction() as connection:
            return sum(
                connection.execute(_SQL["put"], (shop, id, x.source, x.by, x.intent, int(x.buy), x.at)).rowcount
                for id, x in labels
            )

    def read(self, shop: str, which: Which = "all") -> Iterator[Marked]:
        if not self._path.exists():
            return
        with self._readers.snapshot() as connection:
            for row in connection.execute(_SQL["read"], (shop, which)):
                yield _marked(row)

    def known(self, shop: str) -> set[tuple[str, str]]:
        if not self._path.exists():
            return set()
        with self._readers.snapshot() as connection:
            return set(connection.execute(_SQL["known"], (shop,)))

    def counts(self, shop: str) -> LabelCounts:
        if not self._path.exists():
            return LabelCounts()
        with self._readers.snapshot() as connection:
            return LabelCounts(*connection.execute(_SQL["counts"], (shop,)).fetchone())

    def check(self) -> list[str]:
        """What is wrong with the file, in SQLite's words; [] for a sound one."""
        return self._readers.check()

    def close(self) -> None:
        """Release the files. Idempotent."""
        self._readers.close()
        with self._lock:
            self._drop_connection()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = open_writer(self._path, _SQL["schema"])
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._drop_connection()
                raise failure(error, self._path) from error
            except BaseException:
                self._drop_connection()  # which rolls back
                raise

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _turns(question: Question) -> str:
    return json.dumps(question.context, ensure_ascii=False)


def _marked(row: tuple[Any, ...]) -> Marked:
    id, text, turns, group, owner, message = row[:6]
    question = Question(text, tuple(Turn(*turn) for turn in json.loads(turns)))
    sample = Sample(id, question, group, owner, message)
    return Marked(sample, _label("human", row[6:10]), _label("proposal", row[10:14]))


def _label(source: LabelSource, row: tuple[Any, ...]) -> Label | None:
    intent, buy, by, at = row
    return None if intent is None else Label(intent, bool(buy), source, by, at)
