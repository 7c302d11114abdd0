"""What a simulated shop is like."""

from __future__ import annotations

from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

from xundan.errors import ConfigError

SHARES = ("conversion", "silent", "comes_back", "other_id", "no_buyer", "duplicates", "late")


@dataclass(frozen=True, kw_only=True)
class SimConfig:
    """A shop to simulate. The same values give the same rows, byte for byte.

    Args:
        shop: the shop's id; two shops with one seed differ.
        end: the last instant, UTC ms; nothing happens or arrives after it.
        days: calendar days in `zone`, the last one as far as `end` (1..999).
        customers_per_day: new customers on an average day; a customer makes about 9 messages and 0.8 orders.
        conversion: share of the customers asking before a purchase who go on to order.
        silent: share of the customers who order without asking first.
        comes_back: chance that a customer starts anew some days later.
        other_id: share of the customers whose orders carry another id than their chats.
        no_buyer: share of the customers whose orders name no buyer.
        duplicates: share of the rows that are sent twice.
        late: share of the rows that arrive hours or days after they happened.
        agents: the ids of those who answer beside the bot.
        channels: where chats and orders come from.

    Raises:
        ConfigError: one sentence that names the value.
    """

    end: int
    shop: str = "1024"
    seed: int = 1
    days: int = 14
    customers_per_day: int = 80
    zone: str = "Asia/Shanghai"
    conversion: float = 0.75
    silent: float = 0.34
    comes_back: float = 0.2
    other_id: float = 0.16
    no_buyer: float = 0.08
    duplicates: float = 0.015
    late: float = 0.025
    agents: tuple[str, ...] = ("小雨", "阿哲", "kefu_03", "kefu_07")
    channels: tuple[str, ...] = ("taobao", "jd", "wechat")

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name in SHARES and not 0 <= getattr(self, field.name) <= 1:
                raise ConfigError(f"{field.name} must be a share from 0 to 1, not {getattr(self, field.name)!r}")
        for name, high in (("days", 999), ("customers_per_day", 999_999)):
            if not 1 <= getattr(self, name) <= high:
                raise ConfigError(f"{name} must be a whole number from 1 to {high}, not {getattr(self, name)!r}")
        if not self.agents or not self.channels:
            raise ConfigError("agents and channels must not be empty")
        try:
            ZoneInfo(self.zone)
        except (ValueError, OSError, KeyError):
            raise ConfigError(f"zone must be a time zone such as Asia/Shanghai, not {self.zone!r}") from None
