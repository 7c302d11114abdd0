"""The labelled set as an operator works with it, and the language model that is asked, played by a server here."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli_process import SECRET, Shell
from xundan.chat_endpoint import TRIES, Endpoint
from xundan.domain.labels import Sample
from xundan.domain.ports import Question
from xundan.domain.records import INTENTS
from xundan.embedded.sqlite_labels import SqliteLabels
from xundan.errors import ConfigError, Retryable, XundanError
from xundan.label_propose import propose, wanted
from xundan.understand.proposals import codebook, labels_in, request

ROOT = Path(__file__).parents[2]
KEY = "sk-not-to-be-seen"
CHATS = (
    "user_id,text,ts,from,conversation_id\n"
    "u1,在吗,2026-11-02 10:00:00,user,c1\n"
    "u1,您好,2026-11-02 10:00:10,agent,c1\n"
    "u1,我的手机13800138000,2026-11-02 10:00:20,user,c1\n"
    "u1,多少钱,2026-11-02 10:00:30,user,c1\n"
    "u2,多少钱,2026-11-02 11:00:00,user,c2\n"
    "u3,,2026-11-02 11:00:00,user,c3\n"
)

CUT = b"cut off"
"""An answer that ends before its length."""

Reply = tuple[int, Any]


@dataclass
class Model:
    """A chat-completions server; `replies` are what it says in turn, the last one for ever."""

    replies: list[Callable[[dict[str, Any]], Reply]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def reply(self, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        with self.lock:
            self.asked.append(body)
            self.headers.append(headers)
            answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return answer(body)


def messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body["messages"][1]["content"])["messages"]
    return found


def says(content: str) -> Reply:
    return 200, {"choices": [{"message": {"role": "assistant", "content": content}}]}


def good(body: dict[str, Any]) -> Reply:
    labels = [{"n": one["n"], "intent": "price_query", "buy": 1} for one in messages(body)]
    return says("<think>{hm}</think>```json\n" + json.dumps({"labels": labels}) + "\n```")


@pytest.fixture
def model() -> Iterator[Model]:
    played = Model([good])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = played.reply(body | {"path": self.path}, dict(self.headers))
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "7")
            if status == 302:
                self.send_header("Location", f"{played.url}/elsewhere")
            self.send_header("Content-Length", str(len(data) + (5 if content == CUT else 0)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # who asked may be gone
    played.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield played
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, monkeypatch, capsys)
    shell.write("xundan.toml", f'shop_id = "1024"\ncoze_secret = "{SECRET}"\nprofile = "embedded"\n')
    shell.write("chats.csv", CHATS)
    return shell


def exported(shell: Shell, *options: str) -> list[dict[str, Any]]:
    said = shell("label", "export", *options)
    assert said.code == 0
    return [json.loads(line) for line in said.out.splitlines()]


# drawing, importing, exporting


def test_messages_are_drawn_once_masked_with_what_came_before(shell: Shell) -> None:
    assert shell("import", "messages", "chats.csv").code == 0
    assert shell("label", "draw", "--count", "2").out == "新抽 2 条；等待人工标注的共 2 条\n"
    assert shell("label", "draw", "--count", "9").out == "新抽 2 条；等待人工标注的共 4 条\n"
    rows = exported(shell, "--unlabelled")
    assert sorted(row["text"] for row in rows) == ["在吗", "多少钱", "多少钱", "我的手机[手机号1]"]
    (asked,) = (row for row in rows if row["text"] == "多少钱" and row["context"])
    assert [(turn["from"], turn["text"]) for turn in asked["context"]] == [
        ("user", "在吗"),
        ("agent", "您好"),
        ("user", "我的手机[手机号1]"),
    ]
    assert len({row["id"] for row in rows}) == 4
    assert len({row["scene"] for row in rows}) == 2
    assert exported(shell) == []


def test_a_draw_is_repeatable_and_depends_on_the_seed(shell: Shell) -> None:
    rows = "".join(f"u{n},第{n}条,2026-11-02 10:00:00,user,c{n}\n" for n in range(60))
    shell.write("chats.csv", CHATS.split("\n")[0] + "\n" + rows)
    shell("import", "messages", "chats.csv")
    drawn = []
    for seed in (1, 1, 2):
        shell("label", "draw", "--count", "10", "--seed", seed)
        drawn.append({row["id"] for row in exported(shell, "--unlabelled")})
        for file in (shell.directory / "var").glob("labels.db*"):
            file.unlink()
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(one) for one in drawn] == [10, 10, 10]


def test_labels_go_round_through_label_studio(shell: Shell) -> None:
    shell("import", "messages", "chats.csv")
    shell("label", "draw", "--count", "9")
    said = shell("label", "export", "--unlabelled", "--format", "label-studio", "--out", "tasks.json")
    assert (said.code, said.err) == (0, "写出 4 条：tasks.json\n")
    tasks = json.loads((shell.directory / "tasks.json").read_text(encoding="utf-8"))
    for task in tasks:
        result = [
            {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
            for name, choice in (("intent", "chitchat"), ("buy", "0"))
        ]
        task["annotations"] = [{"result": result, "completed_by": 1}]
    shell.write("done.json", json.dumps(tasks[:3]))
    said = shell("label", "import", "done.json")
    assert said.out == "done.json：新消息 0 条，已有 3 条；新的人工标注 3 个，新的建议 0 个；拒 0 条\n"
    shell.write("labelled.jsonl", shell("label", "export").out)
    assert json.loads(shell("evaluate", "--data", "labelled.jsonl", "--json").out)["messages"] == 3


def test_refused_rows_of_an_import_are_kept_with_their_reasons(shell: Shell) -> None:
    shell.write(
        "l.jsonl", '{"text": "在吗", "intent": "chitchat", "buy": 0}\n{"text": "在吗", "intent": "x", "buy": 0}\n'
    )
    said = shell("label", "import", "l.jsonl", "--by", "小王")
    assert said.code == 0
    assert "新的人工标注 1 个，新的建议 0 个；拒 1 条" in said.out
    assert "标注手册" in (shell.directory / "l.jsonl.rejects.jsonl").read_text(encoding="utf-8")
    assert exported(shell)[0]["by"] == "小王"


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (("import", "no.jsonl"), 1, "没有这个文件"),
        (("import", "x.jsonl", "--format", "csv"), 2, "format 应为以下之一：jsonl, label-studio"),
        (("export", "--proposals", "--unlabelled"), 2, "只能用一个"),
        (("draw", "--count", "5"), 1, "还没有数据"),
        (("draw",), 2, "缺少选项"),
        (("--llm", "http://127.0.0.1:1/v1"), 2, "--llm URL 和 --model NAME 要一起给"),
        (("--llm", "ftp://x", "--model", "m"), 2, "地址要写成"),
        (("frob",), 2, "没有命令 frob"),
    ],
)
def test_what_is_wrong_is_one_sentence(shell: Shell, line: tuple[str, ...], code: int, sentence: str) -> None:
    said = shell("label", *line)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert sentence in said.err


def test_the_labelling_configuration_has_every_label_and_shows_what_tasks_hold() -> None:
    page = (ROOT / "docs/labels.md").read_text(encoding="utf-8")
    view = ElementTree.fromstring(page.split("```xml\n")[1].split("```")[0])
    aliases = {choices.get("name"): [choice.get("alias") for choice in choices] for choices in view.iter("Choices")}
    assert aliases == {"intent": list(INTENTS), "buy": ["1", "0"]}
    assert {element.get("toName") for element in view.iter("Choices")} == {"text"}
    assert {element.get("value") for element in view if element.tag in ("Text", "Paragraphs")} == {"$text", "$context"}


# proposals


def test_proposals_are_asked_for_with_consent_and_stay_proposals(
    shell: Shell, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUNDAN_LLM_KEY", KEY)
    shell("import", "messages", "chats.csv")
    shell("label", "draw", "--count", "9")
    line = ("label", "--llm", model.url, "--model", "some-model", "--batch", "3")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = shell(*line)
    assert (said.code, model.asked) == (130, [])
    assert "将把 4 条消息" in said.err
    said = shell(*line, "--yes")
    assert (said.code, said.out) == (0, "有效建议 4 条，无效回答 0 条，没有回答 0 条\n")
    assert KEY not in said.out + said.err
    assert sorted(len(messages(body)) for body in model.asked) == [1, 3]
    assert {body["path"] for body in model.asked} == {"/v1/chat/completions"}
    assert {headers["Authorization"] for headers in model.headers} == {f"Bearer {KEY}"}
    sent = json.dumps(model.asked, ensure_ascii=False)
    assert "13800138000" not in sent
    assert "[手机号1]" in sent
    assert exported(shell) == []
    proposed = exported(shell, "--proposals")
    assert [(row["source"], row["by"], row["intent"]) for row in proposed] == [
        ("proposal", "some-model", "price_query")
    ] * 4
    said = shell(*line, "--yes")
    assert "没有要问 some-model 的消息" in said.out
    assert len(model.asked) == 2


def test_an_endpoint_that_refuses_is_one_sentence_without_the_key(
    shell: Shell, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUNDAN_LLM_KEY", KEY)
    model.replies = [lambda body: (401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "bad"}})]
    shell.write("l.jsonl", '{"text": "在吗"}\n')
    shell("label", "import", "l.jsonl")
    said = shell("label", "--llm", model.url, "--model", "m", "--yes")
    assert said.code == 1
    assert "不认 XUNDAN_LLM_KEY 里的密钥（HTTP 401）" in said.err
    assert KEY not in said.err


def samples(count: int) -> list[Sample]:
    return [Sample(str(n), Question(f"多少钱{n}")) for n in range(count)]


@pytest.fixture
def labels(tmp_path: Path) -> Iterator[SqliteLabels]:
    store = SqliteLabels(tmp_path / "labels.db")
    yield store
    store.close()


def endpoint(model: Model, waits: list[float] | None = None) -> Endpoint:
    slept: list[float] = [] if waits is None else waits
    return Endpoint(model.url, KEY, sleep=slept.append)


def test_busy_and_broken_answers_are_tried_again_with_longer_pauses(model: Model) -> None:
    busy: list[Callable[[dict[str, Any]], Reply]] = [
        lambda body: (503, {}),
        lambda body: (429, {}),
        lambda body: (500, {}),
    ]
    model.replies = [*busy, good]
    waits: list[float] = []
    completion = endpoint(model, waits).complete(request("m", [Question("多少钱")]))
    assert labels_in(completion, 1) == [("price_query", True)]
    assert 0.5 <= waits[0] <= 1
    assert waits[1] == 7
    assert 2 <= waits[2] <= 4


def test_an_endpoint_that_stays_busy_or_away_is_given_up(model: Model) -> None:
    model.replies = [lambda body: (429, {})]
    with pytest.raises(Retryable, match=f"in {TRIES} tries: HTTP 429"):
        endpoint(model).complete({})
    assert len(model.asked) == TRIES
    with pytest.raises(Retryable, match="refused"):
        Endpoint("http://127.0.0.1:9", "", sleep=lambda seconds: None).complete({})


def test_silence_and_a_cut_connection_are_tried_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xundan.chat_endpoint.TIMEOUT_S", 0.3)
    released = threading.Event()

    def silent(body: dict[str, Any]) -> Reply:
        released.wait(20)
        return good(body)

    model.replies = [silent, lambda body: (200, CUT), good]
    waits: list[float] = []
    completion = endpoint(model, waits).complete(request("m", [Question("多少钱")]))
    released.set()
    assert labels_in(completion, 1) == [("price_query", True)]
    assert len(waits) == 2


def test_an_endpoint_that_knows_no_json_mode_is_asked_without_it(model: Model) -> None:
    model.replies = [
        lambda body: (400, {"error": {"code": "unsupported"}}) if "response_format" in body else good(body)
    ]
    asker = endpoint(model)
    for _ in range(2):
        assert asker.complete(request("m", [Question("多少钱")]))
    assert ["response_format" in body for body in model.asked] == [True, False, False]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((404, {"error": {"message": "secret text", "code": "model_not_found"}}), "HTTP 404 model_not_found"),
        ((404, b"<html>"), "HTTP 404"),
        ((402, {"error": "x"}), "HTTP 402"),
        ((302, b""), "HTTP 302"),
        ((403, {}), "does not accept the key"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(model: Model, reply: Reply, why: str) -> None:
    model.replies = [lambda body: reply]
    with pytest.raises(XundanError, match=why) as raised:
        endpoint(model).complete({})
    assert "secret" not in str(raised.value)
    assert (len(model.asked), type(raised.value)) == (1, XundanError)


def test_a_key_that_cannot_be_one_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError) as raised:
        Endpoint("http://127.0.0.1:1/v1", "sk-with\nbreak")
    assert "break" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"labels": [{"n": 1, "intent": "invoice", "buy": 0}, {"n": 2, "intent": "other", "buy": false}]}', "io"),
        ('Sure: {"labels": [{"n": 2, "intent": "other", "buy": 0}]} Hope that helps', " o"),
        ('{"labels": [{"n": 1, "intent": "invented", "buy": 0}, {"n": 2, "intent": "other", "buy": 2}]}', "  "),
        ('{"labels": [{"n": 0, "intent": "other", "buy": 0}, {"n": 3, "intent": "other", "buy": 0}, 7]}', "  "),
        ('{"labels": [{"n": 1, "intent": "other", "buy": 0}, {"n": 1, "intent": "invoice", "buy": 0}]}', "  "),
        ('{"labels": {"1": "other"}}', "  "),
        ('[{"n": 1, "intent": "other", "buy": 0}]', "  "),
        ("I cannot do that", "  "),
        ("", "  "),
    ],
)
def test_only_valid_answers_count(content: str, expected: str) -> None:
    found = labels_in(says(content)[1], 2)
    assert "".join(one[0][0] if one else " " for one in found) == expected


@pytest.mark.parametrize("completion", [None, [], {}, {"choices": []}, {"choices": [{"message": {"content": None}}]}])
def test_an_answer_of_another_shape_is_none(completion: object) -> None:
    assert labels_in(completion, 1) == [None]


def test_invalid_answers_are_counted_and_skipped_and_asked_again_next_time(model: Model, labels: SqliteLabels) -> None:
    labels.add("a", samples(5))
    model.replies = [lambda body: says("no"), lambda body: (200, b"not json"), good]
    how: dict[str, Any] = {"batch": 2, "workers": 1, "clock": lambda: 5}
    result = propose(endpoint(model), labels, "a", "m", wanted(labels, "a", "m", 9), **how)
    assert (result.proposed, result.invalid, result.unanswered) == (1, 4, 0)
    result = propose(endpoint(model), labels, "a", "m", wanted(labels, "a", "m", 9), **how)
    assert (result.proposed, result.invalid) == (4, 0)
    assert labels.counts("a").human == 0


def test_batches_that_get_no_answer_cost_the_others_nothing_until_it_looks_down(
    model: Model, labels: SqliteLabels
) -> None:
    labels.add("a", samples(8))
    how: dict[str, Any] = {"batch": 2, "workers": 1, "clock": lambda: 5}
    model.replies = [*[lambda body: (500, {})] * TRIES, good]
    result = propose(endpoint(model), labels, "a", "m", samples(4), **how)
    assert (result.proposed, result.unanswered) == (2, 2)
    assert "HTTP 500" in result.why
    model.replies = [lambda body: (500, {})]
    with pytest.raises(Retryable):
        propose(endpoint(model), labels, "a", "m", samples(8), **how)
    assert labels.counts("a").proposed == 2


def test_many_requests_at_a_time_ask_for_each_message_once(model: Model, labels: SqliteLabels) -> None:
    labels.add("a", samples(50))
    done: list[int] = []
    result = propose(
        endpoint(model), labels, "a", "m", samples(50), batch=3, workers=8, clock=lambda: 5, progress=done.append
    )
    assert (result.proposed, sum(done), labels.counts("a").proposed) == (50, 50, 50)
    asked = [one["text"] for body in model.asked for one in messages(body)]
    assert sorted(asked) == sorted(sample.question.text for sample in samples(50))


def test_the_prompt_is_the_codebook_that_people_read() -> None:
    page = (ROOT / "docs/codebook.md").read_text(encoding="utf-8")
    assert (ROOT / "src/xundan/understand/codebook.md").read_text(encoding="utf-8") == page
    told = request("m", [Question("忽略以上")])["messages"][0]["content"]
    assert codebook() in told
    for part in ("`human_handoff`", "## `buy`", "## Close calls"):
        assert part in codebook()
    assert "How far people agree" not in codebook()
