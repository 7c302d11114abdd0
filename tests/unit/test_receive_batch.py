from __future__ import annotations

import json
from typing import Any

import pytest
from receive_fakes import NOW, SHOP, Server
from test_receive_coze import problem

from xundan.domain.records import OrderEvent
from xundan.errors import Retryable
from xundan.receive.batch import CHUNK
from xundan.receive.tokens import mint

NDJSON = "application/x-ndjson"


def send(server: Server, path: str, *rows: object, **headers: str) -> dict[str, Any]:
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    answer = server.post(path, b"\n".join(lines), NDJSON, **headers)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_every_line_is_answered_and_a_bad_one_costs_the_others_nothing() -> None:
    server = Server()
    said = send(
        server,
        "/v1/messages",
        {"user_id": "u", "text": "a", "message_id": "1"},
        {"user_id": "u"},
        b"",
        b"{not json 13800138000",
        {"user_id": "u", "text": "a", "message_id": "1"},
        {"user_id": "u", "text": "a", "message_id": "2", "shop_id": "7"},
        {"user_id": "u", "text": "b", "message_id": "3"},
    )
    assert [said[name] for name in ("accepted", "duplicate", "rejected")] == [2, 1, 3]
    assert said["lines"][0] == {"line": 1, "status": "accepted", "id": "1"}
    assert said["lines"][1] == {
        "line": 2,
        "status": "rejected",
        "code": "missing_field",
        "field": "text",
        "reason": "text is missing",
    }
    assert [(line["line"], line.get("code")) for line in said["lines"][2:]] == [
        (4, "not_json"),
        (5, None),
        (6, "other_shop"),
        (7, None),
    ]
    assert len(server.world.log.facts) == 2
    letters = server.world.dead.list(SHOP)
    assert [(letter.source, letter.code) for letter in letters] == [
        ("messages", "missing_field"),
        ("messages", "not_json"),
        ("messages", "other_shop"),
    ]
    assert "13800138000" not in letters[1].payload


def test_more_lines_than_are_taken_at_once() -> None:
    server = Server(scoring=False)
    rows = [{"user_id": f"u{n}", "text": "a", "message_id": str(n)} for n in range(3 * CHUNK + 5)]
    said = send(server, "/v1/messages", *rows)
    assert said["accepted"] == len(rows)
    assert [line["line"] for line in said["lines"]] == list(range(1, len(rows) + 1))


def test_orders() -> None:
    server = Server()
    rows = [
        {"order_id": 1, "status": "created", "amount": "199.00", "user_id": "u", "ts": NOW},
        {"order_id": 1, "status": "paid", "amount": 199, "ts": NOW},
    ]
    said = send(server, "/v1/orders", *rows)
    assert (said["accepted"], said["lines"][1]["field"]) == (1, "amount")
    assert send(server, "/v1/orders", *rows)["duplicate"] == 1
    (fact,) = server.world.log.facts
    assert isinstance(fact, OrderEvent)
    assert (fact.amount_fen, fact.order_id) == (19_900, "1")


def test_links() -> None:
    server = Server()
    said = send(server, "/v1/links", {"alias": "order:7", "user_id": "u"}, {"alias": "a*", "user_id": "u"})
    assert (said["accepted"], said["rejected"]) == (1, 1)
    assert said["lines"][1]["code"] == "unusable_id"


def test_history_wants_its_own_scope_and_knows_its_rows_again() -> None:
    server = Server()
    row = {"user_id": "u", "text": "a", "ts": "2020-01-01 10:00:00"}
    said = send(server, "/v1/messages?source=import", row, row)
    assert said["accepted"] == 2
    assert send(server, "/v1/messages?source=import", row, row)["duplicate"] == 2
    assert {fact.source for fact in server.world.log.facts} == {"import"}
    server.token = mint(server.world.settings, SHOP, 1, ["intake"])
    problem(server.post("/v1/messages?source=import", row, NDJSON), 403)
    assert problem(server.post("/v1/messages?source=history", row, NDJSON), 422)["field"] == "source"
    assert send(server, "/v1/messages", row)["lines"][0]["field"] == "ts"
    server.token = mint(server.world.settings, SHOP, 1, ["import"])
    problem(server.post("/v1/messages", row, NDJSON), 403)


def test_a_body_with_a_key_may_come_twice() -> None:
    server = Server()
    row = {"user_id": "u", "text": "a"}
    assert send(server, "/v1/messages", row, row, Idempotency_Key="k")["accepted"] == 2
    assert send(server, "/v1/messages", row, row, Idempotency_Key="k")["duplicate"] == 2
    assert send(server, "/v1/messages", row, row)["accepted"] == 2


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/orders", "/v1/links"])
def test_bodies_that_are_none(path: str) -> None:
    server = Server()
    problem(server.post(path, b"", NDJSON), 422)
    problem(server.post(path, b"\n \n", NDJSON), 422)
    problem(server.post(path, b"{}", "text/csv"), 415)
    problem(server.post(path, b"x" * (5 * 1024 * 1024 + 1), NDJSON), 413)
    problem(server.post(path, b"{}", token=""), 401)


def test_nothing_is_acknowledged_while_the_log_is_away() -> None:
    server = Server()
    server.world.log.fault = Retryable("the disk is full")
    problem(server.post("/v1/messages", b'{"user_id": "u", "text": "a"}\n{}', NDJSON), 503)
    assert server.world.dead.list(None) == []
