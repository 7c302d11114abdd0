from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from receive_fakes import NOW, SHOP, Server, settings

from xundan.domain.ports import Append, Appended
from xundan.domain.records import Message
from xundan.errors import Overloaded, Rejected, Retryable
from xundan.receive.body import decode_form
from xundan.receive.tokens import mint

BODY = {"user_id": "u1", "text": "多少钱", "conversation_id": "c1", "message_id": "m1"}
FORM = "application/x-www-form-urlencoded"
BOT = {"X_AIPlugin_Bot_ID": "b", "X_Aiplugin_Connector_Identifier": "hu", "X_AIPlugin_Conversation_ID": "hc"}


def logged(server: Server) -> list[Message]:
    return [fact for fact in server.world.log.facts if isinstance(fact, Message)]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["detail"]
    assert "Traceback" not in answer.text
    return said


def test_a_message_is_answered_exactly() -> None:
    server = Server()
    answer = server.post("/coze", BODY)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "message_id": "m1",
        "duplicate": False,
        "intent": "price_query",
        "buyScore": 0.9,
        "label": "high",
        "model": "fake-1",
    }
    assert server.post("/coze", BODY).json() == {**answer.json(), "duplicate": True}
    assert len(logged(server)) == 1


def test_label_is_high_from_the_threshold_on() -> None:
    server = Server()
    for score, label in ((0.7, "high"), (0.69, "low")):
        server.world.scorer.score_of = score
        assert server.post("/coze", {"user_id": "u", "text": ""}).json()["label"] == label
    server.world.scorer.missing = True
    answer = server.post("/coze", {"user_id": "u", "text": ""}).json()
    assert [answer[name] for name in ("intent", "buyScore", "label", "model")] == [None] * 4


def test_the_bot_s_answer_is_the_next_message() -> None:
    server = Server()
    server.post("/coze", {**BODY, "answer": "99元", "channel": "tb", "ts": NOW - 9})
    server.post("/coze", {**BODY, "answer": "99元", "channel": "tb", "ts": NOW - 9})
    question, answer = logged(server)
    assert (question.sender, answer.sender, answer.text) == ("user", "bot", "99元")
    assert (answer.ts, answer.id, answer.conversation_id, answer.channel) == (NOW - 8, "m1.answer", "c1", "tb")
    assert answer.owner == "u1"
    assert server.post("/coze", {**BODY, "message_id": "m2", "answer": ""}).json()["duplicate"] is False
    assert len(logged(server)) == 3


def test_a_form_says_the_same_as_json() -> None:
    server = Server()
    answer = server.post("/coze", urlencode({**BODY, "ts": NOW, "channel": ""}).encode(), FORM + "; charset=utf-8")
    assert answer.json()["message_id"] == "m1"
    (fact,) = logged(server)
    assert (fact.text, fact.ts, fact.channel, fact.conversation_id) == ("多少钱", NOW, None, "c1")


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'“”&=+%")),
        max_size=5,
    )
)
def test_every_character_survives_a_form(fields: dict[str, str]) -> None:
    try:
        assert decode_form(urlencode(fields, errors="surrogatepass").encode()) == fields
    except Rejected:
        assert any("\ud800" <= char <= "\udfff" for name in fields for char in name)


@given(st.binary(max_size=40))
def test_no_form_crashes(body: bytes) -> None:
    try:
        assert isinstance(decode_form(body), dict)
    except Rejected as rejected:
        assert rejected.code == "not_a_form"  # noqa: PT017


def test_quotation_marks_survive() -> None:
    server = Server()
    text = """他说"能便宜点吗" & 'ok' +1=2 100%"""
    server.post("/coze", urlencode({"user_id": "u", "text": text}).encode(), FORM)
    server.post("/coze", 'user_id=u&text=他说"好"'.encode(), FORM)
    assert [fact.text for fact in logged(server)] == [text, '他说"好"']


