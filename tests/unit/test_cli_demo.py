"""The demonstration deletes only what it made, and a figure that is not the truth is never shown as if it were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xundan.demo import MARKER, Demo, prepare
from xundan.demo_report import differing, numbers
from xundan.errors import ConfigError, XundanError
from xundan.settings import load
from xundan.wiring import adapter


def demo(folder: Path, **more: Any) -> Demo:
    values: dict[str, Any] = {"days": 2, "customers": 3, "seed": 1, "port": None, "leave": True}
    return Demo(data_dir=folder, **values | more)


def test_the_folder_is_fresh_each_time(tmp_path: Path) -> None:
    config = prepare(demo(tmp_path / "demo"))
    (tmp_path / "demo" / "log.db").write_text("old")
    first = load(config, environ={})
    second = load(prepare(demo(tmp_path / "demo", overrides={"threshold": "0.5"})), environ={})
    assert not (tmp_path / "demo" / "log.db").exists()
    assert first.coze_secret != second.coze_secret
    assert second.threshold == 0.5
    assert second.data_dir == tmp_path / "demo"
    assert config.stat().st_mode & 0o777 == 0o600


def test_what_it_did_not_make_it_does_not_delete(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(XundanError, match=str(tmp_path)):
        prepare(demo(tmp_path))
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_demo_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    prepare(demo(tmp_path / "demo"))
    with adapter("embedded", "Lock")(tmp_path / "demo"), pytest.raises(ConfigError, match="in use"):
        prepare(demo(tmp_path / "demo"))
    assert (tmp_path / "demo" / MARKER).exists()


def test_the_first_figure_that_differs_is_named() -> None:
    truth = {"20000": {"wrote": 3, "converted": {"paid": [1, 2]}}}
    assert differing(truth, {"20000": {"wrote": 3, "converted": {"paid": [1, 2]}}}) == ""
    assert differing(truth, {"20000": {"wrote": 3, "converted": {"paid": [1, 3]}}}) == "20000.converted.paid[1]: 3, 2"
    assert differing(truth, {}) != ""
    assert numbers(truth) == 3
