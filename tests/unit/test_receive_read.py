from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest
from receive_fakes import NOW, SHOP, Server, message
from test_receive_coze import problem

from xundan.domain.effects import Conversation, Order
from xundan.domain.records import Message
from xundan.receive.documents import shop_value
from xundan.receive.tokens import mint

DAY = 86_400_000


def conversation(id: str = "c1", at: int = NOW, user: str = "u1", **given: Any) -> Conversation:
    values: dict[str, Any] = {
        "id": id,
        "shop": SHOP,
        "user_id": user,
        "thread_id": "t1",
        "intent": "price_query",
        "buy_score": 0.8,
        "label": "high",
        "order_id": "o1",
        "create_time": at - 1000,
        "update_time": at,
        "agents": ["小王"],
        "served_by": "bot_then_human",
        "last_agent": "小王",
        "channel": "tb",
        "model_version": "v1",
        "messages": 1,
    }
    return Conversation(**{**values, **given})


def order(id: str = "o1", user: str = "u1") -> Order:
    return Order(
        order_id=id,
        shop=SHOP,
        user_id=user,
        matched=True,
        status="paid",
        amount_fen=19_900,
        refunded_fen=0,
        created=NOW,
        paid=NOW,
        received=None,
        cancelled=None,
        refunded_in_full=None,
        updated=NOW,
        conversation_id="c1",
        product_id=None,
        channel="tb",
    )


def scored(id: str, at: int, intent: str | None, owner: str = "u1") -> Message:
    return message(id=id, ts=at, owner=owner, intent=intent, buy_score=None if intent is None else 0.3, model="v1")


