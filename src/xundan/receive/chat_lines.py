"""The lines of a chat record as people copy and save it: who wrote when, and what the platform itself put between."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

_DAY = r"(?P<y>\d{4})(?:-|/|\.|年)(?P<mo>\d{1,2})(?:-|/|\.|月)(?P<d>\d{1,2})日?"
_CLOCK = r"(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.:]\d{1,3})?)?"
_WHEN = rf"{_DAY}(?:\s*(?:星期|周)[一二三四五六日天])?\s+{_CLOCK}"
_MARKS = "已读|未读|发送中|已送达|送达"
_NAME = r"(?P<who>[^\s()（）,，。？?！!]{1,64}?)"
_TO = r"(?:\s*(?:-->|->|→)\s*(?P<to>[^\s()（）]{1,64}?))?"

_HEADS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"{_NAME}{_TO}\s*[(（\[]?{_WHEN}[)）\]]?(?:\s*[:：])?(?:\s+(?:{_MARKS}))?",
        rf"{_NAME}{_TO}\s*[(（\[]{_WHEN}[)）\]]\s*[:：]\s*(?P<text>.*)",
        rf"[(（\[]?{_WHEN}[)）\]]?\s+{_NAME}{_TO}(?:(?:：|:\s|\t)\s*(?P<text>.*)|[:：]?)",
        rf"{_WHEN}[\t,，|]\s*{_NAME}[\t,，|]\s*(?P<text>.*)",
    )
)
"""Name and time; name, time and text; time and name, with or without text; the three between commas or tabs."""

_BARE_TIME = re.compile(rf"[(（\[]?{_WHEN}[)）\]]?", re.ASCII)
_BARE_NAME = re.compile(_NAME, re.ASCII)
_DAY_LINE = re.compile(rf"[-=—\s]*{_DAY}(?:\s*(?:星期|周)[一二三四五六日天])?[-=—\s]*", re.ASCII)
_SHORT_HEAD = re.compile(rf"{_NAME}\s+(?P<h>\d{{1,2}}):(?P<mi>\d{{2}}):(?P<s>\d{{2}})", re.ASCII)
_LABEL = re.compile(r"(?:时间|日期|截止|有效期|期限|[:：])$")
_PARTNERS = (
    re.compile(r"[-=—*\s]*(?:我)?(?:与|和)\s*(?P<who>\S+?)\s*的(?:聊天|对话|会话)(?:记录|内容)?.*"),
    re.compile(r"(?:聊天对象|联系人|会话对象|对话对象|顾客|客户|买家)(?:昵称|账号|旺旺|ID|id)?\s*[:：]\s*(?P<who>\S+)"),
    re.compile(r"[-=—]{3,}\s*(?P<who>[^\s=—-]\S*?)\s*[-=—]{3,}"),
)
_WITHDRAWN = re.compile(r"(?P<who>\S+?)?\s*撤回了?一条消息[。.]?(?:\s*重新编辑)?")
_TRANSFER = re.compile(
    r"(?:系统(?:消息|提示)?[:：]?\s*)?"
    r"(?:由\s*\S+\s*转[交接](?:给|至)\s*\S+.*|\S{0,12}会话(?:已|被)?转[交接].*|\S+\s+转[交接](?:给|至)\s+\S+)"
)
_NOISE = re.compile(r"原因[:：]【.*】|当前用户来自.*|以(?:上|下)(?:为|是).*(?:消息|记录).*")
_FRAME = re.compile(
    r"[-=—*_\s]{3,}|.{0,30}(?:聊天|消息)记录|导出时间[:：].*|(?:查看)?(?:更多|历史)消息|没有更多消息了?"
)
MARKS = frozenset(_MARKS.split("|"))
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"))


class Head(NamedTuple):
    """The line above a message. `when` is local time `2024-01-01 10:00:00`, "" where there is no such instant.

    `to` is the receiver where the line names one, `text` what stands in the same line.
    """

    who: str
    when: str
    to: str = ""
    text: str = ""


def plain(line: str) -> str:
    """A line without its end and without the invisible characters that come along when text is copied."""
    return line.rstrip("\r\n").translate(_INVISIBLE).strip()


def head_of(line: str) -> Head | None:
    """The head of a message, None where the line is none."""
    if ":" not in line:
        return None
    for pattern in _HEADS:
        found = pattern.fullmatch(line)
        if found and not _LABEL.search(found["who"]):
            parts = found.groupdict()
            return Head(
                plain_name(found["who"]), _when(parts), plain_name(parts.get("to") or ""), parts.get("text") or ""
            )
    return None


def short_head_of(line: str, day: str) -> Head | None:
    """A head that leaves the day to a line above (`day`, "" where none was seen)."""
    found = _SHORT_HEAD.fullmatch(line) if day else None
    if found is None or _LABEL.search(found["who"]):
        return None
    y, mo, d = day.split("-")
    return Head(plain_name(found["who"]), _when({**found.groupdict(), "y": y, "mo": mo, "d": d}))


def bare_time_of(line: str) -> str | None:
    """The time on a line that holds nothing else, "" where it is no instant, None where the line is another."""
    found = _BARE_TIME.fullmatch(line)
    return _when(found.groupdict()) if found else None


def is_name(line: str) -> bool:
    """Whether a line may be the name above a bare time."""
    return bool(_BARE_NAME.fullmatch(line)) and not _LABEL.search(line)


def day_of_line(line: str) -> str | None:
    """`2024-01-01` for a line that holds only a day."""
    found = _DAY_LINE.fullmatch(line)
    if found is None:
        return None
    return _when({**found.groupdict(), "h": "0", "mi": "0", "s": "0"})[:10] or None


def partner_of(line: str) -> str | None:
    """The customer whom a heading names, as in 与 tb8830017 的聊天记录."""
    for pattern in _PARTNERS:
        found = pattern.fullmatch(line)
        if found:
            return plain_name(found["who"])
    return None


def withdrawer_of(line: str) -> str | None:
    """Who withdrew a message, "" where the line does not name them, None where it is no such note."""
    found = _WITHDRAWN.fullmatch(line)
    if found is None:
        return None
    who = found["who"] or ""
    return "" if who in ("你", "您", "对方", "我") else plain_name(who)


def is_transfer(line: str) -> bool:
    """Whether the platform notes here that the chat went to another agent."""
    return bool(_TRANSFER.fullmatch(line))


def is_noise(line: str) -> bool:
    """Whether the line is the platform's own and says nothing that counts."""
    return bool(_NOISE.fullmatch(line))


def is_frame(line: str) -> bool:
    """Whether the line is a title or a rule; right below a head it may be what somebody wrote."""
    return bool(_FRAME.fullmatch(line))


def plain_name(name: str) -> str:
    """A name without brackets around it and without the prefix of old exports."""
    name = name.strip().removeprefix("cntaobao")
    return name[1:-1] if len(name) > 2 and name[0] + name[-1] in ("[]", "【】", "<>", "《》") else name


def _when(parts: dict[str, str]) -> str:
    numbers = (int(parts[name] or 0) for name in ("y", "mo", "d", "h", "mi", "s"))
    try:
        return datetime(*numbers).isoformat(" ")  # type: ignore[arg-type]
    except ValueError:
        return ""
