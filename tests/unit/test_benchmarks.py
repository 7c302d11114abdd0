import asyncio
from pathlib import Path
from typing import cast

import pytest
import uvloop
from benchmarks import chats, load, models, serving
from benchmarks.bert import SIZES
from benchmarks.open_loop import Offered, offer
from benchmarks.server import request

from xundan.domain.ports import Question, Turn
from xundan.understand.model import load_classifier

TINY = Path(__file__).parents[1] / "data" / "tiny_encoder"
HELLO, OURS = Turn("agent", "您好"), Turn("agent", "在的 您说")
CHAT = chats.Chat("c1", [HELLO, Turn("user", "在吗"), Turn("agent", "在的"), Turn("agent", "您说"), Turn("user", "好")])


def test_what_the_shop_says_at_one_go_is_one_turn_and_the_answer_to_what_was_asked() -> None:
    first, second = chats.asked(CHAT)
    assert (first.text, first.answer, first.context) == ("在吗", OURS.text, (HELLO,))
    assert second.context == (HELLO, Turn("user", "在吗"), OURS)


def test_every_message_of_every_chat_comes_once_and_in_its_order() -> None:
    written = chats.written_chats()
    come = list(chats.as_they_come(written))
    assert len(come) == sum(len(chats.asked(chat)) for chat in written)
    assert [one for one in come if one.user == "w3"] == chats.asked(written[3])


class _Echo(asyncio.Protocol):
    """Answers every request with its own body, and may close the connection after each."""

    def __init__(self, close: bool) -> None:
        self._close = close

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        body = data.partition(b"\r\n\r\n")[2]
        said = b"Connection: close\r\n" if self._close else b""
        self._transport.write(b"HTTP/1.1 200 OK\r\n" + said + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if self._close:
            self._transport.close()


async def _offered(count: int, *, close: bool) -> tuple[list[bytes], Offered]:
    async with await asyncio.get_running_loop().create_server(lambda: _Echo(close), "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        requests = [request(f"http://{host}:{port}", "t", {"message_id": number}) for number in range(count)]
        offered = await offer(f"http://{host}:{port}", requests, rate=2000)
        await asyncio.sleep(0.1)  # the server hears that the connections are closed
        return requests, offered


@pytest.mark.parametrize("close", [False, True], ids=["kept", "closed after each answer"])
def test_every_request_is_sent_once_and_has_its_own_answer(close: bool) -> None:
    requests, offered = uvloop.run(_offered(300, close=close))
    assert sorted(answer.place for answer in offered.answers) == list(range(300))
    assert all(requests[answer.place].endswith(answer.body) for answer in offered.answers)


def test_serving_is_compared_with_the_runtime() -> None:
    loaded = serving.load("tiny", TINY)
    questions = serving.of_length(loaded, 8)
    assert {one.length for one in loaded.reader.prepare(questions)} == {8}
    row = serving.compared(loaded, questions[:64], scale=0.02)
    assert {"raw32", "served8", "full", "ratio"} <= {name for name, value in row.items() if value}


def test_lengths_beyond_a_models_limit_are_left_out() -> None:
    loaded = serving.load("tiny", TINY)
    limit = loaded.reader.prepare([Question(serving.CHARACTERS * 2)])[0].length
    assert serving.lengths(loaded) == [length for length in serving.LENGTHS if length <= limit]


def test_rounds_without_an_answer_count_as_slower_than_any() -> None:
    took = [20.0, None, None]
    rows = [{"what": load.DEFAULT, "rate": 500, "p99_ms": p99, "in_time": 100.0} for p99 in took]
    (row,) = load._medians(rows)
    assert row == {"what": load.DEFAULT, "rate": 500, "p99_ms": None, "in_time": 100.0}


def test_a_model_of_random_weights_is_a_model_directory(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    model = load_classifier(models.write(tmp_path / "model", SIZES["tiny"]))
    assert len(model.classify([Question("在吗"), Question("多少钱", (HELLO,))])) == 2
