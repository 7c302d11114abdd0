"""The rule that a missing part of the machine is a reason to skip, or a failure where it is required."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def helper() -> ModuleType:
    """A copy of the helper of its own, so that nothing here reaches other tests."""
    spec = importlib.util.spec_from_file_location("helper", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_missing_part_skips_for_one_clear_reason(
    helper: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(helper, "SHARED", tmp_path)
    monkeypatch.setenv("XUNDAN_REQUIRE", "browser")
    with pytest.raises(pytest.skip.Exception, match=r"no folder of real chats at .* \(set XUNDAN_SHARED\)"):
        helper.require("shared")


def test_a_missing_part_fails_where_it_is_required(
    helper: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(helper, "SHARED", tmp_path)
    monkeypatch.setenv("XUNDAN_REQUIRE", "browser, shared")
    with pytest.raises(pytest.fail.Exception, match="XUNDAN_REQUIRE names shared, but: no folder"):
        helper.require("shared")


def test_a_part_that_is_there_is_used(helper: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(helper, "SHARED", tmp_path)
    helper.require("shared")
