"""Exports, imported again and newer ones over them, as the journey counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_platforms_exports import Log, at, bring

from world import SHOP, World
from xundan.domain.records import Fact, Message
from xundan.domain.rules import Rules

HEAD = "订单编号,买家会员名,买家实际支付金额,退款金额,订单状态,订单创建时间,订单付款时间\n"
ORDER = "6917000000000000001"
PAID = "2026-11-01 10:01:00"


def export(
    folder: Path, hour: str, amount: str, refund: str = "0.00", status: str = "买家已付款", buyer: str = "tb1"
) -> Path:
    path = folder / f"ExportOrderList20261115{hour}00.csv"
    path.write_text(HEAD + f"{ORDER},{buyer},{amount},{refund},{status},2026-11-01 10:00:00,{PAID}\n", "utf-8")
    return path


def says(user: str, text: str, ts: int, order_id: str | None = None) -> Message:
    return Message(SHOP, user, f"m{ts}", ts, ts, "import", "user", text, order_id=order_id)


def world(log: Log, *messages: Message, reverse: bool = False) -> World:
    facts: list[Fact] = [*messages, *(replace(fact, shop=SHOP) for fact in log.facts.values())]
    return World(Rules()).take(reversed(facts) if reverse else facts)


def figures(log: Log) -> tuple[int, int]:
    (order,) = world(log).orders.values()
    return order.amount_fen, order.refunded_fen


@pytest.mark.parametrize("newer_first", [False, True])
def test_a_newer_export_holds_in_whatever_order_they_are_imported(tmp_path: Path, newer_first: bool) -> None:
    log = Log()
    exports = [
        export(tmp_path, "10", "99.00"),
        export(tmp_path, "11", "90.00"),
        export(tmp_path, "12", "95.00", "5.00"),
    ]
    for path in reversed(exports) if newer_first else exports:
        bring(log, path)
    assert figures(log) == (9500, 500)


def test_an_amount_that_changes_back_is_the_newest_too(tmp_path: Path) -> None:
    log = Log()
    for hour, amount in (("10", "99.00"), ("11", "90.00"), ("12", "99.00")):
        bring(log, export(tmp_path, hour, amount))
    assert figures(log) == (9900, 0)


def test_a_refund_that_grows_is_counted_once_and_at_its_first_instant(tmp_path: Path) -> None:
    log = Log()
    for hour, refund in (("10", "5.00"), ("11", "12.00"), ("12", "12.00")):
        bring(log, export(tmp_path, hour, "99.00", refund))
    outcome = world(log)
    assert [order.refunded_fen for order in outcome.orders.values()] == [1200]
    assert world(log).outcome() == world(log, reverse=True).outcome()


def test_the_same_export_again_changes_nothing(tmp_path: Path) -> None:
    log = Log()
    path = export(tmp_path, "10", "99.00", "5.00")
    bring(log, path)
    before, facts = world(log).outcome(), dict(log.facts)
    counts = bring(log, path, clock=lambda: 1_796_500_000_000)
    assert (counts.accepted, log.facts) == (0, facts)
    assert world(log).outcome() == before


def test_a_refund_file_and_an_order_export_tell_of_one_refund(tmp_path: Path) -> None:
    log = Log()
    refunds = tmp_path / "refunds20261114.csv"
    refunds.write_text(
        "订单编号,退款编号,买家退款金额,退款状态,退款完结时间\n"
        f"{ORDER},R1,2.00,退款成功,2026-11-03 10:00:00\n{ORDER},R2,3.00,退款成功,2026-11-04 10:00:00\n",
        "utf-8",
    )
    bring(log, export(tmp_path, "10", "99.00", "5.00"), refunds)
    assert figures(log) == (9900, 500)
    days = {cell.day for cell in world(log).cubes if "refund" in cell.family}
    assert Rules().day(at("2026-11-03 10:00:00")) in days


def test_an_order_closed_after_it_was_paid_is_refunded_in_full(tmp_path: Path) -> None:
    log = Log()
    bring(log, export(tmp_path, "10", "99.00", status="交易关闭"))
    assert figures(log) == (9900, 9900)


def test_an_order_without_a_buyer_waits_until_a_chat_names_it(tmp_path: Path) -> None:
    log = Log()
    bring(log, export(tmp_path, "10", "99.00", buyer=""))
    alone = world(log)
    assert [key for key, _ in alone.orders] == [f"order:{ORDER}"]
    asked = says("u9", f"订单{ORDER}什么时候发货", at("2026-11-01 09:00:00"), ORDER)
    assert [key for key, _ in world(log, asked).orders] == ["u9"]
