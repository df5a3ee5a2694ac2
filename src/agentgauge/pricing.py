"""What a call costs: a price table compiled to integers, and two pure functions over it.

The table is `data/prices.json`, generated from genai-prices; it is read on the first look-up. Unknown is
never zero: a server or model that the table does not know has no price.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from agentgauge.call import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentgauge.call import TokenUsage

SOURCE = "genai-prices"
_LONGEST_NAME = 256
_DAY_S = 86_400
_BILLIONTHS = 10**9
_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(\.\d+){3}|::1|0\.0\.0\.0|::")
_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class Rates(NamedTuple):
    """Pico-USD (10^-12 USD) a token; `request` a request; `cache_write_1h` is of what is kept for an hour."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    request: int
    cache_write_1h: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """Prices of one model at one time.

    Attributes:
        provider: whose price list it is, its id in genai-prices.
        model: the list's name of the model.
        base: the rates of a request below every tier.
        tiers: (rate's index in `Rates`, [(input tokens, rate of all tokens above that many), ...] ascending).
        source: who says so: genai-prices, or override for a price of the user's own.
    """

    provider: str
    model: str
    base: Rates
    tiers: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = ()
    source: str = SOURCE

    def scaled(self, billionths: int, *, source: str | None = None) -> Price:
        """The price at a part of every rate, each rounded to whole pico-USD."""

        def part(rate: int) -> int:
            return (rate * billionths + _BILLIONTHS // 2) // _BILLIONTHS

        return replace(
            self,
            base=Rates(*map(part, self.base)),
            tiers=tuple(
                (index, tuple((start, part(r)) for start, r in steps)) for index, steps in self.tiers
            ),
            source=source or self.source,
        )

    def rates(self, *, input_tokens: int) -> Rates:
        """The rates of a request of that many input tokens, cached ones included."""
        if not self.tiers:
            return self.base
        rates = list(self.base)
        for index, steps in self.tiers:
            for start, rate in steps:
                if input_tokens > start:
                    rates[index] = rate
        return Rates(*rates)


def split_input(usage: TokenUsage) -> tuple[int, int, int, int]:
    """Input as (cache read, written for an hour, written, the rest); what cannot be is cut to fit it."""
    total = max(usage.input or 0, 0)
    read = min(max(usage.cache_read or 0, 0), total)
    write = min(max(usage.cache_write or 0, 0), total - read)
    hour = min(max(usage.cache_write_1h or 0, 0), write)
    return read, hour, write - hour, total - read - write


def cost_of(usage: TokenUsage, price: Price) -> Cost:
    """Nano-USD of a usage, each side rounded half to even once; unknown tokens cost nothing.

    A fee for the request itself (Perplexity's) is part of the input side.
    """
    read, hour, write, rest = split_input(usage)
    rates = price.rates(input_tokens=read + hour + write + rest)
    output = max(usage.output or 0, 0)
    reasoning = min(max(usage.reasoning or 0, 0), output)
    written_pico = hour * rates.cache_write_1h + write * rates.cache_write
    input_pico = read * rates.cache_read + written_pico + rest * rates.input + rates.request
    output_pico = reasoning * rates.reasoning + (output - reasoning) * rates.output
    return Cost(_nano(input_pico), _nano(output_pico), price.source)


def _nano(pico: int) -> int:
    nano, left = divmod(pico, 1000)
    return nano + (left > 500 or (left == 500 and nano % 2 == 1))  # noqa: PLR2004  # half of a thousand


def provider_of(host: str | None, port: int | None, path: str, *, providers: Mapping[str, str]) -> str | None:
    """Who serves a URL, as `gen_ai.provider.name`; None when nobody can know.

    Args:
        host: of the request's URL.
        port: of the request's URL; None for the scheme's own.
        path: of the request's URL; a few servers are known by it.
        providers: the user's own `host` or `host:port` (or `*`) to provider name; it goes first.
    """
    if not host:
        return None
    name = host.lower().rstrip(".").strip("[]")
    for key in (f"{name}:{port}", f"[{name}]:{port}", name, "*"):
        if said := providers.get(key):
            known = _by_name().get(_normal(said))
            return known.name if known else said
    if _LOOPBACK.fullmatch(name):
        return None
    return _by_url(name, path.partition("?")[0][:_LONGEST_NAME])


def canonical_provider(said: str) -> str | None:
    """The conventions' name of a provider that the list knows under any name."""
    known = _by_name().get(_normal(said))
    return known.name if known else None


def find_price(provider: str | None, model: str, *, at_ns: int) -> Price | None:
    """The price of a model, or None where it is unknown or no price by token.

    Args:
        provider: an OpenTelemetry `gen_ai.provider.name`, or an id of genai-prices.
        model: as the request or the answer names it.
        at_ns: when the call was made, in nanoseconds since 1970; prices change by date and time of day (UTC).
    """
    if not provider or not model or len(model) > _LONGEST_NAME:
        return None
    chosen: Price | None = None
    for number, (condition, price) in enumerate(_listed(provider, model)):
        if number == 0 or condition.holds(at_ns // 1_000_000_000):
            chosen = price
    return chosen


@dataclass(frozen=True, slots=True)
class _Condition:
    from_s: int | None = None
    daily_s: tuple[int, int] | None = None

    def holds(self, at_s: int) -> bool:
        if self.from_s is not None and at_s < self.from_s:
            return False
        if self.daily_s is None:
            return True
        start, end = self.daily_s
        now = at_s % _DAY_S
        return start <= now < end if start <= end else now >= start or now < end


@dataclass(frozen=True, slots=True)
class _Provider:
    id: str
    name: str
    aliases: tuple[str, ...]
    hosts: tuple[tuple[re.Pattern[str], str], ...]
    fallback: tuple[str, ...]
    models: Sequence[tuple[str, Any, Sequence[Mapping[str, Any]] | None]]


@cache
def _table() -> tuple[_Provider, ...]:
    text = files("agentgauge").joinpath("data", "prices.json").read_text(encoding="utf-8")
    return tuple(
        _Provider(
            id=p["id"],
            name=p["name"],
            aliases=tuple(p["aliases"]),
            hosts=tuple((re.compile(pattern), name) for pattern, name in p["hosts"]),
            fallback=tuple(p["fallback"]),
            models=p["models"],
        )
        for p in json.loads(text)["providers"]
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.\s]+", "-", name.strip().lower())


@dataclass(frozen=True, slots=True)
class _Known:
    provider: _Provider
    name: str


@cache
def _by_name() -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for provider in _table():
        for name in (provider.id, provider.name):
            found.setdefault(_normal(name), _Known(provider, provider.name))
        names = {name for _, name in provider.hosts}
        for alias in provider.aliases:
            found.setdefault(_normal(alias), _Known(provider, alias if alias in names else provider.name))
    return found


@lru_cache(maxsize=256)
def _by_url(host: str, path: str) -> str | None:
    origin = f"https://{host}"
    url = f"{origin}/{path.lstrip('/')}"
    for provider in _table():
        for pattern, name in provider.hosts:
            match = pattern.match(url)
            # Patterns are open at their end: `api.openai.com.example.org` is somebody else.
            if match and (match.end() >= len(origin) or match.group().endswith(".")):
                return name
    return None


@lru_cache(maxsize=1024)
def _listed(provider: str, model: str) -> tuple[tuple[_Condition, Price | None], ...]:
    known = _by_name().get(_normal(provider))
    if known is None:
        return ()
    asked = model.lower()
    dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", asked)
    for name in dict.fromkeys((asked, dashed)):
        for owner in (known.provider, *(p for p in map(_by_id, known.provider.fallback) if p)):
            for model_id, rule, prices in owner.models:
                if _matches(rule, name):
                    return tuple(compiled(owner.id, model_id, p) for p in prices or ())
    return ()


def _by_id(provider_id: str) -> _Provider | None:
    return next((p for p in _table() if p.id == provider_id), None)


def _matches(rule: Any, name: str) -> bool:
    if isinstance(rule, str):
        return name == rule
    ((kind, operand),) = rule.items()
    if kind in ("or", "and"):
        return (any if kind == "or" else all)(_matches(r, name) for r in operand)
    if kind == "not":
        return not _matches(operand, name)
    if kind == "regex":
        return re.search(operand, name) is not None
    if kind == "starts_with":
        return name.startswith(operand)
    return name.endswith(operand) if kind == "ends_with" else operand in name


def compiled(provider: str, model: str, listed: Mapping[str, Any]) -> tuple[_Condition, Price | None]:
    """One entry of the table: when it holds, and its price."""
    from_s = _midnight_s(listed["from"]) if "from" in listed else None
    condition = _Condition(from_s, tuple(listed["daily_s"]) if "daily_s" in listed else None)
    given = listed["rates"]
    if given is None:
        return condition, None
    given = {
        "output": 0,
        "request": 0,
        "cache_read": given["input"],
        "cache_write": given["input"],
        "cache_write_1h": _doubled(given["input"]),
        "reasoning": given.get("output", 0),
        **given,
    }
    rates = [given[name] for name in Rates._fields]
    base = Rates(*(r if isinstance(r, int) else r[0] for r in rates))
    tiers = tuple(
        (index, tuple((start, rate) for start, rate in r[1]))
        for index, r in enumerate(rates)
        if not isinstance(r, int)
    )
    return condition, Price(provider, model, base, tiers)


def _doubled(rate: Any) -> Any:
    """Twice the input: https://platform.claude.com/docs/en/build-with-claude/prompt-caching, on pricing."""
    return rate * 2 if isinstance(rate, int) else [rate[0] * 2, [[start, r * 2] for start, r in rate[1]]]


def _midnight_s(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
