"""Prices of the user's own, from a TOML file: models that no list has, discounts, machines by the hour.

    [[price]]
    model = "llama-3.1-*"       # `*` stands for anything; the name as asked for, or as answered
    provider = "our-gateway"    # as agentgauge names it; any, when left out
    input = 0.10                # USD per million tokens
    cached_input = 0.05         # read from the provider's cache; as `input`, when left out
    cache_write = 0.10          # as `input`, when left out
    cache_write_1h = 0.20       # kept for an hour; as `cache_write`, when left out
    output = 0.40
    request = 0                 # USD a request
    from = 2026-01-01           # in force from this day on (UTC)

    [[price]]
    model = "mistral-7b*"
    per_hour = 1.20             # USD an hour, for as long as calls take; 0 is a machine that is paid for

    [[price]]
    provider = "openai"
    discount = 0.15             # 15 % below the public list

    [[price]]
    model = "gpt-4.1"
    service_tier = "priority"   # rates of one tier; "default", when left out
    input = 3.50
    output = 14.00

The first entry that fits a call is the one that counts, so write the narrower ones first.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agentgauge.errors import ConfigError
from agentgauge.pricing import Price, Rates

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "override"
DEFAULT_TIER = "default"
_MOST_USD = 1_000_000
_PICO = 10**12
_RATES = ("input", "cached_input", "cache_write", "cache_write_1h", "output", "reasoning", "request")
_TEXTS = ("provider", "model", "service_tier")
_KEYS = (*_TEXTS, *_RATES, "per_hour", "discount", "from")
_WAYS = "input and output (USD per million tokens), per_hour (USD), or discount (0 to 1)"


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One entry: what it is for, and one of rates, an hourly price or a discount.

    Attributes:
        per_hour_pico: pico-USD for an hour of a call's duration.
        kept: what a discount leaves of the public price, in billionths.
        from_ns: in force from this time on.
    """

    provider: str = "*"
    model: str = "*"
    service_tier: str = DEFAULT_TIER
    rates: Rates | None = None
    per_hour_pico: int | None = None
    kept: int | None = None
    from_ns: int = 0

    def fits(self, *, provider: str | None, model: str, service_tier: str, at_ns: int) -> bool:
        """Whether it is for this call."""
        return (
            at_ns >= self.from_ns
            and self.service_tier in ("*", service_tier)
            and _like(self.provider, provider or "")
            and _like(self.model, model)
        )

    def price(self, model: str, *, duration_ns: int) -> Price | None:
        """The price of a call of that length; None for a discount, which needs a list."""
        if self.rates is not None:
            return Price(self.provider, model, self.rates, source=SOURCE)
        if self.per_hour_pico is None:
            return None
        fee = self.per_hour_pico * max(0, duration_ns) // (3600 * 10**9)
        return Price(self.provider, model, Rates(0, 0, 0, 0, 0, fee), source=SOURCE)


def read_price_file(path: Path) -> tuple[OwnPrice, ...]:
    """The entries of a file, in order.

    Raises:
        ConfigError: it cannot be read, or an entry means nothing; the message names the entry and the key.
    """
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"The price file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also of numbers and nesting that Python does not take
        raise ConfigError(f"The price file {path} is no TOML: {error}.") from error
    entries = parsed.pop("price", [])
    if parsed or not isinstance(entries, list):
        key = next(iter(parsed), "price")
        raise ConfigError(f"The price file {path} has {key!r}; it takes only [[price]] entries.")
    return tuple(_entry(entry, f"{path}, [[price]] number {n}") for n, entry in enumerate(entries, 1))


def _entry(entry: Any, where: str) -> OwnPrice:
    if not isinstance(entry, dict):
        raise ConfigError(f"{where} is no table.")
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(f"{where} has an unknown key {key!r}. It knows: {', '.join(_KEYS)}.")
    for key in _TEXTS:
        if key in entry and (not isinstance(entry[key], str) or not entry[key].strip()):
            raise ConfigError(f"{where}: {key} must be a text, not {entry[key]!r}.")
    given = {key: _usd(entry[key], f"{where}: {key}") for key in (*_RATES, "per_hour") if key in entry}
    by_token = any(key in given for key in _RATES)
    if by_token + ("per_hour" in given) + ("discount" in entry) != 1:
        raise ConfigError(f"{where} needs one of: {_WAYS}.")
    if by_token and not {"input", "output"} <= given.keys():
        raise ConfigError(f"{where} needs both input and output.")
    return OwnPrice(
        **{key: entry[key].strip() for key in _TEXTS if key in entry},
        rates=_rates(given) if by_token else None,
        per_hour_pico=round(given["per_hour"] * _PICO) if "per_hour" in given else None,
        kept=_kept(entry["discount"], f"{where}: discount") if "discount" in entry else None,
        from_ns=_day_ns(entry["from"], f"{where}: from") if "from" in entry else 0,
    )


def _usd(value: object, where: str) -> Decimal:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not number or not Decimal(value).is_finite() or not 0 <= value <= _MOST_USD:  # type: ignore[arg-type, operator]  # a number
        raise ConfigError(f"{where} must be USD from 0 to {_MOST_USD:,}, not {value!r}.")
    return Decimal(value)  # type: ignore[arg-type]  # a number


def _rates(given: dict[str, Decimal]) -> Rates:
    """Pico-USD a token: 1 USD per million tokens is 1,000,000."""
    mtok = {key: round(value * _PICO / 10**6) for key, value in given.items() if key != "request"}
    write = mtok.get("cache_write", mtok["input"])
    return Rates(
        input=mtok["input"],
        output=mtok["output"],
        cache_read=mtok.get("cached_input", mtok["input"]),
        cache_write=write,
        cache_write_1h=mtok.get("cache_write_1h", write),
        reasoning=mtok.get("reasoning", mtok["output"]),
        request=round(given.get("request", Decimal(0)) * _PICO),
    )


def _kept(value: object, where: str) -> int:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not number or not Decimal(value).is_finite() or not 0 < value <= 1:  # type: ignore[arg-type, operator]  # a number
        raise ConfigError(f"{where} must be more than 0 and at most 1 (0.15 is 15 % off), not {value!r}.")
    return round((1 - Decimal(value)) * 10**9)  # type: ignore[arg-type]  # a number


def _day_ns(value: object, where: str) -> int:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ConfigError(f"{where} must be a day such as 2026-01-01, not {value!r}.")
    return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()) * 10**9


def _like(pattern: str, name: str) -> bool:
    return pattern == "*" or _compiled(pattern.lower()).match(name.lower()) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