def context(server: Server, user: str = "u1", query: str = "") -> dict[str, Any]:
    answer = server.get(f"/v1/shops/{SHOP}/users/{quote(user, safe='')}/context{query}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_a_history_has_the_names_of_the_stored_documents() -> None:
    server = Server()
    agent = message(id="m2", sender="agent", agent_id="小王", pii={"[手机号1]": "sealed"})
    server.store.dialogs["u1"] = [(conversation(), [scored("m1", NOW - 9, "price_query"), agent])]
    server.store.placed["u1"] = [order()]
    said = context(server)
    assert said == {
        "shopId": 1024,
        "userId": "u1",
        "next": None,
        "conversations": [
            {
                "_id": "c1",
                "shopId": 1024,
                "userId": "u1",
                "threadId": "t1",
                "msgs": [
                    {
                        "id": "m1",
                        "from": "user",
                        "agentId": None,
                        "text": "多少钱",
                        "ts": NOW - 9,
                        "intent": "price_query",
                        "buyScore": 0.3,
                        "pii": {},
                    },
                    {
                        "id": "m2",
                        "from": "agent",
                        "agentId": "小王",
                        "text": "多少钱",
                        "ts": NOW,
                        "intent": None,
                        "buyScore": None,
                        "pii": {"[手机号1]": "sealed"},
                    },
                ],
                "intent": "price_query",
                "buyScore": 0.8,
                "label": "high",
                "orderId": "o1",
                "createTime": NOW - 1000,
                "updateTime": NOW,
                "agents": ["小王"],
                "servedBy": "bot_then_human",
                "channel": "tb",
                "modelVersion": "v1",
            }
        ],
        "orders": [
            {
                "orderId": "o1",
                "status": "paid",
                "matched": True,
                "amountFen": 19_900,
                "refundedFen": 0,
                "created": NOW,
                "paid": NOW,
                "received": None,
                "cancelled": None,
                "refundedInFull": None,
                "updated": NOW,
                "conversationId": "c1",
                "productId": None,
                "channel": "tb",
            }
        ],
    }


def test_pages_newest_first_without_gaps_or_repeats() -> None:
    server = Server()
    server.store.dialogs["u1"] = [(conversation(f"c{n}", NOW + n // 2), []) for n in range(7)]
    server.store.placed["u1"] = [order()]
    seen, cursor, orders = [], "", []
    while True:
        said = context(server, query=f"?limit=2&cursor={cursor}")
        seen += [found["_id"] for found in said["conversations"]]
        orders.append(len(said["orders"]))
        cursor = said["next"]
        if cursor is None:
            break
        assert quote(cursor) == cursor
    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]
    assert orders == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=WzFd", "cursor"),
    ],
)
def test_a_bad_page_names_its_field(query: str, field: str) -> None:
    server = Server()
    assert problem(server.get(f"/v1/shops/{SHOP}/users/u1/context?{query}"), 422)["field"] == field


def test_an_alias_leads_to_the_customer() -> None:
    server = Server()
    server.store.aliases["jd 5/51?"] = "u1"
    server.store.dialogs["u1"] = [(conversation(), [])]
    assert context(server, "jd 5/51?")["userId"] == "u1"


def test_who_may_read() -> None:
    server = Server()
    server.store.dialogs["u1"] = [(conversation(), [])]
    for path in ("intent", "context"):
        problem(server.get(f"/v1/shops/{SHOP}/users/u1/{path}", token=""), 401)
        problem(server.get(f"/v1/shops/7/users/u1/{path}"), 403)
        intake = mint(server.world.settings, SHOP, 1, ["intake", "report"])
        problem(server.get(f"/v1/shops/{SHOP}/users/u1/{path}", token=intake), 403)
        problem(server.get(f"/v1/shops/{SHOP}/users/nobody/{path}"), 404)
        problem(server.get(f"/v1/shops/{SHOP}/users/{quote('a*', safe='')}/{path}"), 422)


def test_a_history_of_a_thousand_messages_is_quick() -> None:
    server = Server()
    messages = [message(f"第{n}句话，这款有货吗", f"m{n}", ts=NOW + n) for n in range(50)]
    server.store.dialogs["u1"] = [(conversation(f"c{n}", NOW + n), messages) for n in range(20)]
    context(server)
    started = time.process_time()
    context(server)
    assert time.process_time() - started < 0.05


def intent(server: Server, user: str = "u1") -> dict[str, Any]:
    answer = server.get(f"/v1/shops/{SHOP}/users/{user}/intent")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_the_latest_intent_is_there_at_once() -> None:
    server = Server()
    server.post("/coze", {"user_id": "u1", "text": "a", "message_id": "m1"})
    assert intent(server) == {
        "shopId": 1024,
        "userId": "u1",
        "intent": "price_query",
        "buyScore": 0.9,
        "label": "high",
        "model": "fake-1",
        "messageId": "m1",
        "ts": NOW,
    }


def test_the_latest_intent_comes_from_the_store_when_the_cache_has_none() -> None:
    server = Server()
    server.store.dialogs["u1"] = [
        (conversation("c2", NOW), [scored("m3", NOW - 3, "bargain"), scored("m4", NOW, None)]),
        (conversation("c1", NOW - DAY), [scored("m1", NOW - DAY, "price_query")]),
    ]
    said = intent(server)
    assert (said["intent"], said["messageId"], said["label"], said["ts"]) == ("bargain", "m3", "low", NOW - 3)


def test_the_newest_of_all_the_customer_s_ids_counts() -> None:
    server = Server()
    server.store.aliases["alias"] = "u1"
    server.store.dialogs["u1"] = [(conversation(), [scored("m1", NOW - 5, "bargain")])]
    server.post("/coze", {"user_id": "alias", "text": "a", "message_id": "m9"})
    assert intent(server, "alias")["messageId"] == "m9"
    assert intent(server, "alias")["userId"] == "u1"


def test_nothing_understood_yet() -> None:
    server = Server()
    server.store.dialogs["u1"] = [(conversation(), [scored("m1", NOW, None)])]
    assert intent(server)["intent"] is None


def test_shops_are_numbers_where_they_are() -> None:
    assert [shop_value(shop) for shop in ("1024", "0", "007", "mine", "٣", "")] == [1024, 0, "007", "mine", "٣", ""]


def test_reports_in_three_forms() -> None:
    server = Server()
    path = f"/v1/shops/{SHOP}/report?from=2026-11-01&to=2026-11-14&window=3&by="
    said = server.get(path)
    assert said.status_code == 200
    assert said.headers["content-type"] == "application/json"
    report = said.json()
    assert [report[name] for name in ("shop", "from", "to", "window")] == [SHOP, "2026-11-01", "2026-11-14", 3]
    table = server.get(path + "&format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    chinese, english = server.get(path + "&format=text"), server.get(path + "&format=text&lang=en&width=100")
    assert chinese.headers["content-type"] == "text/plain; charset=utf-8"
    assert chinese.text != english.text
    assert english.text.isascii() or "2026" in english.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("window=16", "window"),
        ("rule=x", "rule"),
        ("format=pdf", "format"),
        ("lang=fr", "lang"),
        ("windows=3", "windows"),
        ("width=x", "width"),
        ("as_of=2099-01-01", "as_of"),
        ("unit=x", "unit"),
        ("by=x", "by"),
    ],
)
def test_a_bad_report_names_its_field(query: str, field: str) -> None:
    assert problem(Server().get(f"/v1/shops/{SHOP}/report?{query}"), 422)["field"] == field


