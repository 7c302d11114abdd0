"""Which characters a text file is written in: UTF-8, GB18030 (with GBK in it), or UTF-16 with a byte-order mark."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from xundan.errors import Rejected

CHUNK = 1 << 16
ENOUGH = 1 << 18
"""Bytes around non-ASCII characters that are looked at; a file of plain ASCII is looked through to its end."""

LINE_CHARS = 1 << 20

_BROKEN = re.compile("[\udc80-\udcff]")
_WIDE = re.compile("[\u0800-\ud7ff\ue000-\U0010ffff]")
_NOT_LATIN = re.compile("[\u0250-\u07ff]")
_ASCII = bytes(range(128))
_MOST_BROKEN_GB = 0.05


def encoding_of(path: Path) -> str:
    """The codec's name, for `open_text`.

    UTF-8 text hardly ever is anything else, and GBK text hardly ever holds a valid three-byte UTF-8 sequence, so the
    wide characters decide; a file with a few broken bytes keeps its encoding, and only their rows are refused.

    Raises:
        Rejected: the file is not text, or in neither encoding.
    """
    with path.open("rb") as file:
        head = file.read(CHUNK)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if b"\0" in head:
            raise Rejected("the file is not a text table; save it as CSV (UTF-8) or .xlsx")
        file.seek(0)
        return _judge(_telling(file))


def open_text(path: Path) -> TextIO:
    """The file as text with its line ends as they are. Broken bytes become lone surrogates, which no field may hold."""
    encoding = encoding_of(path)
    errors = {"utf-16": "strict", "gb18030": "xundan-gbk"}.get(encoding, "surrogateescape")
    return path.open(encoding=encoding, errors=errors, newline="")


def lines_of(file: TextIO) -> Iterator[str]:
    """The lines of a file. Raises `Rejected` at one too long to be a row, so that no file can fill the memory."""
    while line := file.readline(LINE_CHARS):
        if len(line) == LINE_CHARS:
            raise Rejected("a line is longer than a million characters; this is no table of rows")
        yield line


def share_read(file: TextIO, size: int) -> float:
    """How much of a file of `size` bytes has been read, 0 to 1."""
    return min(1.0, file.buffer.tell() / size) if size else 1.0


def _telling(file: BinaryIO) -> bytes:
    """The parts of a file that hold more than ASCII, each with the part after it, for a character may span both."""
    parts: list[bytes] = []
    size, wanted = 0, False
    while size < ENOUGH and (chunk := file.read(CHUNK)):
        telling = not chunk.isascii()
        if telling or wanted:
            parts.append(chunk)
            size += len(chunk)
        wanted = telling
    return b"".join(parts)


def _judge(sample: bytes) -> str:
    text = sample.decode("utf-8", "surrogateescape")
    broken, wide = _count(_BROKEN, text), _count(_WIDE, text)
    if wide > broken or (not broken and not _NOT_LATIN.search(text)):
        return "utf-8"
    broken = _count(_BROKEN, sample.decode("gb18030", "xundan-gbk"))
    if broken > 1 + _MOST_BROKEN_GB * len(sample.translate(None, _ASCII)):
        raise Rejected("the file is written neither in UTF-8 nor in GBK; save it as CSV (UTF-8)")
    return "gb18030"


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _windows_gbk(error: UnicodeError) -> tuple[str, int]:
    """Windows' GBK has the euro sign at 0x80, which GB18030 lacks; what else is broken becomes a lone surrogate."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    return ("€" if byte == 0x80 else chr(0xDC00 + byte) if byte > 0x7F else "\ufffd"), error.start + 1


codecs.register_error("xundan-gbk", _windows_gbk)
