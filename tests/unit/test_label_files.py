"""Labels in files: JSON Lines and Label Studio's JSON, out and in again, with what may stand in such files."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xundan.domain.labels import Label, LabelCounts, Marked, Sample
from xundan.domain.ports import Question, Turn
from xundan.domain.records import INTENTS
from xundan.embedded.sqlite_labels import SqliteLabels
from xundan.errors import Rejected
from xundan.label_files import LabelSet, What
from xundan.understand.evaluate import read_labelled
from xundan.understand.label_rows import entries_of, sample_id, to_row
from xundan.understand.label_studio import entry_of, task

NOW = 1_790_000_000_000
ASKED = Question("便宜点", (Turn("agent", "199元哦"),))
ROW = {"text": "便宜点", "context": [{"from": "agent", "text": "199元哦"}], "intent": "bargain", "buy": 1}


@pytest.fixture
def labels(tmp_path: Path) -> Iterator[LabelSet]:
    store = SqliteLabels(tmp_path / "labels.db")
    yield LabelSet(store, "1024", str)
    store.close()


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    os.utime(path, (NOW / 1000, NOW / 1000))
    return path


def exported(labels: LabelSet, form: str = "jsonl", what: What = "human") -> Any:
    out = io.StringIO()
    labels.write(out, form, what)
    if form == "label-studio":
        return json.loads(out.getvalue())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_labels_come_in_once_and_go_out_as_training_reads_them(labels: LabelSet, tmp_path: Path) -> None:
    file = write(tmp_path / "l.jsonl", ROW | {"scene": "s1", "source": "shop"}, {"text": "在吗"})
    taken = labels.bring(file, "jsonl", "小王")
    assert (taken.new, taken.known, taken.human, taken.proposals, taken.rejected) == (2, 0, 1, 0, 0)
    again = labels.bring(file, "jsonl", "小王")
    assert (again.new, again.known, again.human) == (0, 2, 0)
    (row,) = exported(labels)
    own = {"id": sample_id(ASKED), "scene": "s1", "by": "小王", "at": NOW, "source": "human"}
    assert row == ROW | own
    out = write(tmp_path / "out.jsonl", row)
    assert read_labelled(out)[0]._replace(group="") == (ASKED, "bargain", True, "")
    assert labels.bring(out, "jsonl", "").known == 1
    assert labels.labels.counts("1024") == LabelCounts(2, 1, 0, 1)


def test_a_label_without_a_date_is_as_old_as_its_file(labels: LabelSet, tmp_path: Path) -> None:
    old = write(tmp_path / "old.jsonl", ROW)
    new = write(tmp_path / "new.jsonl", ROW | {"intent": "price_query"})
    os.utime(new, (NOW / 1000 + 60, NOW / 1000 + 60))
    assert [labels.bring(file, "jsonl", "ann").human for file in (old, new, old, new)] == [1, 1, 0, 0]
    assert exported(labels)[0]["intent"] == "price_query"


def test_a_dialogue_is_its_customers_turns(labels: LabelSet, tmp_path: Path) -> None:
    turns = [
        {"from": "user", "text": "多少钱", "intent": "price_query", "buy": 1},
        {"from": "agent", "text": "199"},
        {"from": "user", "text": "便宜点", "intent": "bargain", "buy": 1},
    ]
    labels.bring(write(tmp_path / "d.jsonl", {"scene": "s", "turns": turns}, {"turns": turns[:1]}), "jsonl", "")
    first, second = exported(labels)
    assert [turn["text"] for turn in second["context"]] == ["多少钱", "199"]
    assert (first["scene"], second["scene"], first["by"]) == ("s", "s", "import")


def test_personal_data_is_masked_before_it_is_kept(labels: LabelSet, tmp_path: Path) -> None:
    row = ROW | {"text": "打13800138000", "context": [{"from": "user", "text": "a@b.cn 是我"}]}
    labels.bring(write(tmp_path / "l.jsonl", row), "jsonl", "")
    (kept,) = exported(labels)
    assert (kept["text"], kept["context"][0]["text"]) == ("打[手机号1]", "[邮箱1] 是我")
    for file in tmp_path.glob("labels.db*"):
        assert b"13800138000" not in file.read_bytes()


def test_what_cannot_be_used_is_named_and_the_rest_is_taken(labels: LabelSet, tmp_path: Path) -> None:
    bad = [{"text": "x", "intent": "bargain"}, {"text": "x", "intent": "no", "buy": 1}, "{", {"id": "1", "text": "y"}]
    taken = labels.bring(write(tmp_path / "l.jsonl", {"id": "1", "text": "x"}, *bad, ROW), "jsonl", "")
    assert (taken.new, taken.rejected) == (2, 4)
    assert taken.rejects_file
    kept = [json.loads(line)["rejected"] for line in taken.rejects_file.read_text().splitlines()]
    assert [(one["line"], one["reason"][:22]) for one in kept] == [
        (2, "buy is missing"),
        (3, "intent must be one of "),
        (4, "the line is not a JSON"),
        (5, "the id 1 stands for an"),
    ]
    assert labels.bring(write(tmp_path / "m.jsonl", {"id": "1", "text": "z"}), "jsonl", "").rejected == 1


def test_a_proposal_stays_one_and_never_hides_a_persons_label(labels: LabelSet, tmp_path: Path) -> None:
    proposal = {"intent": "invoice", "buy": 0, "by": "some-model", "at": 5}
    rows = (ROW | {"proposal": proposal}, {"text": "x", "proposal": proposal}, {"text": "open"})
    taken = labels.bring(write(tmp_path / "l.jsonl", *rows), "jsonl", "小王")
    assert (taken.human, taken.proposals) == (1, 2)
    assert [row["text"] for row in exported(labels)] == ["便宜点"]
    assert "proposal" not in exported(labels)[0]
    both = exported(labels, what="proposals")
    assert [(row["text"], row["intent"], row["source"]) for row in both] == [
        ("便宜点", "bargain", "human"),
        ("x", "invoice", "proposal"),
    ]
    todo = exported(labels, what="open")
    assert [(row["text"], "intent" in row, "proposal" in row) for row in todo] == [
        ("x", False, True),
        ("open", False, False),
    ]
    labels.bring(write(tmp_path / "again.jsonl", *both, *todo), "jsonl", "小王")
    assert labels.labels.counts("1024") == LabelCounts(3, 1, 2, 2)


def annotation(intent: str, buy: str, **more: Any) -> dict[str, Any]:
    chosen = {"intent": intent, "buy": buy}
    result = [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [value]}, "id": "r"}
        for name, value in chosen.items()
    ]
    return {"result": result} | more


def test_label_studios_export_is_read(labels: LabelSet, tmp_path: Path) -> None:
    data = {"text": "便宜点", "context": [{"from": "agent", "text": "199元哦"}], "scene": "s1"}
    finished = [
        annotation("bargain", "1", completed_by={"id": 3, "email": "w@shop.cn"}, updated_at="2026-11-01T02:03:04.5Z"),
        annotation("invoice", "0", completed_by=4, was_cancelled=True),
        {"result": [], "completed_by": 5},
    ]
    tasks = [
        {"id": 1, "data": data, "annotations": finished, "predictions": [annotation("other", "0", model_version="m")]},
        {"id": 2, "data": {"text": "在吗"}, "annotations": []},
        {"id": 3, "data": {"text": "坏"}, "annotations": [annotation("bargain", "maybe")]},
        {"id": 4, "data": {"text": "半"}, "annotations": [{"result": annotation("bargain", "1")["result"][:1]}]},
        7,
    ]
    taken = labels.bring(write(tmp_path / "ls.json", tasks), "label-studio", "")
    assert (taken.new, taken.human, taken.proposals, taken.rejected) == (2, 1, 1, 3)
    assert taken.rejects_file
    refused = [json.loads(line) for line in taken.rejects_file.read_text().splitlines()]
    refused[0]["annotations"] = []
    assert labels.bring(write(tmp_path / "mended.jsonl", refused[0]), "jsonl", "").new == 1
    (row,) = exported(labels)
    assert (row["by"], row["at"], row["scene"]) == ("w@shop.cn", 1_793_498_584_500, "s1")
    assert exported(labels, what="proposals")[0]["proposal"]["by"] == "m"


def test_label_studios_minimal_export_is_read(labels: LabelSet, tmp_path: Path) -> None:
    more = {"annotator": 3, "annotation_id": 9, "lead_time": 2.5, "updated_at": "2026-11-01T02:03:04Z"}
    rows = [
        {"id": 1, "xundan_id": "k1", "text": "便宜点", "context": [], "intent": "bargain", "buy": "1", **more},
        {"id": 2, "xundan_id": "k2", "text": "在吗", **more},
    ]
    taken = labels.bring(write(tmp_path / "min.json", rows), "label-studio", "")
    assert (taken.new, taken.human, taken.rejected) == (2, 1, 0)
    assert [(row["id"], row["by"]) for row in exported(labels)] == [("k1", "3")]


@pytest.mark.parametrize(
    ("content", "form", "why"),
    [("{}", "label-studio", "no list of tasks"), ("[", "label-studio", "not JSON")],
)
def test_a_file_of_another_kind_is_refused(labels: LabelSet, tmp_path: Path, content: str, form: str, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        labels.bring(write(tmp_path / "x.json", content), form, "")
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(Rejected, match=r"folder|no such"):
            labels.bring(path, form, "")


TEXT = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()) and "\0" not in text)
TURN = st.builds(Turn, st.sampled_from(["user", "agent", "bot"]), TEXT)
QUESTION = st.builds(Question, TEXT, st.lists(TURN, max_size=3).map(tuple))
NAME = st.text("abc小王", min_size=1, max_size=8)
LABEL = {"intent": st.sampled_from(INTENTS), "buy": st.booleans(), "by": NAME, "at": st.integers(1, NOW)}
HUMAN = st.none() | st.builds(Label, source=st.just("human"), **LABEL)
PROPOSAL = st.none() | st.builds(Label, source=st.just("proposal"), **LABEL)


@given(QUESTION, NAME, NAME | st.just(""), HUMAN, PROPOSAL)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_goes_out_comes_in_the_same(
    question: Question, id: str, group: str, human: Label | None, proposal: Label | None
) -> None:

    marked = Marked(Sample(id, question, group), human, proposal)
    row = json.loads(json.dumps(to_row(marked, "beside")))
    (entry,) = entries_of(row, by="?", at=0)
    assert entry == (id, question, group, tuple(label for label in (human, proposal) if label))
    studio = entry_of(json.loads(json.dumps(task(marked, proposals=True))), by="?", at=0)
    assert studio[:3] == (id, question, group)
    said = [(label.intent, label.buy, label.source) for label in studio.labels]
    assert said == [(label.intent, label.buy, label.source) for label in (human, proposal) if label]
