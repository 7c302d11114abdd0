"""One table names what stands behind each port; a fact that goes to a server arrives as the fact it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli_process import SECRET
from strategies import facts, to_record
from xundan import wiring
from xundan.domain.records import Link, Message
from xundan.domain.rules import Rules
from xundan.errors import ConfigError
from xundan.receive.parse import parse_link, parse_message, parse_order
from xundan.remote import wire
from xundan.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(shop_id="1024", coze_secret={"default": SECRET}, data_dir=tmp_path / "data", scoring=False)


@pytest.mark.parametrize("port", wiring.ADAPTERS, ids="-".join)
def test_every_adapter_of_the_table_is_there(port: tuple[str, str]) -> None:
    assert callable(wiring.adapter(*port))


def test_services_are_open_inside_the_block_and_alone(settings: Settings) -> None:
    assert wiring.server_url(settings) is None
    with wiring.open_services(settings) as services:
        services.runner.catch_up()
        assert services.runner.status()["error"] == ""
        with pytest.raises(ConfigError, match="in use"), wiring.open_services(settings):
            pass
        with pytest.raises(ConfigError, match="in use"):
            wiring.server_url(settings)
        (settings.data_dir / wiring.ADDRESS).write_text("http://127.0.0.1:1")
        assert wiring.server_url(settings) == "http://127.0.0.1:1"
    assert wiring.server_url(settings) is None, "an address left behind by a killed server counts for nothing"
    with wiring.open_reader(settings) as reader:
        assert reader.log.last_offset() == reader.store.position() == 0


def test_a_failure_while_opening_closes_what_was_open(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), wiring.open_services(settings):
        raise ZeroDivisionError
    with wiring.open_services(settings):
        pass


def parsed(fact: Any, raw: dict[str, Any]) -> Any:
    parse: Any = parse_message if isinstance(fact, Message) else parse_link if isinstance(fact, Link) else parse_order
    return parse(raw, shop=fact.shop, received=fact.received, source="import", rules=Rules())


@given(st.data())
def test_a_fact_sent_to_a_server_arrives_as_it_was(data: st.DataObject) -> None:
    for drawn in data.draw(facts()):
        sent = replace(to_record(drawn), source="import")
        if isinstance(sent, Message):
            agent = None if sent.agent_id in ("bot", "none", "agent") or sent.sender != "agent" else sent.agent_id
            sent = replace(sent, agent_id=agent, intent=None, buy_score=None, model=None)
        got = parsed(sent, json.loads(json.dumps(wire(sent))))
        if isinstance(got, Message):
            got = replace(got, agent_id=agent)
        assert got == sent
