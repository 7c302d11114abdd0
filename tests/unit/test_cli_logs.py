"""Logs are JSON lines that can be searched, and never hold what an error's text held."""

from __future__ import annotations

import json
import logging

from xundan.logs import JsonLines


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("xundan.x", logging.WARNING, "file.py", 7, "took %d", (3,), None)
    vars(made).update(extra)
    return made


def test_a_record_is_one_line_with_its_action() -> None:
    line = JsonLines().format(record(action="taken", shop="询单"))
    assert "\n" not in line
    said = json.loads(line)
    assert said["message"] == "took 3"
    assert (said["level"], said["action"], said["shop"]) == ("warning", "taken", "询单")
    assert said["time"].endswith("+00:00")


def test_of_an_error_only_kind_and_places_are_told() -> None:
    try:
        raise ValueError("13800138000")
    except ValueError as error:
        line = JsonLines().format(record(exc_info=(type(error), error, error.__traceback__)))
    assert "13800138000" not in line
    said = json.loads(line)
    assert said["error"] == "ValueError"
    assert said["at"][0].startswith("test_cli_logs.py:")
