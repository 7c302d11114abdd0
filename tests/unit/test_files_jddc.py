"""Replaying the JDDC corpus: a made-up file in its format, and the real one where it is there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from xundan.domain.calendar import DAY
from xundan.domain.ports import Append
from xundan.domain.records import Message
from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.files_table import Row
from xundan.receive.imports import import_files
from xundan.receive.intake import Outcome
from xundan.receive.jddc import LONGEST_MS, open_jddc, read_jddc

START = 1_794_240_000_000
LINES = [
    "s1\tUSERID_1\t0\t0\t0\tnan\t你好",
    "s1\tUSERID_1\t1\t0\t0\tnan\t有什么可以帮您",
    "s1\tUSERID_1\t0\t0\t1\t6889213\t这款还有货吗\t有吗",
    "s2\tUSERID_2\t0\t0\t0\t0\t你好",
]


def corpus(tmp_path: Path, lines: Sequence[str] = LINES) -> Path:
    path = tmp_path / "chats.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path, *, start: int = START, seed: int = 0) -> list[Row]:
    return list(read_jddc(path, start=start, seed=seed))


def test_each_turn_becomes_a_message(tmp_path: Path) -> None:
    rows = read(corpus(tmp_path))
    assert [row.line for row in rows] == [1, 2, 3, 4]
    assert [row.values["from"] for row in rows] == ["user", "agent", "user", "user"]
    assert [row.values["product_id"] for row in rows] == [None, None, "6889213", None]
    assert [row.values["conversation_id"] for row in rows] == ["s1", "s1", "s1", "s2"]
    assert rows[2].values["text"] == "这款还有货吗\t有吗"
    assert len({str(row.values["message_id"]) for row in rows}) == 4


def test_ids_are_the_files_and_times_the_seeds(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    first, again = read(path), read(path)
    assert first == again
    for other in (read(path, seed=1), read(path, start=START + DAY)):
        assert [r.values["message_id"] for r in other] == [r.values["message_id"] for r in first]
        assert [r.values["ts"] for r in other] != [r.values["ts"] for r in first]


def test_a_sessions_times_do_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    whole = read(corpus(tmp_path))
    (alone,) = read(corpus(tmp_path, LINES[3:]))
    assert alone.values == whole[3].values


def test_a_second_replay_is_all_duplicates(tmp_path: Path) -> None:
    seen: set[tuple[str, str, str]] = set()

    def sink(items: Sequence[Append]) -> list[Outcome]:
        outcomes = [Outcome("duplicate" if i.fact.identity in seen else "accepted", i.fact) for i in items]
        seen.update(item.fact.identity for item in items)
        return outcomes

    def run(seed: int) -> tuple[int, int, int]:
        opener = partial(open_jddc, start=START, seed=seed)
        paths = [corpus(tmp_path)]
        counts = import_files(
            "messages", paths, shop="1", rules=Rules(), sink=sink, clock=lambda: START + 20 * DAY, opener=opener
        )
        return counts.accepted, counts.duplicate, counts.rejected

    assert (run(0), run(7)) == ((4, 0, 0), (0, 4, 0))


def test_another_file_is_one_sentence_and_a_bad_line_costs_itself(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"chats\.tsv: this is not the JDDC format"):
        read(corpus(tmp_path, ["user_id,text"]))
    with pytest.raises(Rejected, match="no such file"):
        read(tmp_path / "none.tsv")
    rows = read(corpus(tmp_path, [LINES[0], "broken", *LINES[1:]]))
    assert [row.fault is None for row in rows] == [True, False, True, True, True]


@pytest.mark.shared
def test_the_real_corpus_is_replayed_whole(shared: Path) -> None:
    taken: list[Message] = []

    def sink(items: Sequence[Append]) -> list[Outcome]:
        taken.extend(item.fact for item in items if isinstance(item.fact, Message))
        return [Outcome("accepted", item.fact) for item in items]

    opener = partial(open_jddc, start=START, seed=0)
    path = shared / "real_chats.tsv"
    counts = import_files(
        "messages", [path], shop="1", rules=Rules(), sink=sink, clock=lambda: START + 20 * DAY, opener=opener
    )
    assert (counts.accepted, counts.rejected, counts.faults) == (12_136, 0, [])
    assert len({message.identity for message in taken}) == 12_136
    sessions: dict[str | None, list[int]] = defaultdict(list)
    for message in taken:
        sessions[message.conversation_id].append(message.ts)
    assert len(sessions) == 994
    for times in sessions.values():
        gaps = [b - a for a, b in pairwise(times)]
        assert all(0 <= gap <= LONGEST_MS for gap in gaps), "one session is one conversation"
    assert len({(times[0] - START) // DAY for times in sessions.values()}) == 14


@pytest.mark.shared
def test_pauses_are_like_those_of_real_dialogues(shared: Path) -> None:
    """Within a factor of two of the medians of dialogues with timestamps, by who spoke and who speaks."""
    real: dict[tuple[str, str], list[float]] = defaultdict(list)
    text = (shared / "presale_with_timestamps.md").read_text(encoding="utf-8")
    for block in re.findall(r"```json(.*?)```", text, re.DOTALL):
        turns = re.findall(r'"time":\s*"([^"]+)",\s*"sender_type":\s*"([^"]+)"', block)
        for (before, who), (after, other) in pairwise(turns):
            pause = datetime.fromisoformat(after) - datetime.fromisoformat(before)
            real[_sender(who), _sender(other)].append(pause.total_seconds())
    made: dict[tuple[str, str], list[float]] = defaultdict(list)
    rows = read(shared / "real_chats.tsv")
    for a, b in pairwise(rows):
        if a.values["conversation_id"] == b.values["conversation_id"]:
            pair = (str(a.values["from"]), str(b.values["from"]))
            made[pair].append((int(str(b.values["ts"])) - int(str(a.values["ts"]))) / 1000)
    both = real.keys() & made.keys()
    assert both >= {("user", "agent"), ("agent", "user")}
    for pair in both:
        assert 0.5 < median(made[pair]) / median(real[pair]) < 2, pair


def _sender(word: str) -> str:
    return {"用户": "user", "客服": "agent"}[word]
