"""Understanding messages: the way they are served against the bare runtime on the same graph, and what memory gives."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from random import Random
from typing import NamedTuple

import uvloop

from benchmarks import models
from benchmarks.bert import SIZES
from benchmarks.chats import ABSENT, REAL, asked, real_chats
from benchmarks.results import Result, Row, Target, portion
from xundan.domain.ports import Question, Scored
from xundan.errors import MissingExtra
from xundan.serving import BATCHES
from xundan.settings import Settings
from xundan.understand.cache import ScoreCache
from xundan.understand.cpus import threads
from xundan.understand.directory import MODEL, read_directory
from xundan.understand.model import DEFAULT_MODEL, OnnxClassifier
from xundan.understand.prepared import Prepared
from xundan.understand.readers import Reader, reader_of
from xundan.understand.runtimes import Feed, Run, open_graph
from xundan.understand.scorer import Scorer

LENGTHS = (8, 16, 32, 64)
BATCH_SIZES = (1, 8, 32)
CALLERS = 128
"""So many wait at once at saturation: more than a batch holds."""

ROUNDS = 5
SECONDS = 1.0
QUESTIONS = 512
REAL_SAMPLE = 2048
PATIENT_MS = 3_600_000
REAL_MIX = "real mix"
CHARACTERS = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以"
    "会家可下而过天去能对小多然于心学么之都好看起发"
)

COLUMNS = {
    "model": "model",
    "length": "length",
    **{f"raw{size}": f"runtime, {size}" for size in BATCH_SIZES},
    **{f"served{size}": f"served, {size}" for size in BATCH_SIZES},
    "full": f"served, {CALLERS}",
    "ratio": "ratio",
    "low": "lowest",
    "batch": "messages/pass",
    "reading_us": "reading µs",
}

Say = Callable[[str], None]


class Loaded(NamedTuple):
    """A model, and its two halves for themselves; `tokens` tells whether it reads tokens."""

    name: str
    classifier: OnnxClassifier
    reader: Reader
    run: Run
    tokens: bool


def run(folder: Path, scale: float, say: Say) -> Result:
    """Messages a second. Runtime and serving take turns within every round; the ratio is the median of the rounds'."""
    notes: list[str] = []
    rows: list[Row] = []
    chats = real_chats()
    real = [one.question for chat in chats for one in asked(chat)]
    if not real:
        notes.append(ABSENT)
    for loaded in _models(folder / "serving", notes):
        mixes: dict[str, Sequence[Question]] = {str(n): of_length(loaded, n) for n in lengths(loaded)}
        if real:
            mixes[REAL_MIX] = _different(loaded.reader, real)
            notes += _memory(loaded, real)
        for name, questions in mixes.items():
            say(f"{loaded.name}, length {name}")
            rows.append({"model": loaded.name, "length": name, **compared(loaded, questions, scale)})
            say(f"  ratio {rows[-1]['ratio']:.2f}")
    shutil.rmtree(folder / "serving", ignore_errors=True)
    targets = [
        Target(f"of the runtime's speed, {row['model']}, {row['length']}", 0.9, float(str(row["ratio"])))
        for row in rows
    ]
    title = f"Messages understood a second, {threads()} threads; batches, callers at once; medians of the rounds"
    return Result("serving", title, COLUMNS, rows, targets, notes)


def _models(folder: Path, notes: list[str]) -> Iterator[Loaded]:
    yield load("default model", DEFAULT_MODEL)
    size = SIZES["BERT-base"]
    try:
        yield load(size.name, models.write(folder, size))
    except MissingExtra as missing:
        notes.append(str(missing))


def load(name: str, path: Path) -> Loaded:
    """A model directory, on the runtime that the server would take."""
    directory = read_directory(path)
    reader = reader_of(directory)
    graph = open_graph(path / MODEL, threads(), "auto", [reader.feed(reader.prepare([Question("在吗")]))])
    return Loaded(
        name,
        OnnxClassifier(directory.version, directory.intents, reader, graph),
        reader,
        graph,
        directory.kind == "encoder",
    )


# what is asked


def lengths(loaded: Loaded) -> list[int]:
    """Those of `LENGTHS` that the model reads to their end: it cuts off what is longer than its own limit."""
    longest = loaded.reader.prepare([Question(CHARACTERS * 2)])[0].length
    return [length for length in LENGTHS if length <= longest or not loaded.tokens]


