"""The walk through Coze, in two languages: the same steps, and what is to be pasted works."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from receive_fakes import Server

from xundan.receive.coze_plugin import CONTEXT, RECORD, document
from xundan.receive.wire import CozeFields

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, CHINESE = ((DOCS / name).read_text(encoding="utf-8") for name in ("coze.md", "coze.zh-CN.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
both = pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])


def block(page: str, language: str) -> str:
    (found,) = [text for kind, text in FENCE.findall(page) if kind == language]
    return str(found)


def rows(page: str, heading: str, table: int) -> list[tuple[str, ...]]:
    """Cells of a table under a heading, its first two lines left out."""
    section = re.split(r"^#+ ", page[page.index(heading) + len(heading) :], flags=re.MULTILINE)[0]
    found = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)[table]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found.split("\n")[2:] if line]


def test_both_pages_have_the_same_steps() -> None:
    assert FENCE.findall(ENGLISH) == FENCE.findall(CHINESE)
    for mark in (r"^#+ ", r"^\d\. ", r"^- ", r"^\|"):
        assert len(re.findall(mark, ENGLISH, re.MULTILINE)) == len(re.findall(mark, CHINESE, re.MULTILINE)), mark


@both
def test_coze_is_named_as_its_pages_name_it(page: str) -> None:
    for word in ("资源库", "+ 资源", "插件", "导入", "Service token / API key", "Parameter name", "启用", "调试"):
        assert f"**{word}**" in page or f"| {word} |" in page, word
    for word in ("发布", "个人信息收集声明", "是", "x-www-form-urlencoded", "Bearer Token"):
        assert f"**{word}**" in page, word


@both
def test_the_code_node_makes_another_id_each_time(page: str) -> None:
    space: dict[str, Any] = {"Args": object, "Output": dict}
    exec(block(page, "python"), space)
    main: Callable[[object], Awaitable[dict[str, str]]] = space["main"]

    async def ids() -> set[str]:
        return {(await main(None))["message_id"] for _ in range(100)}

    assert len(asyncio.run(ids())) == 100


@both
def test_the_proxy_lets_in_what_coze_calls(page: str) -> None:
    let_in = re.search(r"@coze path (.*)", block(page, "caddyfile"))
    assert let_in is not None
    assert set(let_in[1].split()) == {*document("https://x.y", "1")["paths"], "/healthz"}
    assert "127.0.0.1:8720" in block(page, "caddyfile")


@both
def test_the_body_of_the_http_node_is_recorded(page: str) -> None:
    heading = "### HTTP 请求节点" if page is CHINESE else "### The HTTP node"
    names = [name.strip("`") for name, _ in rows(page, heading + "\n", 1)]
    assert {field.encode_name for field in msgspec.structs.fields(CozeFields)} >= set(names)
    server = Server()
    said = dict.fromkeys(names, "x") | {"text": '他说"便宜点"\n100% & 行'}
    form = "application/x-www-form-urlencoded"
    answer = server.post("/coze?Idempotency-Key=x", urlencode(said).encode(), form)
    assert answer.status_code == 200, answer.text
    assert server.post("/coze?Idempotency-Key=x", b"", form).json() == {**answer.json(), "duplicate": True}


@both
def test_the_tools_are_debugged_with_parameters_they_have(page: str) -> None:
    heading = "## 3. 导入插件" if page is CHINESE else "## 3. Import the plugin"
    known = {
        RECORD: {field.encode_name for field in msgspec.structs.fields(CozeFields)},
        CONTEXT: {"user_id", "limit"},
    }
    for tool, name, _ in rows(page, heading + "\n", 1):
        assert name.strip("`") in known[tool.strip("`")]
