"""What a report is asked for, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from xundan.domain.calendar import DAY, day_name, day_number, day_of, day_start
from xundan.domain.ports import GROUPINGS
from xundan.domain.rules import SALE_RULES, WINDOWS, Rules, SaleRule
from xundan.errors import Rejected

Unit = Literal["inquiry", "conversation"]
UNITS: tuple[str, ...] = get_args(Unit)
BY: tuple[str, ...] = ("day", *GROUPINGS[1:])
MAX_DAYS = 400
DEFAULT_DAYS = 14
LAST_DAY = day_number("2199-12-31")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """One report: the days first..last (numbers, both included) of a shop, its figures judged as of an instant.

    `as_of` (UTC ms) decides what is mature; it does not hide facts that came later. Raises `Rejected` naming the
    field as it is called on the wire: from, to, rule, window, as_of, unit, by.
    """

    shop: str
    first_day: int
    last_day: int
    as_of: int
    rule: SaleRule = "paid"
    window: int = 2
    unit: Unit = "inquiry"
    by: str = "day"

    def __post_init__(self) -> None:
        for field, day in (("from", self.first_day), ("to", self.last_day)):
            if not 0 <= day <= LAST_DAY:
                raise Rejected(f"{field} must be a day from 1970 to 2199", field=field)
        if self.first_day > self.last_day:
            raise Rejected(f"from ({day_name(self.first_day)}) is after to ({day_name(self.last_day)})", field="from")
        if self.days > MAX_DAYS:
            raise Rejected(f"a report covers at most {MAX_DAYS} days, not {self.days}", field="from")
        if not 0 <= self.as_of <= (LAST_DAY + 1) * DAY:
            raise Rejected("as_of must be an instant from 1970 to 2199", field="as_of")
        _one_of("rule", self.rule, SALE_RULES)
        _one_of("unit", self.unit, UNITS)
        _one_of("by", self.by, BY)
        if not 1 <= self.window <= WINDOWS:
            raise Rejected(f"window must be a whole number of days from 1 to {WINDOWS}", field="window")

    @property
    def days(self) -> int:
        return self.last_day - self.first_day + 1


def parse_query(shop: str, given: Mapping[str, str | None], rules: Rules, now: int) -> ReportQuery:
    """A query from the texts of a URL or a command line; what is missing or empty takes its default.

    Args:
        given: from, to (`2026-11-24`), as_of (UTC ms, ISO 8601, or a day: its end, for today now), rule, window,
            unit, by. By default: the fortnight up to the day of `as_of`, the shop's own rule and window, inquiries,
            by day.
        now: UTC ms; the default of `as_of`, and the latest it may be.

    Raises `Rejected` naming the field.
    """
    words = {field: text for field, text in given.items() if text}
    as_of = _instant(words["as_of"], rules.zone, now) if "as_of" in words else now
    last = _day("to", words["to"]) if "to" in words else rules.day(as_of - 1)
    first = _day("from", words["from"]) if "from" in words else last - DEFAULT_DAYS + 1
    return ReportQuery(
        shop=shop,
        first_day=first,
        last_day=last,
        as_of=as_of,
        rule=words.get("rule", rules.attribution_rule),  # type: ignore[arg-type]  # checked by ReportQuery
        window=_window(words["window"]) if "window" in words else rules.attribution_window,
        unit=words.get("unit", "inquiry"),  # type: ignore[arg-type]  # checked by ReportQuery
        by=words.get("by", "day"),
    )


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Rejected(f"{field} must be one of {', '.join(allowed)}", field=field)


def _window(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Rejected(f"window must be a whole number of days from 1 to {WINDOWS}", field="window") from None


def _day(field: str, text: str) -> int:
    try:
        return day_number(text)
    except ValueError:
        raise Rejected(f"{field} must be a day such as 2026-11-24", field=field) from None


def _instant(text: str, zone: str, now: int) -> int:
    try:
        instant = _read_instant(text, zone, now)
    except (ValueError, OverflowError):
        expected = "as_of must be UTC milliseconds, a day, or a time such as 2026-11-24T18:00+08:00"
        raise Rejected(expected, field="as_of") from None
    if not 0 <= instant <= now:
        raise Rejected("as_of must not lie in the future: what has not ended cannot be mature", field="as_of")
    return instant


def _read_instant(text: str, zone: str, now: int) -> int:
    try:
        day = day_number(text)
    except ValueError:
        pass
    else:
        return now if day == day_of(now, zone) else day_start(day + 1, zone)
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)
