"""`xundan coze check`: plays Coze's calls against a running server, and says in plain words what is wrong.

The calls are those of docs/coze.md. Two test customers stay behind, `xundan-check-flow` and `xundan-check-bot`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Generator, Iterator, Mapping
from urllib.parse import urlencode

from xundan.coze_door import PATIENCE_S, Door, Reply, Trouble, address, bare, days_left, is_ip, is_loopback
from xundan.doctor import Finding, Level
from xundan.words import say, translate

NODE_TIMEOUT_S = 5.0
"""What docs/coze.md has the HTTP node wait for."""
SLOW_S = 2.0
SOON_DAYS = 30
SETTLE_S = 5.0
PAUSE_S = 0.2
FLOW, BOT = "xundan-check-flow", "xundan-check-bot"
TEXT = '询单接入测试，请忽略："引号"、换行\n和 100% & 🙂'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
OPERATOR = {"X-Aiplugin-Connector-Identifier": "xundan-check-operator"}
AS_DOCUMENTED = {
    "X-Aiplugin-Connector-Identifier": BOT,
    "X-AIPlugin-Bot-ID": "xundan-check",
    "X-AIPlugin-Conversation-ID": "xundan-check",
}
AS_SENT = {name.title(): value for name, value in AS_DOCUMENTED.items()}
"""Coze is written in Go, which puts the names of headers into this case."""

Step = Generator[Finding, None, bool]
"""Yields what it finds; whether the next steps make sense."""


def fine(key: str, **values: object) -> Finding:
    """All well: the words of `coze.check.<key>`."""
    return Finding("ok", say(f"coze.check.{key}", **values))


def wrong(level: Level, key: str, **values: object) -> Finding:
    """Not well: the words of `coze.check.<key>` and the advice of `coze.check.<key>.do`."""
    return Finding(level, say(f"coze.check.{key}", **values), say(f"coze.check.{key}.do", **values))


def check(url: str, token: str) -> Iterator[Finding]:
    """Everything there is to say of the server at `url`, in the order of the calls. Raises `ConfigError`."""
    place, token = address(url), bare(token)
    yield from _token_age(token)
    if place.scheme == "http" and not is_loopback(place):
        yield wrong("fail", "no_tls", host=place.hostname)
        return  # the token must not travel where anybody can read it
    if is_loopback(place):
        yield wrong("warn", "loopback", host=place.hostname)
    elif is_ip(place):
        yield wrong("fail", "ip", host=place.hostname)
    try:
        yield from Check(Door(place, token), place.hostname or "").steps()
    except Trouble as trouble:
        yield _no_answer(trouble, place.hostname or "")


def _token_age(token: str) -> Iterator[Finding]:
    left = days_left(token, time.time())
    if left is not None and 1 < left < SOON_DAYS:
        yield wrong("warn", "expires", days=int(left))


def _no_answer(trouble: Trouble, host: str) -> Finding:
    match trouble.key:
        case "dns":
            return wrong("fail", "dns", host=host)
        case "certificate":
            return wrong("fail", "certificate", host=host, why=trouble.why)
        case "tls":
            return wrong("fail", "tls", host=host, why=trouble.why)
        case "silent":
            return wrong("fail", "silent", host=host, seconds=f"{PATIENCE_S:.0f}")
        case "closed":
            return wrong("fail", "closed", host=host)
        case "garbled":
            return wrong("fail", "garbled", host=host, why=trouble.why)
        case _:
            return wrong("fail", "unreachable", host=host, why=trouble.why)


class Check:
    """One run: its messages carry ids that no other run has."""

    def __init__(self, door: Door, host: str) -> None:
        self._door = door
        self._host = host
        self._id = f"xundan-check-{secrets.token_hex(8)}"

    def steps(self) -> Iterator[Finding]:
        """All calls, as far as they make sense."""
        if not ((yield from self._health()) and (yield from self._record())):
            return
        yield from self._repeats()
        yield from self._plugin()
        if (yield from self._context()):
            yield from self._melting()

    def _health(self) -> Step:
        reply = self._door.ask("GET", "/healthz")
        if reply.status == 200 and reply.says("status") == "ok":
            yield fine("reached", host=self._host, seconds=f"{reply.seconds:.2f}")
            return True
        if 300 <= reply.status < 400:
            yield wrong("fail", "redirect", status=reply.status, where=reply.location or "?")
        elif reply.status in (502, 504):
            yield wrong("fail", "nobody_behind", status=reply.status)
        else:
            yield wrong("fail", "not_xundan", status=reply.status)
        return False

    def _record(self) -> Step:
        """As the HTTP node of the flow: an urlencoded form, the key in the query."""
        reply = self._send_form()
        if not (yield from _accepted(reply, "intake")):
            return False
        if reply.says("message_id") != self._id:
            yield wrong("fail", "query_lost")
            return False
        yield fine("recorded")
        yield from _pace(reply)
        return True

    def _repeats(self) -> Iterator[Finding]:
        """Sent whole once more, and as Coze repeats what took too long: same address and headers, empty body."""
        whole = self._send_form()
        if whole.status != 200 or whole.says("duplicate") is not True:
            yield wrong("fail", "not_duplicate", status=whole.status)
        empty = self._door.ask("POST", "/coze", self._key, FORM, b"")
        if empty.status == 200 and empty.says("duplicate") is True and empty.says("message_id") == self._id:
            yield fine("repeated")
        else:
            yield wrong("fail", "retry_lost", status=empty.status, why=_reason(empty))

    def _plugin(self) -> Iterator[Finding]:
        """As the plugin's tool `record_message`, called by a bot: JSON, the customer only in the headers."""
        said = json.dumps({"text": TEXT, "message_id": self._bot_id}, ensure_ascii=False).encode()
        reply = self._door.ask("POST", "/coze", {"idempotency_key": self._bot_id}, JSON | AS_SENT, said)
        if reply.status == 422 and reply.says("field") == "user_id":
            yield wrong("fail", "headers_lost")
        elif (yield from _accepted(reply, "intake")):
            yield fine("plugin")
            yield from _pace(reply)

    def _context(self) -> Step:
        """As the plugin's tool `get_context`, for the flow's customer and for the bot's."""
        reply = self._door.ask("GET", "/coze/context", {"user_id": FLOW, "limit": "1"})
        if not (yield from _accepted(reply, "context")):
            return False
        yield from _pace(reply)
        texts = self._await_texts({"user_id": FLOW, "limit": "1"}, {}, self._id)
        if self._id not in texts:
            yield wrong("warn", "late", seconds=f"{SETTLE_S:.0f}")
            return True
        of_bot = self._await_texts({"limit": "1"}, AS_DOCUMENTED, self._bot_id)
        if self._bot_id in texts or self._id in of_bot:
            yield wrong("fail", "mixed")
        elif texts[self._id] != TEXT:
            yield wrong("fail", "text_changed")
        else:
            yield fine("context")
        return True

    def _melting(self) -> Iterator[Finding]:
        """Without a bot the header names the workflow's operator, who must never become a customer."""
        reply = self._door.ask("GET", "/coze/context", None, OPERATOR)
        if reply.status == 422 and reply.says("code") == "missing_field":
            yield fine("apart")
        else:
            yield wrong("fail", "melting", status=reply.status)

    @property
    def _key(self) -> dict[str, str]:
        return {"Idempotency-Key": self._id}

    @property
    def _bot_id(self) -> str:
        return f"{self._id}-bot"

    def _send_form(self) -> Reply:
        said = {"user_id": FLOW, "text": TEXT, "conversation_id": "xundan-check", "channel": "xundan-check"}
        return self._door.ask("POST", "/coze", self._key, FORM, urlencode(said).encode())

    def _await_texts(self, query: Mapping[str, str], headers: Mapping[str, str], id: str) -> dict[str, str]:
        """The texts of a customer's newest conversation by their ids, waiting a little for the message `id`."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            texts = _texts(self._door.ask("GET", "/coze/context", query, headers))
            if id in texts or time.monotonic() > deadline:
                return texts
            time.sleep(PAUSE_S)


def _texts(reply: Reply) -> dict[str, str]:
    found: dict[str, str] = {}
    conversations = reply.says("conversations")
    for conversation in conversations if isinstance(conversations, list) else ():
        found.update((message["id"], message["text"]) for message in conversation["msgs"])
    return found


def _accepted(reply: Reply, scope: str) -> Step:
    """Whether the answer is 200; if not, why, in words that say what to do."""
    if reply.status == 200:
        return True
    code = reply.says("code")
    if reply.status == 401:
        yield wrong("fail", "unauthorized", why=_reason(reply))
    elif code == "other_shop":
        yield wrong("fail", "other_shop")
    elif code == "missing_scope":
        yield wrong("fail", "missing_scope", scope=scope)
    elif 300 <= reply.status < 400:
        yield wrong("fail", "redirect", status=reply.status, where=reply.location or "?")
    elif reply.status == 429:
        yield wrong("fail", "too_many")
    elif reply.status == 503 and code:
        yield wrong("fail", "busy", why=_reason(reply))
    else:
        yield wrong("fail", "refused", status=reply.status, why=_reason(reply))
    return False


def _pace(reply: Reply) -> Iterator[Finding]:
    if reply.seconds > NODE_TIMEOUT_S:
        yield wrong("fail", "slow", seconds=f"{reply.seconds:.1f}", most=f"{NODE_TIMEOUT_S:.0f}")
    elif reply.seconds > SLOW_S:
        yield wrong("warn", "slowish", seconds=f"{reply.seconds:.1f}", most=f"{NODE_TIMEOUT_S:.0f}")


def _reason(reply: Reply) -> str:
    """The server's own sentence; a foreign answer is not repeated."""
    detail = reply.says("detail")
    return translate(detail) if isinstance(detail, str) else "-"
