"""The three forms of a report."""

from __future__ import annotations

from xundan.measure.as_csv import to_csv
from xundan.measure.as_json import SCHEMA, json_schema, to_json
from xundan.measure.as_text import to_text

__all__ = ["SCHEMA", "json_schema", "to_csv", "to_json", "to_text"]
