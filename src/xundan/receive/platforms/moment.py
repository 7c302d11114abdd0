"""When a file was exported: as its banner says, else its name, else when the file was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from xundan.domain.calendar import DAY
from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.instants import instant

_BANNER = re.compile(
    r"(?:导出|生成|下载)(?:时间|日期)[:：\s]*(\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: +\d{1,2}:\d\d(?::\d\d)?)?)"
)
_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.年]?([01]\d)[-_.月]?([0-3]\d)日?"
    r"(?:[-_. T]*([0-2]\d)[-_.:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?)?(?!\d)"
)


class Moment(NamedTuple):
    """UTC ms, and whether the file itself says it: else a copy of the file has another."""

    at: int
    said: bool


def exported_at(path: Path, banner: Iterable[str], rules: Rules, now: int) -> Moment:
    """Never later than now. A day without an hour is its end: what the file holds may be of that day."""
    for text in banner:
        match = _BANNER.search(text)
        if match and (at := _read(match[1], rules, now)):
            return Moment(at, said=True)
    for year, month, day, *clock in reversed(_NAME.findall(path.stem)):
        hour, minute, second = (part or "00" for part in clock)
        time = f" {hour}:{minute}:{second}" if clock[0] else ""
        if at := _read(f"{year}-{month}-{day}{time}", rules, now):
            return Moment(at, said=True)
    return Moment(min(now, path.stat().st_mtime_ns // 1_000_000), said=False)


def _read(text: str, rules: Rules, now: int) -> int | None:
    try:
        at = instant(text, received=now, source="import", rules=rules)
    except Rejected:
        return None
    return min(now, at if ":" in text else at + DAY - 1000)
