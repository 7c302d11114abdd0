"""Chat records for the commands that read them: where the text comes from, and what was found in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xundan.errors import XundanError
from xundan.words import say

if TYPE_CHECKING:
    from xundan.receive.files_table import Table

CHAT_FORMS = ("qianniu-text", "jd-text", "chat-text")
SENDERS = ("user", "agent", "bot")
STDIN = "-"
_CLIPBOARDS = (
    ("wl-paste", "--no-newline"),
    ("xclip", "-selection", "clipboard", "-out"),
    ("xsel", "--clipboard", "--output"),
    ("pbpaste",),
    ("powershell.exe", "-NoProfile", "-Command", "[Console]::OutputEncoding=[Text.Encoding]::UTF8; Get-Clipboard -Raw"),
)
"""Programs that print the clipboard, the first that is installed."""

CLIPBOARD_S = 10


@dataclass(frozen=True)
class ChatRecord:
    """How chat records are read; `tally` counts what was in them."""

    form: Any
    agents: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    customer: str = ""
    tally: Counter[str] = field(default_factory=Counter)

    def open(self, path: Path) -> AbstractContextManager[Table]:
        """A record as an open table. Raises `Rejected` as `open_chat` does."""
        from xundan.receive.chat_text import open_chat
        from xundan.receive.chat_who import Cast

        return open_chat(path, form=self.form, cast=Cast(self.agents, self.bots, self.customer), tally=self.tally)

    def told(self) -> str:
        """What was read, in one sentence."""
        from xundan.receive.chat_body import KINDS

        return say("chat.told", **{kind: self.tally[kind] for kind in (*SENDERS, *KINDS)})


@contextmanager
def at_hand(files: Sequence[Path], *, paste: bool) -> Iterator[tuple[list[Path], Path | None]]:
    """The files, standard input (`-`) and the clipboard among them copied to disk, for a record is read twice.

    The second value is where their rejects files go: here, for a copy is gone afterwards; None without a copy.
    Raises `XundanError` where there is no clipboard.
    """
    if not paste and STDIN not in map(str, files):
        yield list(files), None
        return
    with tempfile.TemporaryDirectory(prefix="xundan-") as folder:
        paths = [path if str(path) != STDIN else _copied(Path(folder) / "stdin.txt") for path in files]
        if paste:
            clipboard = Path(folder) / "clipboard.txt"
            clipboard.write_bytes(_clipboard())
            paths.append(clipboard)
        yield paths, Path()


def _copied(path: Path) -> Path:
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _clipboard() -> bytes:
    for program, *arguments in _CLIPBOARDS:
        found = shutil.which(program)
        if found:
            try:
                return subprocess.run(  # noqa: S603  # a program of the list above, without anything of the user's
                    [found, *arguments], capture_output=True, check=True, timeout=CLIPBOARD_S
                ).stdout
            except (OSError, subprocess.SubprocessError):
                continue
    raise XundanError(say("chat.no_clipboard"))