def test_headers_of_a_bot_fill_what_the_body_lacks() -> None:
    server = Server()
    server.post("/coze", {"text": "a"}, **BOT)
    server.post("/coze", {"text": "a", "user_id": "u", "conversation_id": ""}, **BOT)
    assert [(fact.owner, fact.conversation_id) for fact in logged(server)] == [("hu", "hc"), ("u", "hc")]


def test_headers_without_a_bot_name_the_operator_and_are_not_taken() -> None:
    server = Server()
    headers = {name: value for name, value in BOT.items() if "Bot" not in name}
    said = problem(server.post("/coze", {"text": "a"}, **headers), 422)
    assert said["field"] == "user_id"
    assert "operator" in said["detail"]
    server.post("/coze", {"text": "a", "user_id": "u"}, **headers)
    assert [(fact.owner, fact.conversation_id) for fact in logged(server)] == [("u", None)]


@pytest.mark.parametrize("where", ["header", "query", "query, lower case"])
def test_an_empty_retry_is_answered_as_the_first_time(where: str) -> None:
    server = Server()
    path = {"header": "/coze", "query": "/coze?Idempotency-Key=k1", "query, lower case": "/coze?idempotency_key=k1"}[
        where
    ]
    headers = {"Idempotency_Key": "k1"} if where == "header" else {}
    first = server.post(path, {"user_id": "u", "text": "a"}, **headers).json()
    assert first["message_id"] == "k1"
    server.world.scorer.score_of = 0.1
    for body, kind in ((b"", "application/json"), (b"", ""), (b" \n", "text/plain"), (b"{}", "application/json")):
        again = server.post(path, body, kind, **headers)
        assert again.status_code == 200
        assert again.json() == {**first, "duplicate": True}
    assert server.post(path, {"user_id": "u", "text": "a"}, **headers).json() == {**first, "duplicate": True}
    assert len(logged(server)) == 1


def test_a_key_beside_a_message_id_knows_the_message_too() -> None:
    server = Server()
    first = server.post("/coze", BODY, Idempotency_Key="k1").json()
    assert first["message_id"] == "m1"
    assert server.post("/coze", b"", Idempotency_Key="k1").json() == {**first, "duplicate": True}


def test_an_empty_body_without_a_known_key_says_so() -> None:
    server = Server()
    assert "empty" in problem(server.post("/coze", b""), 422)["detail"]
    said = problem(server.post("/coze", b"", Idempotency_Key="never"), 422)
    assert (said["field"], said["code"]) == ("Idempotency-Key", "unknown_key")
    assert "known" in said["detail"]
    problem(server.post("/coze", BODY, Idempotency_Key="k" * 257), 422)
    assert server.world.dead.list(None) == []


def test_an_empty_retry_waits_for_the_call_it_repeats() -> None:
    server = Server(scoring=False)
    slow = asyncio.Event()
    append = server.world.log.append

    async def late(facts: Sequence[Append]) -> list[Appended]:
        await slow.wait()
        return await append(facts)

    server.world.log.append = late  # type: ignore[method-assign]

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        headers = {
            "Authorization": f"Bearer {server.token}",
            "Idempotency-Key": "k",
            "Content-Type": "application/json",
        }
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
            first = asyncio.create_task(client.post("/coze", json={"user_id": "u", "text": "a"}))
            await asyncio.sleep(0.01)
            again = asyncio.create_task(client.post("/coze"))
            await asyncio.sleep(0.01)
            slow.set()
            return await first, await again

    first, again = asyncio.run(scenario())
    assert again.json() == {**first.json(), "duplicate": True}


