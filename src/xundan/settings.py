"""Settings: `xundan.toml`, then `XUNDAN_*` environment variables; read once, frozen.

Every field of `Settings` is a setting; its metadata holds the help text that `xundan settings` prints.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from xundan.domain.rules import SALE_RULES, Rules
from xundan.errors import ConfigError

FILE = "xundan.toml"
PREFIX = "XUNDAN_"
MIN_SECRET = 32


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("a text")
    return str(value)


def _secret(value: object) -> dict[str, str]:
    """One secret, or a table of them by key id."""
    if isinstance(value, str) and value:
        return {"default": value}
    if isinstance(value, dict) and value and all(isinstance(v, str) and v for v in value.values()):
        return {str(k): v for k, v in value.items()}
    raise ValueError("a text, or a table of texts by key id (several secrets during a rotation)")


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        expected = f"a whole number from {low} to {high}"
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError(expected) from None
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise ValueError(expected)
        return number

    return parse


def _real(low: float, high: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        expected = f"a number from {low:g} to {high:g}"
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise ValueError(expected)
        return number

    return parse


def _one_of(*names: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in names:
            raise ValueError("one of " + ", ".join(names))
        return str(value)

    return parse


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "1", "yes", "false", "0", "no"):
        return value.lower() in ("true", "1", "yes")
    raise ValueError("true or false")


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        raise ValueError("a time zone such as Asia/Shanghai") from None


def _setting(parse: Callable[[object], Any], help: str, default: Any = MISSING) -> Any:
    metadata = {"parse": parse, "help": help}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole configuration of one Xundan. Three are enough for a shop: shop_id, coze_secret, profile."""

    shop_id: str = _setting(_text, "the shop whose chats and orders are kept")
    coze_secret: dict[str, str] = _setting(_secret, "secret(s) that sign tokens, 32 bytes or more; a table by key id")
    profile: str = _setting(_one_of("embedded"), "the engines that carry Xundan", "embedded")

    data_dir: Path = _setting(lambda v: Path(_text(v)), "where databases and keys lie", Path("var"))
    host: str = _setting(_text, "address to listen on", "127.0.0.1")
    port: int = _setting(_whole(0, 65535), "port to listen on", 8720)
    lang: str = _setting(_one_of("zh", "en"), "language of the terminal", "zh")
    log_level: str = _setting(_one_of("debug", "info", "warning", "error"), "how much is logged", "info")

    model_dir: Path | None = _setting(lambda v: Path(_text(v)), "model directory; the built-in model if unset", None)
    scoring: bool = _setting(_flag, "whether messages are scored at all", True)
    model_runtime: Literal["auto", "onnxruntime", "openvino"] = _setting(
        _one_of("auto", "onnxruntime", "openvino"),
        "what runs the model; auto takes the faster of those installed",
        "auto",
    )
    score_budget_ms: int = _setting(_whole(1, 10_000), "how long a message may wait for its score", 50)
    score_max_waiting: int = _setting(_whole(1, 1_000_000), "messages that may wait for their score", 2048)
    score_cache_items: int = _setting(_whole(0, 10_000_000), "scores remembered for equal messages, 0 for none", 20_000)
    score_cache_ttl_s: int = _setting(_whole(1, 31_536_000), "how long a score is remembered, in seconds", 3600)
    cache_ttl_s: int = _setting(_whole(1, 86_400), "how long the latest intent of a customer is kept in the cache", 300)

    rate_per_minute: int = _setting(_whole(1, 100_000_000), "requests a shop may send in a minute", 600_000)
    min_free_mb: int = _setting(_whole(0, 1_000_000), "free disk below which intake refuses", 64)

    zone: str = _setting(_zone, "the shop's time zone", "Asia/Shanghai")
    session_gap_min: int = _setting(_whole(1, 1440), "silence that ends a conversation, in minutes", 30)
    threshold: float = _setting(_real(0, 1), "buyScore from which a label is high", 0.7)
    inquiry_rule: str = _setting(_one_of("order_state", "intent"), "what makes a day an inquiry", "order_state")
    on_way_days: int = _setting(_whole(1, 60), "how long a paid order counts as on its way", 15)
    pay_close_days: int = _setting(_whole(0, 60), "days within which finally_paid must be paid", 15)
    refund_days: int = _setting(_whole(0, 60), "days within which kept must not be refunded", 15)
    attribution_rule: str = _setting(_one_of(*SALE_RULES), "rule that names a conversation's order", "paid")
    attribution_window: int = _setting(_whole(1, 15), "window of that rule in days", 2)
    min_overlap: float = _setting(_real(0, 1), "share of orders with a customer, below which no rate is stated", 0.2)
    late_days: int = _setting(_whole(1, 3650), "how late a live fact may be", 30)

    @property
    def rules(self) -> Rules:
        """The part of the settings that the arithmetic depends on."""
        return Rules(
            zone=self.zone,
            session_gap_ms=self.session_gap_min * 60_000,
            threshold=self.threshold,
            inquiry_rule=self.inquiry_rule,  # type: ignore[arg-type]  # checked by _one_of
            on_way_days=self.on_way_days,
            pay_close_days=self.pay_close_days,
            refund_days=self.refund_days,
            attribution_rule=self.attribution_rule,  # type: ignore[arg-type]  # checked by _one_of
            attribution_window=self.attribution_window,
            late_days=self.late_days,
        )

    def __repr__(self) -> str:
        return f"Settings(shop_id={self.shop_id!r}, profile={self.profile!r}, data_dir={str(self.data_dir)!r})"


def load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, override: Mapping[str, object] | None = None
) -> Settings:
    """Read the settings: the file (default `xundan.toml` here, if present), then `XUNDAN_*`, then `override`.

    Raises `ConfigError` with one sentence that names the setting, its source and what was expected.
    """
    values: dict[str, tuple[object, str]] = {}
    path = file or Path(FILE)
    if file is not None or path.exists():
        values.update({name: (value, str(path)) for name, value in _read_toml(path).items()})
    known = {f.name: f for f in fields(Settings)}
    for variable, given in (os.environ if environ is None else environ).items():
        name = variable[len(PREFIX) :].lower()
        if variable.startswith(PREFIX) and name in known:
            values[name] = (given, f"environment variable {variable}")
    values.update({name: (value, "command line") for name, value in (override or {}).items()})

    for name, (_, source) in values.items():
        if name not in known:
            raise ConfigError(f"{source}: there is no setting {name!r}; `xundan settings` lists them all")
    parsed: dict[str, Any] = {}
    for name, f in known.items():
        if name in values:
            value, source = values[name]
            try:
                parsed[name] = f.metadata["parse"](value)
            except ValueError as error:
                shown = "the value given" if "secret" in name else repr(value)
                raise ConfigError(f"{source}: {name} must be {error}, not {shown}") from None
        elif f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(
                f"{name} is missing: set it in {path} or as {PREFIX}{name.upper()} ({f.metadata['help']})"
            )
    return Settings(**parsed)


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; write shop_id, coze_secret and profile into it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
