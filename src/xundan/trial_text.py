"""What a trial says: how chats and orders meet, the funnel, the rates, who may still buy, and what the data forbid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from xundan.commands.orders import notes as export_notes
from xundan.domain.calendar import day_name
from xundan.measure.layout import clean
from xundan.measure.names import rate_name, value_name, window_name
from xundan.measure.words import percent, yuan
from xundan.receive.imports import Counts
from xundan.trial import Tried
from xundan.trial_ledger import Span
from xundan.words import lang, say, translate

FEW = 30
ONE_CUSTOMER = 0.5
ENOUGH = 20
MOST_DATES = 0.9
REASONS = 3


def told(tried: Tried) -> Iterator[str]:
    """The lines to print."""
    for kind, count in tried.files:
        name = say("try.orders") if kind == "orders" else say("try.chats")
        numbers = {"accepted": count.accepted, "duplicate": count.duplicate, "rejected": count.rejected}
        yield say("try.file", kind=name, file=count.path.name, **numbers)
        if count.fault:
            yield "  " + translate(count.fault)
    for reason, times in tried.refused.most_common(REASONS):
        yield "  " + say("try.reason", reason=reason, times=times)
    yield from ("  " + line for line in export_notes(Counts([count for _, count in tried.files])))
    if tried.report is None:
        yield from _titled(
            say("try.notes"), [say("try.no_orders") if tried.ledger.chats.count else say("try.no_chats")]
        )
        return
    yield from _titled(say("try.overlap"), _overlap(tried))
    why = _forbids(tried)
    yield from _titled(say("try.funnel"), [_funnel(tried)])
    yield from _titled(say("try.rates"), [say("try.withheld"), *why] if why else _rates(tried))
    yield from _titled(say("try.hopes"), _hopes(tried))
    notes = list(_notes(tried))
    if notes:
        yield from _titled(say("try.notes"), notes)


def _titled(title: str, lines: list[str]) -> Iterator[str]:
    yield f"\n── {title}"
    yield from (f"  {line}" for line in lines)


def _days(tried: Tried, span: Span) -> dict[str, str]:
    rules = tried.settings.rules
    return {"first": day_name(rules.day(span.first)), "last": day_name(rules.day(span.last))}


def _overlap(tried: Tried) -> list[str]:
    ledger, overlap = tried.ledger, tried.ledger.overlap()
    return [
        say("try.spoke", customers=ledger.customers(), messages=ledger.chats.count, **_days(tried, ledger.chats)),
        say("try.ordered", orders=overlap.orders, **_days(tried, ledger.orders)),
        say("try.met", found=overlap.found, share=percent(overlap.share), rest=overlap.orders - overlap.found),
        say("try.met_by", by_id=overlap.by_id, by_number=overlap.by_number),
    ]


def _forbids(tried: Tried) -> list[str]:
    """Why no rate can be given, and what to do; [] where one can."""
    ledger, overlap = tried.ledger, tried.ledger.overlap()
    if overlap.found and overlap.share >= tried.settings.min_overlap:
        return []
    why = []
    if ledger.chats.last < ledger.orders.first or ledger.orders.last < ledger.chats.first:
        why.append(say("try.apart"))
    if overlap.named < overlap.orders / 2:
        why.append(say("try.masked", count=overlap.orders - overlap.named, orders=overlap.orders))
    else:
        why.append(say("try.strangers"))
    return [*why, say("try.do")]


def _funnel(tried: Tried) -> str:
    assert tried.report is not None
    figures, window = tried.report.total.figures, tried.report.query.window
    within = {name: counts[window - 1] for name, counts in figures.converted.items()}
    numbers = [
        say("try.step_wrote", n=figures.wrote),
        say("try.step_answered", n=figures.answered),
        say("try.step_inquiries", n=figures.inquiries),
        say("try.step_ordered", n=within["ordered"], window=window_name(window, lang())),
        say("try.step_paid", n=within["paid"], window=window_name(window, lang())),
        say("try.step_kept", n=within["kept"]),
    ]
    return " → ".join(numbers)


def _rates(tried: Tried) -> list[str]:
    report = tried.report
    assert report is not None
    lines = []
    for name in report.measures.rates:
        rate = report.total.rates[name].mature
        label = rate_name(name, report.query, report.rules, lang())
        if rate.interval is None or rate.rate is None:
            lines.append(say("try.immature", name=label))
        else:
            interval = f"{percent(rate.interval.low)}–{percent(rate.interval.high)}"
            counts = {"n": rate.numerator, "of": rate.denominator, "days": rate.days}
            lines.append(say("try.rate", name=label, rate=percent(rate.rate), interval=interval, **counts))
    money = report.total.gross.mature
    sums = {"orders": money.attributed.orders, "fen": yuan(money.attributed.fen), "silent": money.silent.orders}
    return [*lines, say("try.sales", **sums, unmatched=money.unmatched.orders)]


def _hopes(tried: Tried) -> list[str]:
    zone = ZoneInfo(tried.settings.zone)
    lines = []
    for place, chat in enumerate(tried.hopes, 1):
        when = datetime.fromtimestamp(chat.update_time / 1000, UTC).astimezone(zone)
        intent = value_name("intent", chat.intent or "none", lang())
        score = f"{chat.buy_score or 0:.2f}"
        lines.append(f"{place:2}. {clean(chat.user_id)}  {score}  {intent}  {when:%Y-%m-%d %H:%M}")
    return lines or [say("try.no_hopes", threshold=tried.settings.threshold)]


def _notes(tried: Tried) -> Iterator[str]:
    """What the reader must know to believe the figures, or not."""
    ledger, report = tried.ledger, tried.report
    assert report is not None
    if not ledger.senders["agent"] + ledger.senders["bot"]:
        yield say("try.nobody_answered")
    if not ledger.senders["user"]:
        yield say("try.nobody_asked")
    if ledger.busiest() > ONE_CUSTOMER and ledger.chats.count >= ENOUGH:
        yield say("try.one_customer", share=percent(ledger.busiest()))
    if ledger.orders.dates > MOST_DATES * ledger.orders.count:
        yield say("try.dates_orders")
    if ledger.chats.dates > MOST_DATES * ledger.chats.count:
        yield say("try.dates_chats")
    if not ledger.statuses["paid"]:
        yield say("try.nobody_paid")
    if 0 < report.total.figures.inquiries < FEW:
        yield say("try.few", inquiries=report.total.figures.inquiries)
