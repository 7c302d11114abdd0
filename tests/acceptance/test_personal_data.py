"""Personal data that comes in by any way is nowhere in clear: not in a file, a log line, a metric, an answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from evidence import facts
from real_server import Server

from xundan.client import Client
from xundan.domain.calendar import DAY
from xundan.domain.records import Message
from xundan.protect.keyfile import KeyFile
from xundan.simulate import SimConfig, simulate

WRITTEN = (
    "13812345678",
    "138 1234 5679",
    "+86 139-1234-5670",
    "１３８１２３４５６７１",
    "幺三八二三四五六七八九",
    "11010119900307002X",
    "6222 0212 3456 7890 128",
    "4111111111111111",
    "Some.One+shop@example.com",
)
"""Phones, an ID card, bank cards and an address, as customers write them; all made up."""

NUMBER = count(1)
LINES, JSON, FORM = "application/jsonl", "application/json", "application/x-www-form-urlencoded"


def planted() -> list[str]:
    """What must not be found: what is written above, and what a simulated shop's customers write."""
    shop = simulate(SimConfig(seed=5, end=1_790_000_000_000, days=12, customers_per_day=40))
    assert len(shop.truth["personal"]) > 5
    return [*WRITTEN, *shop.truth["personal"]]


def said(data: str) -> str:
    """A sentence with personal data in it, and a word by which it is found again."""
    return f"标记{next(NUMBER)}终 麻烦寄到这个 {data} 谢谢"