def test_reports_want_their_scope() -> None:
    server = Server()
    problem(server.get(f"/v1/shops/{SHOP}/report", token=mint(server.world.settings, SHOP, 1, ["context"])), 403)
    problem(server.get("/v1/shops/7/report"), 403)
    problem(server.get(f"/v1/shops/{SHOP}/report", token=""), 401)


# what a bot asks

BOT = {"X_AIPlugin_Bot_ID": "b", "X_Aiplugin_Connector_Identifier": "u1"}


def test_a_bot_is_told_of_its_customer() -> None:
    server = Server()
    server.store.dialogs["u1"] = [(conversation(f"c{n}", NOW - n), [message(id=f"m{n}")]) for n in range(5)]
    server.store.placed["u1"] = [order()]
    for answer in (server.get("/coze/context?user_id=%20u1%20"), server.get("/coze/context", **BOT)):
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert (said["shopId"], said["userId"]) == (1024, "u1")
        assert [one["_id"] for one in said["conversations"]] == ["c0", "c1", "c2"]
        assert [one["orderId"] for one in said["orders"]] == ["o1"]
    assert len(server.get("/coze/context?user_id=u1&limit=1").json()["conversations"]) == 1


def test_somebody_new_does_not_stop_a_bot() -> None:
    said = Server().get("/coze/context?user_id=new").json()
    assert said == {"shopId": 1024, "userId": "new", "conversations": [], "orders": [], "next": None}


def test_the_user_of_the_query_counts_before_the_header() -> None:
    assert Server().get("/coze/context?user_id=u2", **BOT).json()["userId"] == "u2"


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/coze/context", {}, "missing_field"),
        ("/coze/context?user_id=", {"X_Aiplugin_Connector_Identifier": "operator"}, "missing_field"),
        ("/coze/context?user_id=t**8", {}, "unusable_id"),
        ("/coze/context?user_id=u1&limit=0", {}, "invalid_field"),
    ],
)
def test_whom_a_bot_means_must_be_clear(path: str, headers: dict[str, str], code: str) -> None:
    said = problem(Server().get(path, **headers), 422)
    assert said["code"] == code
    assert said["field"] == ("limit" if code == "invalid_field" else "user_id")


def test_a_bot_needs_the_scope_context() -> None:
    server = Server()
    said = problem(server.get("/coze/context?user_id=u1", token=mint(server.world.settings, SHOP, 1, ["intake"])), 403)
    assert said["code"] == "missing_scope"