def test_refused_input_is_kept_without_its_personal_data() -> None:
    server = Server()
    said = problem(server.post("/coze", {"text": "打13800138000"}), 422)
    assert (said["field"], said["code"]) == ("user_id", "missing_field")
    problem(server.post("/coze", b'{"user_id": "13800138000", "text'), 422)
    first, second = server.world.dead.list(SHOP)
    assert (first.source, first.code) == ("coze", "missing_field")
    assert second.code == "not_json"
    assert "13800138000" not in first.payload + second.payload


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**BODY, "text": 7}, "text"),
        ({"user_id": "u"}, "text"),
        ({**BODY, "from": "seller"}, "from"),
        ({**BODY, "ts": "soon"}, "ts"),
        ({**BODY, "ts": NOW - 31 * 86_400_000}, "ts"),
        ({**BODY, "answer": 7}, "answer"),
        ({**BODY, "user_id": "a*"}, "user_id"),
        ([1], None),
        (b"null", None),
        (b"[" * 30_000, None),
        (b"\xff", None),
        (b'{"user_id": "u", "text": "\\ud800"}', None),
    ],
)
def test_a_bad_body_names_its_field(body: Any, field: str | None) -> None:
    assert problem(Server().post("/coze", body), 422).get("field") == field


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
SERVER = Server()


@given(json_values | st.fixed_dictionaries({"user_id": json_values, "text": json_values}, optional={"ts": json_values}))
def test_any_json_is_answered(value: Any) -> None:
    answer = SERVER.post("/coze", value)
    assert answer.status_code in (200, 422)


def test_sizes_and_media_types() -> None:
    server = Server()
    problem(server.post("/coze", b"x" * (64 * 1024 + 1)), 413)
    assert server.post("/coze", {**BODY, "note": "x" * 65_000}).status_code == 200
    problem(server.post("/coze", BODY, "text/plain"), 415)
    problem(server.post("/coze", BODY, ""), 415)
    assert "application/json" in problem(server.post("/coze", BODY, FORM), 422)["detail"]


def test_size_is_counted_while_it_comes_in() -> None:
    server = Server()

    class Endless(httpx.AsyncByteStream):
        sent = 0

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                self.sent += 1
                yield b" " * 1024

    body = Endless()
    problem(server.post("/coze", body), 413)
    assert body.sent < 70
    problem(server.post("/coze", b"{}", Content_Length="65537"), 413)


def test_who_may_do_what() -> None:
    server = Server()
    said = server.post("/coze", BODY, token="")
    assert problem(said, 401)["code"] == "unauthorized"
    assert said.headers["www-authenticate"].startswith("Bearer")
    server.token = mint(server.world.settings, SHOP, 1, ["context", "report"])
    assert "intake" in problem(server.post("/coze", BODY), 403)["detail"]
    server.token = mint(server.world.settings, "7", 1, ["intake"])
    problem(server.post("/coze", BODY), 403)
    server.token = mint(server.world.settings, SHOP, 1, ["intake"])
    assert problem(server.post("/coze", {**BODY, "shop_id": "7"}), 403)["field"] == "shop_id"
    assert server.post("/coze", {**BODY, "shop_id": 1024}).status_code == 200
    assert server.world.dead.list(None) == []


def test_over_the_rate_it_says_when_to_come_again() -> None:
    server = Server(rate_per_minute=1)
    assert server.post("/coze", BODY).status_code == 200
    answer = server.post("/coze", BODY)
    problem(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "fault", [Retryable("the disk is full", retry_after=7), Overloaded("too much", retry_after=0.2)]
)
def test_nothing_is_acknowledged_while_the_log_is_away(fault: Exception) -> None:
    server = Server()
    server.world.log.fault = fault
    answer = server.post("/coze", BODY)
    problem(answer, 503)
    assert answer.headers["retry-after"] == ("7" if isinstance(fault, Retryable) else "1")
    server.world.log.fault = None
    assert server.post("/coze", BODY).json()["duplicate"] is False


def test_the_unexpected_shows_no_trace() -> None:
    server = Server()
    server.world.log.fault = RuntimeError("secret words")
    answer = server.post("/coze", BODY)
    problem(answer, 500)
    assert "secret" not in answer.text


def test_unknown_addresses_and_methods() -> None:
    server = Server()
    problem(server.get("/nowhere"), 404)
    answer = server.get("/coze")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_settings_show_no_secret() -> None:
    assert "secret" not in repr(settings())
