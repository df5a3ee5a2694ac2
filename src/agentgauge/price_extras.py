"""What the public list has beside a model's usual rates: those of other tiers, and fees of hosted tools.

The table is `data/price_extras.json`, generated from genai-prices; it is read on the first look-up.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from agentgauge.pricing import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentgauge.pricing import Price


def in_tier(price: Price, tier: str, *, at_ns: int) -> Price | None:
    """The price of the same model in a tier, such as `priority`, `batch` or `fast`; None when unknown."""
    at_s = at_ns // 1_000_000_000
    found = (listed for name, *listed in _tiers(price.provider, price.model) if name == tier)
    return next((tiered for condition, tiered in found if condition.holds(at_s)), None)


def fee_pico(price: Price, tool: str) -> int | None:
    """Pico-USD for one use of a hosted tool, such as `web_search`; None when unknown."""
    fee = _of(price.provider, price.model).get("fees", {}).get(tool)
    return int(fee) if fee is not None else None


def with_fees(price: Price, uses: Iterable[tuple[str, int]]) -> Price:
    """The price with what is known of the fees for these uses in its fee for the request."""
    fees = sum(count * (fee_pico(price, tool) or 0) for tool, count in uses)
    return replace(price, base=price.base._replace(request=price.base.request + fees)) if fees else price


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("agentgauge").joinpath("data", "price_extras.json").read_text(encoding="utf-8")
    providers: dict[str, dict[str, Any]] = json.loads(text)["providers"]
    return providers


def _of(provider: str, model: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _table().get(provider, {}).get(model, {})
    return found


@lru_cache(maxsize=256)
def _tiers(provider: str, model: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        (listed["tier"], *compiled(provider, model, listed))
        for listed in _of(provider, model).get("tiers", ())
    )
