"""The plugin for Coze: valid OpenAPI 3.0, within what Coze's importer takes, told in Chinese, true to the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV30SpecValidator
from receive_fakes import Server

from cli_process import Shell
from xundan.receive.coze import CozeAnswer
from xundan.receive.coze_plugin import CONTEXT, RECORD, document
from xundan.receive.documents import ContextAnswer
from xundan.receive.wire import CozeFields
from xundan.receive.yaml_text import to_yaml

URL = "https://chat.shop.com"
PLUGIN = document(URL, "1.2.3")
OPERATIONS = {said["operationId"]: said for path in PLUGIN["paths"].values() for said in path.values()}
RECORD_BODY = OPERATIONS[RECORD]["requestBody"]["content"]["application/json"]["schema"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def answer_of(operation: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


# the form


def test_it_is_valid_openapi_3_0_1() -> None:
    assert PLUGIN["openapi"] == "3.0.1"
    OpenAPIV30SpecValidator(PLUGIN).validate()


def test_its_yaml_says_the_same() -> None:
    assert yaml.safe_load(to_yaml(PLUGIN)) == PLUGIN


TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=12)
LEAF = TEXT | st.booleans() | st.none() | st.integers() | st.sampled_from(["no", "200", "1e3", "- a", "a: b", "#", "~"])
KEY = TEXT | st.sampled_from(["no", "ON", "200", "null", "/coze", "x-y", "-", "?"])
TREE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3))


@given(st.dictionaries(KEY, TREE, min_size=1, max_size=4))
def test_yaml_is_read_as_it_was_meant(value: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("name", [RECORD, CONTEXT])
def test_it_keeps_to_what_the_importer_takes(name: str) -> None:
    """The rules of coze-studio, backend/crossdomain/plugin/model/openapi.go."""
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["responses"].keys() == {"200", "default"}
    assert operation["responses"]["200"]["content"].keys() == {"application/json"}
    assert answer_of(operation)["type"] == "object"
    for parameter in operation["parameters"]:
        assert parameter["in"] == "query"
        assert re.fullmatch(r"[a-z_]+", parameter["name"])
        assert parameter["schema"]["type"] in ("string", "integer")
    if "requestBody" in operation:
        assert operation["requestBody"]["content"].keys() == {"application/json"}
        assert RECORD_BODY["type"] == "object"


def test_there_is_one_server_and_the_token_goes_into_authorization() -> None:
    assert PLUGIN["servers"] == [{"url": URL}]
    assert "$ref" not in to_yaml(PLUGIN)
    (scheme,) = PLUGIN["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert PLUGIN["security"] == [{name: []} for name in PLUGIN["components"]["securitySchemes"]]


# the words


def described(schema: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Every field of a schema, however deep, with its description."""
    for key, inner in schema.get("properties", {}).items():
        yield f"{name}.{key}", inner.get("description", "")
        yield from described(inner, f"{name}.{key}")
    if "items" in schema:
        yield f"{name}[]", schema["items"].get("description", "")
        yield from described(schema["items"], f"{name}[]")


@pytest.mark.parametrize("name", [RECORD, CONTEXT])
def test_everything_is_described_in_chinese(name: str) -> None:
    operation = OPERATIONS[name]
    said = dict(described(answer_of(operation), "answer"))
    said |= {parameter["name"]: parameter["description"] for parameter in operation["parameters"]}
    said |= {"summary": operation["summary"], "description": operation["description"]}
    if "requestBody" in operation:
        said |= dict(described(RECORD_BODY, "body"))
    assert [field for field, text in said.items() if not CHINESE.search(text)] == []


# true to the server


def test_what_it_sends_are_fields_that_the_server_reads() -> None:
    fields = msgspec.structs.fields(CozeFields)
    assert {field.encode_name for field in fields} >= RECORD_BODY["properties"].keys()
    assert set(RECORD_BODY["required"]) == {field.encode_name for field in fields if field.required}


def agrees(schema: dict[str, Any], truth: dict[str, Any], types: dict[str, Any], at: str) -> Iterator[str]:
    """Where a schema says something else than the server's own type."""
    if "$ref" in truth:
        truth = types[truth["$ref"].rpartition("/")[2]]
    kinds = {kind["type"] for kind in truth.get("anyOf", [truth])}
    if kinds != {schema["type"]} | ({"null"} if schema.get("nullable") else set()):
        yield f"{at}: {schema['type']} is {kinds}"
    for name, inner in schema.get("properties", {}).items():
        if name not in truth["properties"]:
            yield f"{at}.{name}: no such field"
        else:
            yield from agrees(inner, truth["properties"][name], types, f"{at}.{name}")
    if "items" in schema:
        yield from agrees(schema["items"], truth["items"], types, f"{at}[]")


@pytest.mark.parametrize(("name", "answer"), [(RECORD, CozeAnswer), (CONTEXT, ContextAnswer)])
def test_what_it_gets_is_what_the_server_answers(name: str, answer: type) -> None:
    (truth,), types = msgspec.json.schema_components([answer])
    assert list(agrees(answer_of(OPERATIONS[name]), truth, types, name)) == []


def test_its_addresses_and_parameters_are_the_servers() -> None:
    paths = Server().app.openapi()["paths"]
    for path, methods in PLUGIN["paths"].items():
        for method, operation in methods.items():
            known = {parameter["name"] for parameter in paths[path][method]["parameters"]}
            asked = {parameter["name"] for parameter in operation["parameters"]}
            assert known >= asked - {"idempotency_key"}, path


def test_the_key_counts_under_a_name_that_a_tool_can_have() -> None:
    server = Server()
    sent = server.post("/coze?idempotency_key=m1", {"user_id": "u1", "text": "在吗"})
    assert sent.json()["message_id"] == "m1"
    assert server.post("/coze?idempotency_key=m1").json() == {**sent.json(), "duplicate": True}


# the command


def test_it_is_printed(shell: Shell) -> None:
    said = shell("coze", "plugin", "--url", f"{URL}/")
    assert said.code == 0, said.err
    assert yaml.safe_load(said.out)["servers"] == [{"url": URL}]
    assert said.err == ""


def test_it_is_written_to_a_file(shell: Shell) -> None:
    said = shell("coze", "plugin", "--url", f"{URL}/xundan", "--out", "plugin.yaml")
    assert said.code == 0, said.err
    assert "plugin.yaml" in said.out
    assert "导入" in said.out
    written = yaml.safe_load((shell.directory / "plugin.yaml").read_text(encoding="utf-8"))
    assert written["servers"] == [{"url": f"{URL}/xundan"}]


@pytest.mark.parametrize("url", ["http://chat.shop.com", "https://203.0.113.9", "http://127.0.0.1:8720"])
def test_an_address_that_coze_cannot_reach_is_remarked(shell: Shell, url: str) -> None:
    said = shell("coze", "plugin", "--url", url)
    assert said.code == 0
    assert url in said.err


@pytest.mark.parametrize(
    "url", ["chat.shop.com", "ftp://chat.shop.com", "https://", "https://a:b", "https://u:p@h", ""]
)
def test_an_address_that_is_none_is_refused(shell: Shell, url: str) -> None:
    said = shell("coze", "plugin", "--url", url)
    assert said.code == 2
    assert "https://chat.shop.com" in said.err
