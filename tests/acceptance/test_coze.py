"""A Coze bot against a real server: what the plugin promises, and that `coze check` finds what stands in the way."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck
from hypothesis import given as drawn
from hypothesis import settings as drawing
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cli_process import client, serving, settings_file, xundan
from xundan import coze_check, coze_door, words
from xundan.doctor import Finding
from xundan.receive.coze_plugin import CONTEXT, RECORD, document
from xundan.receive.tokens import mint
from xundan.serve import free_port
from xundan.settings import Settings, load

PLUGIN = document("https://chat.shop.com", "1")
EXAMPLES = 60
CHECKS = (content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settings_file(tmp_path_factory.mktemp("coze"))


@pytest.fixture(scope="module")
def server(config: Path) -> Iterator[Settings]:
    settings = load(config, environ={})
    with serving(config, settings):
        yield settings


@pytest.fixture
def token(server: Settings) -> str:
    return mint(server, server.shop_id, 100, ["intake", "context"])


def base(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


# what the plugin promises


def cases() -> st.SearchStrategy[Case[Any]]:
    """Calls of both tools, as their description allows them."""
    tools = schemathesis.openapi.from_dict(PLUGIN)
    found = [tools["/coze"]["POST"], tools["/coze/context"]["GET"]]
    assert [tool.definition.raw["operationId"] for tool in found] == [RECORD, CONTEXT]
    return st.one_of([tool.as_strategy() for tool in found])


def test_the_server_keeps_what_the_plugin_promises(server: Settings, token: str) -> None:
    seen: dict[tuple[str, int], int] = {}

    @drawing(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @drawn(cases())
    def call(case: Case[Any]) -> None:
        reply = case.call(base_url=base(server), headers={"Authorization": f"Bearer {token}", **coze_check.AS_SENT})
        case.validate_response(reply, checks=list(CHECKS))
        seen[case.path, reply.status_code] = seen.get((case.path, reply.status_code), 0) + 1
        assert reply.status_code in (200, 422), reply.text
        if reply.status_code == 422:
            assert reply.headers["content-type"] == ["application/problem+json"]
            assert reply.json()["field"] in case_fields(case), reply.text

    call()
    assert seen["/coze", 200] >= 5
    assert seen["/coze/context", 200] >= 5


def case_fields(case: Case[Any]) -> set[str]:
    operation = PLUGIN["paths"][case.path][case.method.lower()]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields: set[str] = {parameter["name"] for parameter in operation["parameters"]}
    return fields | set(body.get("properties", {})) | {"Idempotency-Key"}


# the check, where all is well


def test_the_check_is_content_and_leaves_two_customers(server: Settings, config: Path) -> None:
    for _ in range(2):
        said = xundan("coze", "check", "--url", base(server), "--config", config, cwd=config.parent)
        assert said.code == 0, said.out + said.err
        assert "✗" not in said.out
        assert said.out.count("✓") == 6
        assert "临时令牌" in said.out
    assert "xundan-check" not in xundan("dead", "list", "--config", config, cwd=config.parent).out
    with client(server, "context") as caller:
        for user in (coze_check.FLOW, coze_check.BOT):
            assert caller.request("GET", f"/coze/context?user_id={user}").json()["conversations"]
        assert not caller.request("GET", "/coze/context?user_id=xundan-check-operator").json()["conversations"]


def test_the_check_speaks_english(server: Settings, token: str, tmp_path: Path) -> None:
    said = xundan("coze", "check", "--url", base(server), "--token", token, "--lang", "en", cwd=tmp_path)
    assert said.code == 0, said.out + said.err
    assert "The connection works" in said.out
    assert token not in said.out + said.err


def test_without_any_token_it_says_what_to_do(tmp_path: Path) -> None:
    said = xundan("coze", "check", "--url", "http://127.0.0.1:1", cwd=tmp_path)
    assert said.code == 2
    assert "--token" in said.err


def test_a_failed_check_has_exit_code_1(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port(0)}"
    said = xundan("coze", "check", "--url", url, "--token", "x", cwd=tmp_path)
    assert said.code == 1
    assert "拒绝连接" in said.out


# the check, where something is wrong


class Front(BaseHTTPRequestHandler):
    """A reverse proxy that spoils requests or answers in one way."""

    settings: Settings
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.answer(self.rfile.read(length))

    do_GET = do_POST = forward

    def answer(self, body: bytes) -> None:
        self.reply(*self.ask(self.path, dict(self.headers), body))

    def ask(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        headers["Content-Length"] = str(len(body))
        connection = HTTPConnection(self.settings.host, self.settings.port, timeout=20)
        connection.request(self.command, path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


Spoil = Callable[[Front, bytes], None]


def without(*names: str) -> Spoil:
    """Drops headers whose names begin so."""

    def spoil(front: Front, body: bytes) -> None:
        kept = {k: v for k, v in front.headers.items() if not k.lower().startswith(names)}
        front.reply(*front.ask(front.path, kept, body))

    return spoil


def with_headers(**headers: str) -> Spoil:
    def spoil(front: Front, body: bytes) -> None:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        front.reply(*front.ask(front.path, {**front.headers, **more}, body))

    return spoil


def without_query(front: Front, body: bytes) -> None:
    path = front.path.partition("?")[0] if front.command == "POST" else front.path
    front.reply(*front.ask(path, dict(front.headers), body))


def another_text(front: Front, body: bytes) -> None:
    front.reply(*front.ask(front.path, dict(front.headers), body.replace(b"%22", b"%27")))


def two_servers(front: Front, body: bytes) -> None:
    """Whoever answers a repeat has never seen the first."""
    status, said = front.ask(front.path, dict(front.headers), body)
    front.reply(status, said.replace(b'"duplicate":true', b'"duplicate":false'))


def one_customer(front: Front, body: bytes) -> None:
    """Everything is written under one id."""
    body = body.replace(b'{"text"', b'{"user_id": "xundan-check-flow", "text"')
    path = "/coze/context?user_id=xundan-check-flow&limit=1" if "limit=1" in front.path else front.path
    front.reply(*front.ask(path, dict(front.headers), body))


def slow(front: Front, body: bytes) -> None:
    if front.command == "POST" and body:
        time.sleep(0.3)
    front.reply(*front.ask(front.path, dict(front.headers), body))


def silent(front: Front, body: bytes) -> None:
    time.sleep(1.5)


def forgets(front: Front, body: bytes) -> None:
    """The store lags behind the log."""
    status, said = front.ask(front.path, dict(front.headers), body)
    empty = b'{"conversations": []}'
    front.reply(status, empty if front.path.startswith("/coze/context") and status == 200 else said)


def nonsense(front: Front, body: bytes) -> None:
    front.wfile.write(b"\x00\x01 what?\r\n")
    front.close_connection = True


def always(status: int, body: bytes = b"<html></html>", **headers: str) -> Spoil:
    return lambda front, _: front.reply(status, body, **headers)


def on_coze(status: int, code: str) -> Spoil:
    """A problem for every message."""

    def spoil(front: Front, body: bytes) -> None:
        if front.command == "GET":
            front.reply(*front.ask(front.path, dict(front.headers), body))
        else:
            front.reply(status, b'{"code": "%s", "detail": "why"}' % code.encode())

    return spoil


@contextmanager
def behind(server: Settings, spoil: Spoil, certificate: ssl.SSLContext | None = None) -> Iterator[int]:
    """A proxy in front of the server; its port."""

    class Spoiling(Front):
        settings = server

        def answer(self, body: bytes) -> None:
            spoil(self, body)

    front = ThreadingHTTPServer(("127.0.0.1", 0), Spoiling)
    front.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # callers that hang up
    if certificate:
        front.socket = certificate.wrap_socket(front.socket, server_side=True)
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield front.server_port
    finally:
        front.shutdown()
        thread.join()
        front.server_close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coze_check, "NODE_TIMEOUT_S", 0.25)
    monkeypatch.setattr(coze_check, "SETTLE_S", 0.5)
    monkeypatch.setattr(coze_door, "PATIENCE_S", 1.0)
    words.use("zh")


def failures(findings: Iterator[Finding]) -> list[str]:
    return [finding.what for finding in findings if finding.level == "fail"]


WRONG: dict[str, tuple[Spoil, str]] = {
    "no authorization": (without("authorization"), "令牌不被接受"),
    "no coze headers": (without("x-aiplugin"), "请求头里的顾客编号没有送到"),
    "a bot id of the proxy's": (with_headers(X_AIPlugin_Bot_ID="proxy"), "没有顾客编号的调用没有被拒绝"),
    "no query": (without_query, "Idempotency-Key 没有送到"),
    "another text": (another_text, "变了样"),
    "two servers": (two_servers, "没有被认出是重复"),
    "one customer": (one_customer, "当成了同一位"),
    "slow": (slow, "超过节点的超时"),
    "silent": (silent, "没有回答"),
    "nonsense": (nonsense, "不是 HTTP"),
    "a redirect": (always(301, Location="https://x/"), "重定向到 https://x/"),
    "nobody behind": (always(502), "后面的 xundan 没有回答"),
    "another program": (always(200), "不是询单"),
    "too many": (on_coze(429, "rate_limited"), "限速"),
    "a full disk": (on_coze(503, "unavailable"), "收不了消息"),
    "another error": (on_coze(500, "internal"), "没有被接受"),
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case: str, server: Settings, token: str) -> None:
    spoil, words = WRONG[case]
    with behind(server, spoil) as port:
        said = failures(coze_check.check(f"http://127.0.0.1:{port}", token))
    assert any(words in sentence for sentence in said), said


@pytest.mark.usefixtures("hasty")
def test_a_lagging_store_is_a_warning(server: Settings, token: str) -> None:
    with behind(server, forgets) as port:
        found = list(coze_check.check(f"http://127.0.0.1:{port}", token))
    assert [finding.what for finding in found if finding.level == "fail"] == []
    assert any("还查不到" in finding.what for finding in found if finding.level == "warn")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("days", "scopes", "shop", "words"),
    [
        (-1, ["intake", "context"], "", "令牌不被接受（401）：令牌已过期"),
        (9, ["context"], "", "缺少权限 intake"),
        (9, ["intake"], "", "缺少权限 context"),
        (9, ["intake", "context"], "4711", "另一家店铺"),
    ],
)
def test_a_token_that_will_not_do(
    days: int, scopes: list[str], shop: str, words: str, server: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        if days < 0:
            long_ago = time.time() - 86_400 * 2
            patch.setattr(time, "time", lambda: long_ago)
        token = mint(server, shop or server.shop_id, abs(days), scopes)
    assert words in "\n".join(failures(coze_check.check(base(server), token)))


@pytest.mark.usefixtures("hasty")
def test_a_token_that_soon_ends_is_remarked(server: Settings) -> None:
    token = mint(server, server.shop_id, 9.5, ["intake", "context"])
    assert any("9 天后到期" in finding.what for finding in coze_check.check(base(server), f"Bearer {token}"))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://chat.shop.com", "没有用 https"),
        ("https://xundan-check.invalid", "找不到域名"),
        ("https://203.0.113.1", "是 IP 地址"),
    ],
)
def test_an_address_that_coze_cannot_reach(url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coze_door, "PATIENCE_S", 0.1)
    assert words in "\n".join(failures(coze_check.check(url, "x")))


# TLS


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "xundan test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "server.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, private, serialization.NoEncryption()))
    return path


def passes(front: Front, body: bytes) -> None:
    front.reply(*front.ask(front.path, dict(front.headers), body))


@pytest.mark.usefixtures("hasty")
def test_tls_is_looked_at(server: Settings, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with behind(server, passes, context) as port:
        url = f"https://127.0.0.1:{port}"
        assert "证书不可信" in "\n".join(failures(coze_check.check(url, token)))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert failures(coze_check.check(url, token)) == []
    assert "TLS 失败" in "\n".join(failures(coze_check.check(f"https://127.0.0.1:{server.port}", token)))
