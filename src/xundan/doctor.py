"""`xundan doctor`: a configuration held against reality; every finding says what to do."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from xundan.domain.calendar import day_name, day_number, day_of, day_start
from xundan.domain.ports import Question
from xundan.errors import ConfigError, XundanError
from xundan.settings import MIN_SECRET, Settings
from xundan.words import say, translate

Level = Literal["ok", "warn", "fail"]

RELEASED = "2026-11-01"
"""No clock that is right shows an earlier day (UTC)."""

MARKS: dict[Level, str] = {"ok": "✓", "warn": "!", "fail": "✗"}
LOW_MB = 1024
FEW_CHARACTERS = 8
ENOUGH_MESSAGES = 100
TOO_BUSY = 0.2
LETTERS = 1000
SKEW_S = 60.0


@dataclass(frozen=True)
class Finding:
    """What was looked at and found, and what to do about it."""

    level: Level
    what: str
    advice: str = ""


def ok(key: str, **values: object) -> Finding:
    """All well: the words of `doctor.<key>`."""
    return Finding("ok", say(f"doctor.{key}", **values))


def bad(level: Level, key: str, **values: object) -> Finding:
    """Not well: the words of `doctor.<key>` and the advice of `doctor.<key>.do`."""
    return Finding(level, say(f"doctor.{key}", **values), say(f"doctor.{key}.do", **values))


def examine(config: Path, load: Callable[[], Settings]) -> bool:
    """Print one line a finding; whether nothing failed."""
    sound = tell(findings(config, load))
    print(say("doctor.sound" if sound else "doctor.unsound"))
    return sound


def tell(found: Iterable[Finding]) -> bool:
    """Print findings as they come, one line each and one for its advice; whether nothing failed."""
    sound = True
    for finding in found:
        print(f"{MARKS[finding.level]} {finding.what}", flush=True)
        if finding.advice:
            print(f"    → {finding.advice}", flush=True)
        sound = sound and finding.level != "fail"
    return sound


def findings(config: Path, load: Callable[[], Settings]) -> Iterator[Finding]:
    """Everything there is to say; with settings that cannot be read, only that."""
    try:
        settings = load()
    except ConfigError as error:
        yield Finding("fail", translate(str(error)), say("doctor.settings.do"))
        return
    yield ok("settings", shop=settings.shop_id, profile=settings.profile)
    yield from secrets(settings)
    yield from _file_mode("config_mode", config)
    for check in (folder, clock, keys, data, model, network):
        try:
            yield from check(settings)
        except (XundanError, OSError) as error:
            yield Finding("fail", translate(str(error)))
        except Exception as error:  # one look that fails must not hide the others
            yield Finding("fail", say("doctor.unexpected", check=check.__name__, kind=type(error).__name__))


def secrets(settings: Settings) -> Iterator[Finding]:
    """32 bytes at least (RFC 7518, 3.2), and not the same few characters over and over."""
    for kid, secret in settings.coze_secret.items():
        size = len(secret.encode())
        if size < MIN_SECRET:
            yield bad("fail", "secret_short", kid=kid, size=size, least=MIN_SECRET)
        elif len(set(secret)) < FEW_CHARACTERS:
            yield bad("warn", "secret_plain", kid=kid)
        else:
            yield ok("secret", kid=kid, size=size)


def folder(settings: Settings) -> Iterator[Finding]:
    """Whether the data directory can be written, durably, and has room."""
    from xundan.wiring import make_folder

    path = make_folder(settings.data_dir)
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"1")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield bad("fail", "unwritable", path=path, why=error.strerror)
        return
    yield ok("writable", path=path.absolute())
    free = shutil.disk_usage(path).free // 1_000_000
    if free < max(settings.min_free_mb, 1):
        yield bad("fail", "full", free=free, least=settings.min_free_mb)
    elif free < LOW_MB:
        yield bad("warn", "low", free=free, least=settings.min_free_mb)
    else:
        yield ok("free", free=f"{free / 1000:,.1f}")


def clock(settings: Settings) -> Iterator[Finding]:
    """Whether the clock can be right: not before the release, and the same as the disk's."""
    now = time.time()
    if now * 1000 < day_start(day_number(RELEASED), "UTC"):
        yield bad("fail", "clock_old", now=_moment(now))
        return
    with tempfile.NamedTemporaryFile(dir=settings.data_dir) as file:
        skew = os.stat(file.name).st_mtime - time.time()
    if abs(skew) > SKEW_S:
        yield bad("warn", "clock_skew", seconds=round(skew))
    else:
        yield ok("clock", now=_moment(now), zone=settings.zone, today=day_name(day_of(int(now * 1000), settings.zone)))


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the key file is there, readable by its owner alone, and opens what it closed."""
    from xundan.wiring import Files, adapter

    path = Files(settings.data_dir).keys
    if not path.exists():
        yield ok("keys_later", path=path)
        return
    service = adapter(settings.profile, "KeyService")(path)
    if service.decrypt(settings.shop_id, service.encrypt(settings.shop_id, "13800138000")) == "13800138000":
        yield ok("keys", path=path)


def data(settings: Settings) -> Iterator[Finding]:
    """Whether the databases are sound and agree with each other, and what lies in them."""
    from xundan.wiring import Files, damage, open_reader, refuse_other_arithmetic

    if not Files(settings.data_dir).log.exists():
        yield ok("no_data")
        return
    broken = damage(settings)
    if broken:
        yield bad("fail", "damaged", why=broken[0])
        return
    with open_reader(settings) as reader:
        end, position = reader.log.last_offset(), reader.store.position()
        if position > end:
            yield bad("fail", "ahead", position=position, end=end)
        else:
            yield ok("databases", end=f"{end:,}", lag=end - position)
        newest = reader.log.read(end - 1, 1) if end else []
        if newest and newest[0].fact.received > (time.time() + SKEW_S) * 1000:
            yield bad("fail", "clock_back", newest=_moment(newest[0].fact.received / 1000))
        letters = len(reader.dead.list(None, LETTERS))
        if letters:
            yield bad("warn", "dead", count=letters if letters < LETTERS else f"{LETTERS}+")
        refuse_other_arithmetic(settings)
        yield from users(reader.store.count_messages(settings.shop_id), reader.store.busiest_users(settings.shop_id))


def users(messages: int, busiest: list[tuple[str, int]]) -> Iterator[Finding]:
    """Whether one user id holds so many messages that it can be no customer's."""
    if messages < ENOUGH_MESSAGES or not busiest:
        return
    user, count = busiest[0]
    if count > TOO_BUSY * messages:
        yield bad("warn", "one_user", user=user, share=f"{count / messages:.0%}")
    else:
        yield ok("users", messages=f"{messages:,}", share=f"{count / messages:.1%}")


