"""Chat records as shops have them: whose message, when, what is no words — and pastes that overlap."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xundan.domain.ports import Append
from xundan.domain.records import Identity, Message
from xundan.domain.rules import Rules
from xundan.errors import Rejected
from xundan.receive.chat_body import read_body
from xundan.receive.chat_lines import head_of, is_transfer, partner_of, withdrawer_of
from xundan.receive.chat_text import ChatForm, is_chat, open_chat
from xundan.receive.chat_who import Cast
from xundan.receive.imports import Counts, import_files
from xundan.receive.intake import Outcome

FIXTURES = Path(__file__).parents[1] / "fixtures" / "chats"
NOW = 1_795_500_000_000


class Log:
    def __init__(self) -> None:
        self.kept: dict[Identity, Message] = {}

    def __call__(self, items: Sequence[Append]) -> list[Outcome]:
        outcomes = []
        for fact, _ in items:
            assert isinstance(fact, Message)
            known = self.kept.setdefault(fact.identity, fact)
            outcomes.append(Outcome("accepted" if known is fact else "duplicate", known))
        return outcomes

    def said(self) -> list[tuple[str, str, str, str]]:
        ordered = sorted(self.kept.values(), key=lambda message: message.key)
        return [(m.owner, m.sender, m.agent_id or "", m.text) for m in ordered]


def bring(
    path: Path, log: Log, form: ChatForm = "qianniu-text", tally: Counter[str] | None = None, **cast: object
) -> Counts:
    opener = partial(open_chat, form=form, cast=Cast(**cast), tally=Counter() if tally is None else tally)  # type: ignore[arg-type]
    return import_files(
        "messages",
        [path],
        shop="1",
        rules=Rules(),
        sink=log,
        clock=lambda: NOW,
        opener=opener,
        rejects_dir=Path(tempfile.mkdtemp(dir=path.parent)) if FIXTURES not in path.parents else None,
    )


def text_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "chat.txt"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def log() -> Log:
    return Log()


def copied(tmp_path: Path, name: str) -> Path:
    return text_file(tmp_path, (FIXTURES / name).read_text(encoding="utf-8"))


def test_a_pasted_record_of_two_customers(tmp_path: Path, log: Log) -> None:
    tally: Counter[str] = Counter()
    [count] = bring(copied(tmp_path, "qianniu.txt"), log, tally=tally, agents=("暖杯旗舰店:*",)).files
    first, second = "tb8830017", "小仙女爱喝水"
    assert (count.accepted, count.duplicate, count.rejected, count.fault) == (16, 0, 1, "")
    assert log.said() == [
        (second, "agent", "暖杯旗舰店:小美", "亲，您关注的杯子今天有活动哦"),
        (second, "user", "", "[图片]"),
        (second, "user", "", "多少钱，能便宜点吗？"),
        (second, "bot", "", "活动价 69 元，机器人为您服务"),
        *sorted([(second, "user", "", "[语音]"), (second, "user", "", "[撤回]")], key=lambda s: ids(log)[s[3]]),
        (first, "user", "", "[商品卡片]\n这款保温杯有黑色吗"),
        (first, "agent", "暖杯旗舰店:小美", "亲，黑色有现货，今天拍今天发"),
        (first, "user", "", "好"),
        (first, "user", "", "好"),
        *sorted(
            [(first, "agent", "暖杯旗舰店:小美", "[图片]"), (first, "agent", "暖杯旗舰店:小美", "[撤回]")],
            key=lambda s: ids(log, first)[s[3]],
        ),
        (first, "user", "", "[订单卡片]"),
        (first, "agent", "暖杯旗舰店:阿强", "收到，马上给您备注\n第二行也是同一条消息\n\n第四行，前面空了一行"),
        (second, "user", "", "你好，我的订单号是 6917000111222333555，什么时候发货"),
        (second, "agent", "暖杯旗舰店:阿强", "亲，今天下午发"),
    ]
    assert tally["withdrawal"] == 2
    assert tally["transfer"] == 1
    assert tally["read_mark"] == 3
    assert {m.order_id for m in log.kept.values()} == {None, "6917000111222333444", "6917000111222333555"}
    assert {m.product_id for m in log.kept.values()} == {None, "520131004"}
    assert {m.channel for m in log.kept.values()} == {"taobao"}
    assert count.rejects_file
    assert "这个时间不存在" in count.rejects_file.read_text(encoding="utf-8")


def ids(log: Log, owner: str = "小仙女爱喝水") -> dict[str, str]:
    return {m.text: m.id for m in log.kept.values() if m.owner == owner}


def test_a_jd_record_with_times_that_leave_the_day_out(tmp_path: Path, log: Log) -> None:
    tally: Counter[str] = Counter()
    [count] = bring(copied(tmp_path, "jd.txt"), log, "jd-text", tally, agents=("京东暖杯*",)).files
    assert (count.accepted, count.rejected, tally["transfer"]) == (6, 0, 1)
    assert [said[3] for said in log.said()] == [
        "[商品卡片]\n在吗",
        "您好，京东暖杯为您服务",
        "请问有什么可以帮您",
        "[订单卡片]",
        "可以开发票吗",
        "可以的，下单时间：2025-11-03 08:00:00 的订单支持",
    ]
    assert {m.order_id for m in log.kept.values()} == {None, "301234567890"}


def test_who_when_what_on_one_line(log: Log) -> None:
    bring(FIXTURES / "general.txt", log, "chat-text")
    assert log.said() == [
        ("王女士", "user", "", "有大码吗"),
        ("王女士", "agent", "客服-小李", "有的，到 3XL"),
        ("王女士", "user", "", "好的，我拍一件"),
        ("李先生", "user", "", "怎么还没发货"),
        ("李先生", "agent", "客服-小李", "马上帮您查"),
    ]


def test_a_gbk_record_with_windows_line_ends_and_the_name_above_the_time(tmp_path: Path, log: Log) -> None:
    text = "小仙女\r\n2025-11-01 10:00:00\r\n在吗\r\n店铺:小美\r\n2025-11-01 10:00:09\r\n在的\r\n"
    [count] = bring(text_file(tmp_path, text, "gb18030"), log).files
    assert log.said() == [("小仙女", "user", "", "在吗"), ("小仙女", "agent", "店铺:小美", "在的")]
    assert count.rejected == 0


def test_what_nobody_can_tell_is_refused_and_not_guessed(tmp_path: Path, log: Log) -> None:
    text = (
        "店铺:小美 2025-11-01 09:59:00\n谁在听\n"
        "甲 2025-11-01 10:00:00\n在吗\n店铺:小美 2025-11-01 10:00:09\n在的\n"
        "乙 2025-11-01 12:00:00\n在吗\n店铺:小美 2025-11-01 12:00:09\n在呢\n"
        "店铺:小美 2025-11-02 12:00:00\n今天有活动\n"
    )
    [count] = bring(text_file(tmp_path, text), log).files
    assert log.said() == [
        ("甲", "user", "", "在吗"),
        ("甲", "agent", "店铺:小美", "在的"),
        ("乙", "user", "", "在吗"),
        ("乙", "agent", "店铺:小美", "在呢"),
    ]
    assert count.rejected == 2
    [count] = bring(text_file(tmp_path, text), Log(), customer="甲").files
    assert count.rejected == 0


def test_an_agent_who_begins_a_dialogue_waits_for_the_customer(tmp_path: Path, log: Log) -> None:
    text = (
        "甲 2025-11-01 10:00:00\n在吗\n店铺:小美 2025-11-02 10:00:00\n杯子到货了\n乙 2025-11-02 10:00:09\n好\n"
        "甲 2025-11-03 10:00:00\n在吗\n"
    )
    bring(text_file(tmp_path, text), log)
    assert ("乙", "agent", "店铺:小美", "杯子到货了") in log.said()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("今天天气不错\n是的\n", "this is not a chat record"),
        ("甲 2025-11-01 10:00:00\n在吗\n乙 2025-11-01 10:00:09\n在的\n", "nobody in this record is known"),
        ("", "this is not a chat record"),
    ],
)
def test_what_is_no_record_is_refused_whole(tmp_path: Path, text: str, reason: str) -> None:
    with (
        pytest.raises(Rejected, match=reason),
        open_chat(text_file(tmp_path, text), form="qianniu-text", cast=Cast(), tally=Counter()),
    ):
        pass


def test_text_above_the_first_name_is_refused_with_its_line(tmp_path: Path, log: Log) -> None:
    [count] = bring(text_file(tmp_path, "半句话\n甲 2025-11-01 10:00:00\n在吗\n"), log).files
    assert (count.accepted, count.rejected) == (1, 1)


def test_broken_bytes_cost_their_own_message_only(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes("甲 2025-11-01 10:00:00\n在吗".encode() + b"\xff\n" + "甲 2025-11-01 10:01:00\n有人吗\n".encode())
    [count] = bring(path, log).files
    assert (count.accepted, count.rejected, count.fault) == (1, 1, "")


def test_a_read_mark_that_changes_makes_no_second_message(tmp_path: Path, log: Log) -> None:
    for mark in ("未读", "已读", ""):
        bring(text_file(tmp_path, f"甲 2025-11-01 10:00:00\n在吗\n店铺:小美 2025-11-01 10:00:09\n在的\n{mark}\n"), log)
    assert len(log.kept) == 2


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("昵称 2024-01-01 10:00:00", "昵称"),
        ("昵称2024-1-1 9:00:00", "昵称"),
        ("cntaobaotb1 (2012-05-02 10:20:30): 你好", "tb1"),
        ("2024-01-01 10:00:00 店铺:小美", "店铺:小美"),
        ("2024/01/01 10:00 张三：你好", "张三"),
        ("2024年1月1日 星期一 10:00:00 张三", "张三"),
        ("下单时间：2024-01-01 10:00:00", None),
        ("付款时间 2024-01-01 10:00:00", None),
        ("我昨天，2024-01-01 10:00:00", None),
        ("现在 10:00", None),
        ("http://a.b/2024-01-01", None),
    ],
)
def test_heads(line: str, who: str | None) -> None:
    head = head_of(line)
    assert (head and head.who) == who


def test_lines_of_the_platform() -> None:
    assert partner_of("====== tb8830017 ======") == "tb8830017"
    assert partner_of("联系人：小仙女") == "小仙女"
    assert withdrawer_of("你撤回了一条消息") == ""
    assert withdrawer_of("我没有撤回了一条消息啊") is None
    assert is_transfer("由 店铺:小美 转接给 店铺:阿强")
    assert not is_transfer("我帮您转接给售后")


@pytest.mark.parametrize(
    ("lines", "text", "product", "order"),
    [
        (["订单号 123456789012 和订单号 210987654321"], "订单号 123456789012 和订单号 210987654321", None, None),
        (["https://trade.taobao.com/a?biz_order_id=6917000111222333444"], "[订单卡片]", None, "6917000111222333444"),
        (["【商品】", "商品ID：520131", "¥89"], "[商品卡片]", "520131", None),
        (["[订单] 这个什么时候发货呀请问"], "[订单] 这个什么时候发货呀请问", None, None),
        (["看这里 https://example.com/x?y=1"], "看这里 [链接]", None, None),
        (["咨询订单什么时候发货", "急"], "咨询订单什么时候发货\n急", None, None),
        (["已读"], "已读", None, None),
    ],
)
def test_cards_links_and_orders(lines: list[str], text: str, product: str | None, order: str | None) -> None:
    body = read_body(lines, marked=False)
    assert (body.text, body.product_id, body.order_id) == (text, product, order)


@pytest.mark.parametrize("text", ["2025-11-11", "发我聊天记录", "----", "更多消息", "10:00", "好的：2025-11-11 10:00"])
def test_what_somebody_wrote_is_not_taken_for_the_records_frame(tmp_path: Path, log: Log, text: str) -> None:
    [count] = bring(text_file(tmp_path, f"甲 2025-11-01 10:00:00\n{text}\n甲 2025-11-01 10:01:00\n好\n"), log).files
    assert [said[3] for said in log.said()] == [text, "好"]
    assert count.rejected == 0


def test_a_table_is_no_chat_record() -> None:
    assert is_chat(FIXTURES / "qianniu.txt")
    assert not is_chat(Path(__file__))


# overlapping pastes

names = st.sampled_from(["甲", "店铺:小美", "店铺:阿强"])
turns = st.tuples(names, st.integers(0, 3), st.sampled_from(["好", "在吗", "[图片]", "撤回了一条消息", "两行\n字"]))


def written(record: Sequence[tuple[str, int, str]]) -> list[tuple[str, str, str]]:
    """(who, when, text as pasted), with time running on by the turns' steps."""
    at, lines = 0, []
    for who, step, text in record:
        at += step
        lines.append((who, f"2025-11-01 {10 + at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}", text))
    return lines