class Ways:
    """Every way in, each with everything that is `planted`, good and bad; `answers` are what came back."""

    def __init__(self, server: Server, data: list[str]) -> None:
        self._server = server
        self._data = data
        self.answers: list[bytes] = []

    def all(self) -> None:
        with self._server.client("intake", "context", "report", "import", "metrics") as caller:
            for data in self._data:
                self._singles(caller, data)
                self._refused_singles(caller, data)
            for source in ("", "?source=import"):
                self._batches(caller, source)
            self._questions(caller)
        with Client(self._server.url, "not.a.token") as stranger:
            self._post(stranger, "/coze", {"user_id": "u", "text": said(self._data[0])}, status=401)

    def _post(self, caller: Client, path: str, body: object, kind: str = JSON, status: int = 200) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=next(NUMBER) % 2 == 0).encode()
        answer = caller.request("POST", path, data, kind)
        assert answer.status == status, (path, answer.status, answer.body[:300])
        self.answers.append(answer.body)

    def _singles(self, caller: Client, data: str) -> None:
        row = {"user_id": f"u{next(NUMBER)}", "text": said(data), "answer": said(data), "conversation_id": "c1"}
        self._post(caller, "/coze", row)
        self._post(caller, "/coze", urlencode(row).encode(), FORM)
        self._post(caller, "/coze", row | {"from": "agent", "agent_id": "kefu", "unknown_field": said(data)})

    def _refused_singles(self, caller: Client, data: str) -> None:
        text = said(data)
        bad: list[object] = [{"text": text}, {"user_id": "", "text": text, "memo": [text, {"a": text}]}, [text], text]
        bad += [{"user_id": "u", "text": [text]}, {"user_id": "u", "text": text, "ts": 1_000_000_000, "answer": text}]
        bad += [{"user_id": "u", "text": text, "from": text}, {"user_id": "u", "text": text, "ts": text}]
        bad += [{"user_id": [text], "text": "x"}, {"user_id": f"*{text}", "text": "x", "agent_id": {"a": text}}]
        for body in bad:
            self._post(caller, "/coze", body, status=422)
        for broken in (f'{{"user_id": "u", "text": "{text}', text, f"user_id=&text={text}"):
            self._post(caller, "/coze", broken.encode(), status=422)
            self._post(caller, "/coze", broken.encode(), FORM, status=422)
        self._post(caller, "/coze", text.encode(), "text/plain", status=415)
        self._post(caller, "/coze", {"user_id": "u", "text": text * 2000}, status=413)
        self._post(caller, "/coze", {"user_id": "u", "shop_id": "9", "text": text}, status=403)

    def _batches(self, caller: Client, source: str) -> None:
        ts = time.time_ns() // 1_000_000 - 2 * DAY
        messages: list[str] = []
        orders: list[str] = []
        links: list[str] = []
        for number, data in enumerate(self._data):
            text = said(data)
            row = {"user_id": f"b{number}", "text": text, "ts": ts}
            messages += map(as_json, (row, row | {"user_id": "*"}, row | {"text": 5, "memo": text}, [text]))
            messages += [text, as_json(row)[:-3]]
            item = {"name": text, text: "as a key", "more": [text]}
            order = {"order_id": f"o{number}", "user_id": "b1", "status": "paid", "amount_fen": 5, "ts": ts}
            order |= {"items": [item], "memo": text}
            orders += map(
                as_json, (order, order | {"amount_fen": 1.5}, order | {"status": text}, order | {"items": text})
            )
            orders.append(text)
            links += map(as_json, ({"alias": f"a{number}", "user_id": "b1", "ts": ts, "memo": text}, {"memo": text}))
            links.append(text)
        for kind, lines in (("messages", messages), ("orders", orders), ("links", links)):
            self._post(caller, f"/v1/{kind}{source}", "\n".join(lines).encode(), LINES)

    def _questions(self, caller: Client) -> None:
        """Asked about, an id that is a phone number is not noted down either."""
        for path in ("users/13812345678/context", "users/13812345678/intent", "report?from=13812345678"):
            self.answers.append(caller.request("GET", f"/v1/shops/1024/{path}").body)

    def files(self) -> None:
        """The commands that bring in files, through the running server or without one."""
        folder, day = self._server.folder, "2026-03-02 10:00:00"
        lines = [f"f{n},{said(data)},{day}" for n, data in enumerate(self._data)]
        lines += [f"*,{said(data)},{day}" for data in self._data] + [
            f"f,{said(data)},{said(data)}" for data in self._data
        ]
        (folder / "m.csv").write_text("\n".join(["user_id,text,ts", *lines]) + "\n")
        rows = [{"order_id": "x", "status": "paid", "ts": day, "items": [{"a": said(data)}]} for data in self._data]
        rows += [row | {"status": "?", "amount": said(data)} for row, data in zip(rows, self._data, strict=True)]
        (folder / "o.jsonl").write_text("\n".join(map(as_json, rows)) + "\n")
        talk = [f"s\tu\t{n % 2}\tFalse\tFalse\tnan\t{said(data)}" for n, data in enumerate(self._data)]
        (folder / "chats.tsv").write_text("\n".join([*talk, said(self._data[0])]) + "\n")
        for command in (
            ("import", "messages", "m.csv"),
            ("import", "orders", "o.jsonl"),
            ("replay", "chats.tsv", "--format", "jddc", "--days", "9"),
        ):
            self.answers.append(self._server.command(*command).encode())

    def looked_at(self) -> None:
        """The commands that show what is there; dead letters are also offered again."""
        shown = self._server.command("dead", "list", "-n", "1000")
        numbers = [line.split()[0] for line in shown.splitlines()]
        assert len(numbers) > 20
        texts = [self._server.command("dead", "show", number) for number in numbers[:: len(numbers) // 5]]
        texts += [self._server.command("tail", "-n", "2000"), self._server.command("report")]
        texts.append(self._server.command("dead", "replay", "--all", "--yes", codes=(0, 1)))
        self.answers += [text.encode() for text in (shown, *texts)]


def as_json(row: object) -> str:
    return json.dumps(row, ensure_ascii=next(NUMBER) % 2 == 0)


def clear(data: list[str]) -> re.Pattern[bytes]:
    """Matches any of the texts in any of the ways to write it down: as it is, in JSON, its digits alone."""
    forms = {form for text in data for form in (text, text.lower(), json.dumps(text)[1:-1])}
    forms |= {digits for text in data if len(digits := "".join(filter(str.isdecimal, text))) >= 11}
    return re.compile(b"|".join(re.escape(form.encode()) for form in sorted(forms)))


def found(pattern: re.Pattern[bytes], where: str, content: bytes) -> Iterator[str]:
    for match in pattern.finditer(content):
        around = content[max(0, match.start() - 60) : match.end() + 30]
        yield f"{where}: {match[0].decode()!r} in {around!r}"


def in_files(pattern: re.Pattern[bytes], folder: Path) -> list[str]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [one for path in paths for one in found(pattern, path.name, path.read_bytes())][:5]


def test_it_is_nowhere_in_clear(tmp_path: Path) -> None:
    data = planted()
    pattern = clear(data)
    with Server(tmp_path, scoring=True, log_level="debug") as server:
        server.start()
        ways = Ways(server, data)
        ways.all()
        ways.files()
        server.carried()
        ways.looked_at()
        server.carried()
        with server.client("metrics") as caller:
            ways.answers.append(caller.insist("GET", "/metrics").body)
        assert in_files(pattern, server.settings.data_dir) == []
        assert {path.name for path in server.settings.data_dir.iterdir()} >= {
            "log.db-wal",
            "store.db-wal",
            "dead.db-wal",
        }
        server.end()
        ways.files()  # once more, without a server
        assert in_files(pattern, server.settings.data_dir) == []
        assert [one for answer in ways.answers for one in found(pattern, "answer", answer)][:5] == []
        assert list(found(pattern, "said", server.said().encode()))[:5] == []
    the_originals_are_there_for_who_has_the_key(server, data)


def the_originals_are_there_for_who_has_the_key(server: Server, data: list[str]) -> None:
    """So the test looks at the right files, and nothing is hidden by being lost."""
    keys = KeyFile(server.files.keys)
    messages = [fact for fact in facts(server.files.log) if isinstance(fact, Message)]
    opened = {keys.decrypt("1024", token) for message in messages for token in message.pii.values()}
    assert opened == set(data)
    files = [(server.settings.data_dir / name).read_bytes() for name in ("log.db", "store.db", "dead.db")]
    assert all("标记".encode() in file or json.dumps("标记")[1:-1].encode() in file for file in files)
    assert sum("终" in message.text for message in messages) >= 10 * len(data)
