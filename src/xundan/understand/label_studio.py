"""Label Studio: samples as tasks with the choices `intent` and `buy`; its exports, JSON and JSON-MIN, as entries.

The labelling configuration that goes with it is in docs/labels.md. Format: labelstud.io/guide/task_format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from xundan.domain.labels import Label, LabelSource, Marked
from xundan.errors import Rejected
from xundan.understand.label_rows import Entry, entries_of, instant, label_of, turns
from xundan.understand.labelled import Row

KEY = "xundan_id"
"""Where a task carries the sample's id; `id` is Label Studio's own."""


def task(marked: Marked, *, proposals: bool) -> dict[str, Any]:
    """A sample as a task: a person's label as its annotation, with `proposals` a proposal as its prediction."""
    sample = marked.sample
    data: dict[str, Any] = {KEY: sample.id, "text": sample.question.text, "context": turns(sample.question)}
    made: dict[str, Any] = {"data": data | ({"scene": sample.group} if sample.group else {})}
    if marked.human:
        made["annotations"] = [{"result": _result(marked.human)}]
    if proposals and marked.proposal:
        made["predictions"] = [{"model_version": marked.proposal.by, "result": _result(marked.proposal)}]
    return made


def _result(label: Label) -> list[dict[str, Any]]:
    chosen = {"intent": label.intent, "buy": str(int(label.buy))}
    return [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
        for name, choice in chosen.items()
    ]


def tasks_in(document: bytes) -> list[Any]:
    """The tasks of an export. Raises `Rejected` where it is none."""
    try:
        tasks = json.loads(document)
    except (ValueError, RecursionError):
        raise Rejected("the file is not JSON; export from Label Studio as JSON or JSON-MIN") from None
    if not isinstance(tasks, list):
        raise Rejected("the file is no list of tasks; export from Label Studio as JSON or JSON-MIN")
    return tasks


def entry_of(task: object, *, by: str, at: int) -> Entry:
    """A task as an entry, with the labels of everybody who finished it. Raises `Rejected`.

    Args:
        by: who labelled, where the task does not say. `at`: when, UTC ms, likewise.
    """
    if not isinstance(task, dict):
        raise Rejected("the task is not a JSON object")
    data = task.get("data")
    if not isinstance(data, dict):
        return _minimal(task, by, at)
    labels = [*_said(task, "annotations", "human", by, at), *_said(task, "predictions", "proposal", by, at)]
    return _entry(data, by, at)._replace(labels=tuple(labels))


def _minimal(task: Row, by: str, at: int) -> Entry:
    """A task of JSON-MIN: data and choices side by side; one without choices was not labelled."""
    entry = _entry(task, by, at)
    if task.get("intent") is None and task.get("buy") is None:
        return entry
    who = _person(task.get("annotator")) or by
    when = instant(task.get("updated_at"), at)
    return entry._replace(labels=(label_of(_chosen(task), "human", who, when),))


def _entry(data: Row, by: str, at: int) -> Entry:
    row = {name: data.get(name) for name in ("text", "context", "scene", "session")} | {"id": data.get(KEY)}
    return next(entries_of(row, by=by, at=at))


def _said(task: Row, field: str, source: LabelSource, by: str, at: int) -> Iterator[Label]:
    """Labels of annotations or predictions; those that were skipped or left empty are none."""
    for one in task.get(field) or ():
        if not isinstance(one, dict) or one.get("was_cancelled") or not one.get("result"):
            continue
        chosen = {str(part.get("from_name")): _choice(part) for part in one["result"] if isinstance(part, dict)}
        if chosen.keys().isdisjoint(("intent", "buy")):
            continue
        who = str(one.get("model_version") or "") if source == "proposal" else _person(one.get("completed_by"))
        when = instant(one.get("updated_at") or one.get("created_at"), at)
        yield label_of(_chosen(chosen), source, who[:256] or by, when)


def _choice(part: Row) -> object:
    value = part.get("value")
    choices = value.get("choices") if isinstance(value, dict) else None
    return choices[0] if isinstance(choices, list) and len(choices) == 1 else None


def _chosen(row: Row) -> dict[str, Any]:
    """The two choices as our fields: Label Studio knows no numbers."""
    buy = row.get("buy")
    return {"intent": row.get("intent"), "buy": {"0": 0, "1": 1}.get(buy, buy) if isinstance(buy, str) else buy}


def _person(who: object) -> str:
    """An annotator as Label Studio names one: a number, an address, or an object with either."""
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return "" if who is None else str(who)