def cuts(draw: st.DrawFn, record: Sequence[tuple[str, str, str]]) -> list[tuple[int, int]]:
    """Overlapping stretches that cover the record; none cuts through a second, where ordinals would be lost."""
    seams = [0, *(n for n in range(1, len(record)) if record[n][1] != record[n - 1][1]), len(record)]
    inner = draw(st.lists(st.sampled_from(seams), max_size=4))
    edges = sorted({0, len(record), *inner})
    return [(draw(st.sampled_from([s for s in seams if s <= low])), high) for low, high in pairwise(edges)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_overlapping_pastes_give_what_the_whole_record_gives(data: st.DataObject) -> None:
    record = written(data.draw(st.lists(turns, min_size=1, max_size=14)))
    pieces = data.draw(st.composite(lambda draw: cuts(draw, record))())
    with tempfile.TemporaryDirectory() as folder:
        whole, apart = Log(), Log()
        paste(Path(folder), whole, record)
        for low, high in data.draw(st.permutations(pieces)):
            paste(Path(folder), apart, record[low:high])
    assert apart.kept == whole.kept


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_overlapping_pastes_of_several_customers_without_a_heading(data: st.DataObject) -> None:
    dialogues = st.lists(
        st.tuples(st.sampled_from(["甲", "乙", "丙"]), st.lists(turns, max_size=4)), min_size=1, max_size=5
    )
    record = several(data.draw(dialogues))
    begins = [
        n for n, (who, _, _) in enumerate(record) if ":" not in who and (n == 0 or record[n - 1][1] != record[n][1])
    ]
    edges = [*sorted(set(data.draw(st.lists(st.sampled_from(begins), max_size=4)))), len(record)]
    pieces = [
        (data.draw(st.sampled_from([b for b in begins if b <= low])), high) for low, high in pairwise([0, *edges])
    ]
    with tempfile.TemporaryDirectory() as folder:
        whole, apart = Log(), Log()
        paste(Path(folder), whole, record, heading="")
        for low, high in data.draw(st.permutations([piece for piece in pieces if piece[0] < piece[1]])):
            paste(Path(folder), apart, record[low:high], heading="")
    assert apart.kept == whole.kept


def several(dialogues: Sequence[tuple[str, Sequence[tuple[str, int, str]]]]) -> list[tuple[str, str, str]]:
    """Dialogues an hour apart, each begun by its customer and held with agents."""
    record = []
    for hour, (customer, said) in enumerate(dialogues):
        own = [(customer if who == "甲" else who, step, text) for who, step, text in said]
        record += [
            (who, when.replace("11-01 10", f"11-01 {10 + hour}"), text)
            for who, when, text in written([(customer, 0, "在吗"), *own])
        ]
    return record


def paste(folder: Path, log: Log, record: Sequence[tuple[str, str, str]], heading: str = "与 甲 的聊天记录\n") -> None:
    text = heading + "".join(f"{who} {when}\n{said}\n已读\n" for who, when, said in record)
    [count] = bring(text_file(folder, text), log, agents=("店铺:*",)).files
    assert count.rejected == 0
    assert count.accepted + count.duplicate == len(record)