def of_length(loaded: Loaded, length: int) -> list[Question]:
    """Different messages of so many tokens (characters, where the model has no tokens), written by chance."""
    chance, found = Random(length), dict[bytes, Question]()
    shortest = length // 2 if loaded.tokens else length
    while len(found) < QUESTIONS:
        sizes = (chance.randint(shortest, length) for _ in range(QUESTIONS))
        questions = [Question("".join(chance.choices(CHARACTERS, k=size))) for size in sizes]
        read = zip(loaded.reader.prepare(questions), questions, strict=True)
        found |= {one.key: question for one, question in read if one.length == length or not loaded.tokens}
    return list(found.values())[:QUESTIONS]


def _different(reader: Reader, questions: Sequence[Question]) -> list[Question]:
    """A sample, each once: equal ones would be computed once."""
    sample = Random(5).sample(questions, min(REAL_SAMPLE, len(questions)))
    return list({one.key: question for one, question in zip(reader.prepare(sample), sample, strict=True)}.values())


def _memory(loaded: Loaded, questions: Sequence[Question]) -> list[str]:
    """What a memory of the server's size gives on the real chats, in the order of their file."""
    alone = [Question(question.text) for question in questions]
    hits = [_hits(loaded.reader, those) for those in (alone, questions)]
    return [
        f"{loaded.name}: of the {len(questions):,} customer messages of {REAL.name} in their order {hits[1]:.1f} % are "
        f"answered from memory; it would be {hits[0]:.1f} % if the turns before a message did not count"
    ]


def _hits(reader: Reader, questions: Sequence[Question]) -> float:
    cache = ScoreCache(20_000)
    for one in reader.prepare(questions):
        if cache.get("model", one.key) is None:
            cache.put("model", one.key, Scored("chitchat", 0.0, "model"))
    return 100 * cache.hits / len(questions)


# the comparison


def compared(loaded: Loaded, questions: Sequence[Question], scale: float) -> Row:
    """The figures of one row: medians over the rounds."""
    rounds, part = portion(scale, ROUNDS)
    seconds = SECONDS * part
    began = time.perf_counter()
    prepared = loaded.reader.prepare(questions)
    reading_s = time.perf_counter() - began
    feeds = {size: _feeds(loaded.reader, prepared, size) for size in BATCH_SIZES}
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        once = {f"raw{size}": _raw(loaded.run, feeds[size], seconds) for size in BATCH_SIZES}
        for size in BATCH_SIZES:
            once[f"served{size}"], _ = _served(loaded, questions, size, seconds)
        once["full"], once["batch"] = _served(loaded, questions, CALLERS, seconds)
        once["ratio"] = once["full"] / max(once[f"raw{size}"] for size in BATCH_SIZES)
        for name, value in once.items():
            figures.setdefault(name, []).append(value)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    return medians | {"low": min(figures["ratio"]), "reading_us": 1e6 * reading_s / len(questions)}


def _feeds(reader: Reader, prepared: Sequence[Prepared], size: int) -> list[tuple[int, Feed]]:
    """Sizes and batches of like length, ready for the runtime; shuffled, for time may end before all are run."""
    order = sorted(prepared, key=lambda one: one.length)
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    Random(size).shuffle(batches)
    return [(len(batch), reader.feed(batch)) for batch in batches]


def alone(loaded: Loaded, questions: Sequence[Question], seconds: float) -> float:
    """Messages a second of the runtime alone, at the batch size that suits it best."""
    prepared = loaded.reader.prepare(_different(loaded.reader, questions))
    return max(_raw(loaded.run, _feeds(loaded.reader, prepared, size), seconds) for size in BATCH_SIZES)


def _raw(run: Run, feeds: Sequence[tuple[int, Feed]], seconds: float) -> float:
    """Messages a second of the runtime alone."""
    done, began = 0, time.perf_counter()
    for size, feed in cycle(feeds):
        run(feed)
        done += size
        if (took := time.perf_counter() - began) >= seconds:
            return done / took
    return 0.0


def _served(loaded: Loaded, questions: Sequence[Question], callers: int, seconds: float) -> tuple[float, float]:
    """Messages a second, and messages in a pass. A caller asks again when it has its answer; nothing is remembered."""
    budget_ms = Settings.score_budget_ms
    with closing(Scorer(loaded.classifier, cache=ScoreCache(0), batch_ms=budget_ms / BATCHES)) as scorer:
        uvloop.run(_ask(scorer, questions, callers, seconds / 4))
        before = scorer.status()
        rate = uvloop.run(_ask(scorer, questions, callers, seconds))
        after = scorer.status()
    return rate, (after["scored"] - before["scored"]) / max(1, after["batches"] - before["batches"])


async def _ask(scorer: Scorer, questions: Sequence[Question], callers: int, seconds: float) -> float:
    coming, done, began = cycle(questions), 0, time.perf_counter()

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            answer = (await scorer.score([next(coming)], PATIENT_MS))[0]
            assert isinstance(answer, Scored), answer
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - began)
