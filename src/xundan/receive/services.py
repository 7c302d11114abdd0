"""What the HTTP side stands on, handed to it by whoever wires a profile together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from xundan.domain.ports import Cache, DeadLetters, EventLog, Runner, Store
from xundan.measure.query import ReportQuery
from xundan.measure.report import Report
from xundan.receive.intake import Intake
from xundan.settings import Settings


class Models(Protocol):
    """How activations of models went: how many were followed and how many not, and why the last one was not, or ""."""

    switched: int
    refused: int
    fault: str


@dataclass(frozen=True, kw_only=True)
class Services:
    """The opened parts of one Xundan.

    `models` is None where none can be activated. `report` builds a report from the store; it may be called from any
    thread.
    """

    settings: Settings
    log: EventLog
    store: Store
    cache: Cache
    dead: DeadLetters
    runner: Runner
    intake: Intake
    report: Callable[[ReportQuery], Report]
    models: Models | None = None
