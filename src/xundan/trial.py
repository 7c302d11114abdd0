"""`xundan try ORDERS CHATS`: what Xundan finds in a shop's own files, without settings, leaving nothing behind."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from xundan.commands.chats import ChatRecord
from xundan.commands.progress import file_bars, wait_until_done
from xundan.config_file import new_secret, toml_lines, write_private
from xundan.errors import ConfigError
from xundan.settings import FILE, Settings, load
from xundan.trial_ledger import Ledger
from xundan.words import say, translate

if TYPE_CHECKING:
    from xundan.domain.effects import Conversation
    from xundan.domain.ports import Store
    from xundan.domain.rules import Rules
    from xundan.measure.report import Report
    from xundan.receive.files_columns import Kind
    from xundan.receive.files_table import Table
    from xundan.receive.imports import FileCount
    from xundan.receive.letters import Refused
    from xundan.receive.services import Services

SHOP = "try"
LATEST = 5_000
"""Conversations that are looked through for customers who have not ordered."""

MOST = 10


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What to try: the files, how chat records are read, where to keep the data (None: nowhere)."""

    orders: Path
    chats: Sequence[Path]
    record: ChatRecord
    keep: Path | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was found. `report` is None where there are no chats or no orders."""

    settings: Settings
    ledger: Ledger
    files: list[tuple[str, FileCount]]
    refused: Counter[str]
    report: Report | None
    hopes: list[Conversation]


def run(trial: Trial) -> bool:
    """Try it and print what was found; whether every file could be read."""
    from xundan.trial_text import told

    with _folder(trial.keep) as folder:
        config = folder / FILE
        lines = {"shop_id": SHOP, "coze_secret": new_secret(), "profile": "embedded", "data_dir": str(folder / "data")}
        write_private(config, toml_lines(lines))
        settings = load(config, environ={}, override=trial.overrides)
        with Ledger(_offset(settings.zone)) as ledger:
            tried = _tried(trial, settings, folder, ledger)
            print("\n".join(told(tried)))
        print(say("try.kept", path=folder, config=config) if trial.keep else say("try.gone"))
    return not any(count.fault for _, count in tried.files)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="xundan-try-") as folder:
            yield Path(folder)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise ConfigError(say("try.not_empty", path=keep))
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()


def _offset(zone: str) -> int:
    offset = datetime.now(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _tried(trial: Trial, settings: Settings, folder: Path, ledger: Ledger) -> Tried:
    from xundan.wiring import open_services

    refused: Counter[str] = Counter()
    with open_services(settings) as services, file_bars() as show:
        bring = partial(_bring, services, ledger, refused, folder, show)
        files = [("orders", count) for count in bring("orders", [trial.orders], partial(open_orders, settings.rules))]
        files += [("chats", count) for count in bring("messages", trial.chats, partial(open_chats, trial.record))]
        wait_until_done(services.runner)
        some = ledger.chats.count and ledger.orders.count
        return Tried(
            settings=settings,
            ledger=ledger,
            files=files,
            refused=refused,
            report=_report(services, ledger) if some else None,
            hopes=hopes(services.store, settings.threshold) if some else [],
        )


def _bring(
    services: Services,
    ledger: Ledger,
    refused: Counter[str],
    folder: Path,
    show: Callable[[FileCount], object],
    kind: Kind,
    paths: Sequence[Path],
    opener: Callable[[Path], AbstractContextManager[Table]],
) -> list[FileCount]:
    from xundan.receive.imports import import_files

    def note(letters: Sequence[Refused]) -> None:
        refused.update(translate(letter.rejected.reason) for letter in letters)

    settings = services.settings
    return import_files(
        kind,
        paths,
        shop=settings.shop_id,
        rules=settings.rules,
        sink=ledger.noting(services.intake.take_now),
        rejects=note,
        progress=show,
        clock=_now,
        opener=opener,
        rejects_dir=folder,
        translate=translate,
    ).files


def open_orders(rules: Rules, path: Path) -> AbstractContextManager[Table]:
    """Orders in any format that is known: Xundan's own tables, and the platforms' exports."""
    from xundan.receive.platforms import table

    return table.open_orders(path, rules=rules, clock=_now)


def open_chats(record: ChatRecord, path: Path) -> AbstractContextManager[Table]:
    """Chats as a record or as a table, told apart by what is in the file."""
    from xundan.receive.chat_text import is_chat
    from xundan.receive.files import open_table

    return record.open(path) if is_chat(path) else open_table(path)


def _report(services: Services, ledger: Ledger) -> Report:
    """The report of the days with chats, as of the last fact: nobody knows what came after."""
    from xundan.measure.query import MAX_DAYS
    from xundan.measure.report import ReportQuery

    rules = services.settings.rules
    last = rules.day(ledger.chats.last)
    query = ReportQuery(
        shop=SHOP,
        first_day=max(rules.day(ledger.chats.first), last - MAX_DAYS + 1),
        last_day=last,
        as_of=min(_now(), max(ledger.chats.last, ledger.orders.last) + 1),
        rule=rules.attribution_rule,
        window=rules.attribution_window,
    )
    made: Any = services.report(query)
    report: Report = made
    return report


def hopes(store: Store, threshold: float) -> list[Conversation]:
    """The best conversation of each customer without any order whose best is of high intent, the highest first."""
    best: dict[str, Conversation] = {}
    for chat in store.recent_conversations(SHOP, LATEST):
        score = chat.buy_score or 0.0
        if score >= threshold and (chat.user_id not in best or score > (best[chat.user_id].buy_score or 0.0)):
            best[chat.user_id] = chat
    ranked = sorted(best.values(), key=lambda chat: (-(chat.buy_score or 0.0), -chat.update_time, chat.user_id))
    found: list[Conversation] = []
    for chat in ranked:
        if len(found) == MOST:
            break
        if not store.orders(SHOP, chat.user_id, 1):
            found.append(chat)
    return found


def _now() -> int:
    return time.time_ns() // 1_000_000
