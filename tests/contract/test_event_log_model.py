"""The log against a model of plain dicts, through closing, killing and opening again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from contract_facts import message, scored
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from xundan.domain.ports import Append
from xundan.domain.records import Message
from xundan.embedded.sqlite_log import SqliteLog

SHOPS = ["1024", "1025"]
KEYS = ["", "", "k1", "k2", "k3"]
Name = tuple[str, ...]

facts = st.builds(
    lambda make, number, owner, shop: make(f"m{number}", owner, shop),
    st.sampled_from([message, message, scored]),
    st.integers(0, 12),
    st.sampled_from(["u1", "u2"]),
    st.sampled_from(SHOPS),
)
calls = st.lists(st.builds(Append, facts, st.sampled_from(KEYS)), max_size=6)


class Model:
    """What the contract says, in a few lines: `names` maps an identity or a key to the identity that was logged."""

    def __init__(self) -> None:
        self.logged: list[Message] = []
        self.kept: dict[Name, int] = {}
        self.names: dict[Name, Name] = {}

    def append(self, fact: Message, key: str) -> tuple[bool, int, Message]:
        own: Name = (fact.shop, *fact.identity)
        called = [own] + ([(fact.shop, key)] if key else [])
        identity = next((self.names[name] for name in called if name in self.names), own)
        new = identity not in self.kept
        before = None if new else self.kept[identity]
        if before is None or (identity == own and fact.intent and not self.logged[before - 1].intent):
            self.logged.append(fact)
            self.kept[identity] = len(self.logged)
        for name in called:
            self.names.setdefault(name, identity)
        at = before or len(self.logged)
        return not new, at, self.logged[at - 1]

    def find(self, shop: str, key: str) -> Message | None:
        identity = self.names.get((shop, key))
        return self.logged[self.kept[identity] - 1] if identity else None


class LogMachine(RuleBasedStateMachine):
    """`recent` is so small that hashes are written all the time, and never the same ones."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.model = Model()
        self.log: SqliteLog

    @initialize(recent=st.sampled_from([0, 1, 5, 1000]))
    def start(self, recent: int) -> None:
        self.recent = recent
        self.open()

    def open(self) -> None:
        self.log = SqliteLog(self.place / "log.db", recent=self.recent)

    @rule(call=calls)
    def append(self, call: list[Append]) -> None:
        expected = [self.model.append(item.fact, item.key) for item in call if isinstance(item.fact, Message)]
        assert [(answer.duplicate, answer.offset, answer.fact) for answer in self.log.append_now(call)] == expected

    @rule()
    def close_and_open(self) -> None:
        self.log.close()
        self.open()

    @rule()
    def kill_and_open(self) -> None:
        """The files as they lie on the disk at this moment, without whatever the process would still have done."""
        copy = Path(tempfile.mkdtemp())
        for name in ("log.db", "log.db-wal"):
            if (self.place / name).exists():
                shutil.copy(self.place / name, copy / name)
        self.log.close()
        shutil.rmtree(self.place)
        self.place = copy
        self.open()

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        assert [(logged.offset, logged.fact) for logged in self.log.read(0, 10_000)] == list(
            enumerate(self.model.logged, 1)
        )
        assert self.log.last_offset() == len(self.model.logged)
        for shop in SHOPS:
            for key in KEYS[2:]:
                assert self.log.find(shop, key) == self.model.find(shop, key)

    def teardown(self) -> None:
        self.log.close()
        shutil.rmtree(self.place)


LogMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLogMachine = LogMachine.TestCase