def model(settings: Settings) -> Iterator[Finding]:
    """Whether the model is there and answers."""
    from xundan.serving import open_classifier

    if not settings.scoring:
        yield bad("warn", "scoring_off")
        return
    classifier = open_classifier(settings)
    started = time.perf_counter()
    scored = classifier.classify([Question("这款多少钱？")])[0]
    took = f"{(time.perf_counter() - started) * 1000:.0f}"
    yield ok("model", version=classifier.version, intent=scored.intent, ms=took)


def network(settings: Settings) -> Iterator[Finding]:
    """Whether the running server is well, or else the port free for it."""
    from xundan.client import Client
    from xundan.serve import listen
    from xundan.wiring import server_url

    url = server_url(settings)
    if url is None:
        with listen(settings.host, settings.port):
            yield ok("port_free", host=settings.host, port=settings.port)
        return
    with Client(url, timeout_s=10) as client:
        answer = client.request("GET", "/readyz")
    if answer.status == 200:
        yield ok("server", url=url, lag=answer.json()["lag"])
    else:
        said = answer.json()
        yield bad("fail", "server_unready", url=url, log=said.get("log"), runner=said.get("runner"))


def _file_mode(key: str, path: Path) -> Iterator[Finding]:
    """A warning where others than the owner may read a file with secrets in it."""
    if path.exists() and path.stat().st_mode & 0o077:
        yield bad("warn", key, path=path, mode=f"{path.stat().st_mode & 0o777:04o}")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
