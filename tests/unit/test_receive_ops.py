from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from receive_fakes import NOW, SHOP, Server
from test_receive_coze import BODY, problem

from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.batch import BatchAnswer
from xundan.receive.coze import CozeAnswer
from xundan.receive.documents import ContextAnswer, IntentAnswer
from xundan.receive.metrics import METRICS
from xundan.receive.parse import parse_exchange, parse_link, parse_message, parse_order
from xundan.receive.problems import ProblemBody
from xundan.receive.wire import CozeFields, LinkFields, MessageFields, OrderFields


def test_alive_and_ready(tmp_path: Path) -> None:
    server = Server(data_dir=tmp_path)
    assert server.get("/healthz", token="").json() == {"status": "ok"}
    answer = server.get("/readyz", token="")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "log": "ok",
        "runner": "ok",
        "lag": 0,
        "position": 0,
        "model": "fake-1",
        "model_fault": "",
    }
    assert list(tmp_path.iterdir()) == []


def test_not_ready_says_what_is_wrong(tmp_path: Path) -> None:
    for server, part in (
        (Server(data_dir=tmp_path / "gone"), "log"),
        (Server(data_dir=tmp_path, min_free_mb=1_000_000), "log"),
        (Server(data_dir=tmp_path), "runner"),
    ):
        if part == "runner":
            server.runner.state["error"] = "the store is away"
        answer = server.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        said = answer.json()
        assert said["ready"] is False
        assert said[part] != "ok"


def test_scoring_switched_off_is_told(tmp_path: Path) -> None:
    assert Server(scoring=False, data_dir=tmp_path).get("/readyz").json()["model"] == "off"


def numbers(server: Server) -> dict[str, float]:
    server.caller = "127.0.0.1"
    text = server.get("/metrics", token="").text
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("xundan_"):
            assert family.documentation == METRICS[family.name]
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_metrics_count_what_happens() -> None:
    server = Server()
    server.post("/coze", BODY)
    server.post("/coze", BODY)
    server.post("/coze", {})
    server.post("/coze", BODY, token="")
    server.get("/nowhere")
    server.runner.state["lag"] = 3
    found = numbers(server)
    assert found["xundan_facts_total{kind=message,source=live,status=accepted}"] == 1
    assert found["xundan_facts_total{kind=message,source=live,status=duplicate}"] == 1
    assert found["xundan_scores_total{outcome=made}"] == 2
    assert found["xundan_http_requests_total{endpoint=coze,status=200}"] == 2
    assert found["xundan_http_requests_total{endpoint=coze,status=401}"] == 1
    assert found["xundan_http_requests_total{endpoint=none,status=404}"] == 1
    assert found["xundan_http_seconds_count{endpoint=coze}"] == 4
    assert found["xundan_http_seconds_bucket{endpoint=coze,le=+Inf}"] == 4
    assert found["xundan_log_offset{}"] == 1
    assert (found["xundan_score_cache_total{outcome=hit}"], found["xundan_score_waiting{}"]) == (3, 1)
    assert found["xundan_model{version=fake-1}"] == 1
    assert (found["xundan_runner_lag{}"], found["xundan_runner_up{}"]) == (3, 1)
    assert {re.sub(r"(_total|_bucket|_count|_sum)?{.*", "", name) for name in found if "xundan" in name} == set(METRICS)


def test_metrics_are_for_this_machine_or_a_token() -> None:
    server = Server()
    problem(server.get("/metrics", token=""), 401)
    assert server.get("/metrics").status_code == 200
    server.caller = "127.0.0.1"
    problem(server.get("/metrics", token="", X_Forwarded_For="192.0.2.9"), 401)
    assert server.get("/metrics", token="").status_code == 200
    server.caller = "::1"
    assert server.get("/metrics", token="").status_code == 200
    server.caller = "testclient"
    problem(server.get("/metrics", token=""), 401)


def test_the_documentation_names_no_foreign_host() -> None:
    server = Server()
    page = server.get("/docs", token="")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert re.findall(r"https?://", page.text) == []
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 3
    for asset in assets:
        assert server.get(asset, token="").status_code == 200


def document() -> dict[str, Any]:
    said: dict[str, Any] = Server().get("/openapi.json", token="").json()
    return said


def test_every_reference_of_the_description_leads_somewhere() -> None:
    said = document()
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(said)))
    assert names
    assert names <= set(said["components"]["schemas"])
    assert "HTTPValidationError" not in said["components"]["schemas"]


def test_every_address_is_described() -> None:
    paths = document()["paths"]
    assert set(paths) == {
        "/coze",
        "/coze/context",
        "/v1/messages",
        "/v1/orders",
        "/v1/links",
        "/v1/shops/{shop}/users/{user}/intent",
        "/v1/shops/{shop}/users/{user}/context",
        "/v1/shops/{shop}/report",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    assert set(paths["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    coze = paths["/coze"]["post"]
    assert coze["security"] == [{"token": ["intake"]}]
    assert set(coze["responses"]) == {"200", "401", "403", "413", "415", "422", "429", "503"}
    assert coze["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/CozeAnswer")
    assert set(coze["requestBody"]["content"]) == {"application/json", "application/x-www-form-urlencoded"}
    names = {parameter["name"] for parameter in paths["/v1/shops/{shop}/users/{user}/context"]["get"]["parameters"]}
    assert names == {"shop", "user", "limit", "cursor"}


class Asked(dict[str, object]):
    """Remembers which fields were asked for."""

    def __init__(self, fields: dict[str, object]) -> None:
        super().__init__(fields)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize(
    ("fields", "parse", "given"),
    [
        (MessageFields, parse_message, {"user_id": "u", "text": ""}),
        (CozeFields, parse_exchange, {"user_id": "u", "text": "", "answer": "a"}),
        (OrderFields, parse_order, {"order_id": "u", "status": "paid"}),
        (LinkFields, parse_link, {"alias": "u", "user_id": "v"}),
    ],
)
def test_described_fields_are_those_that_are_read(fields: Any, parse: Any, given: dict[str, object]) -> None:
    asked = Asked(given)
    parse(asked, shop=SHOP, received=NOW, source="live", rules=Rules())
    struct = {field.encode_name: field for field in msgspec.structs.fields(fields)}
    assert asked.names == struct.keys() - {"shop_id"}
    for name, field in struct.items():
        without = {key: value for key, value in given.items() if key != name}
        if field.required:
            with pytest.raises(Rejected):
                parse(without, shop=SHOP, received=NOW, source="live", rules=Rules())


def test_answers_are_what_is_described() -> None:
    server = Server()
    coze = server.post("/coze", BODY)
    batch = server.post("/v1/messages", b'{"user_id": "u", "text": "a"}\n{}')
    intent = server.get(f"/v1/shops/{SHOP}/users/u1/intent")
    wrong = server.post("/coze", {})
    for answer, struct in ((coze, CozeAnswer), (batch, BatchAnswer), (intent, IntentAnswer), (wrong, ProblemBody)):
        decoded = msgspec.json.decode(answer.content, type=struct)
        assert json.loads(msgspec.json.encode(decoded)) == answer.json()
    assert ContextAnswer.__name__ in document()["components"]["schemas"]
