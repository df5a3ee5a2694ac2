"""What a server says of money: the amount it billed, the tier that it served in, tools that have a fee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from agentgauge.labels import clean_label
from agentgauge.sources.hosted_tools import hosted_uses
from agentgauge.sources.usage import find_usage

if TYPE_CHECKING:
    from agentgauge.call import Response

MOST_NANOUSD = 10**6 * 10**9
"""No single request costs more than a million USD; a larger amount is a server's mistake."""

_TICKS_A_NANOUSD = 10
_MOST_TIER = 32


@dataclass(frozen=True, slots=True)
class Billing:
    """Facts about the bill of one call; None where the server is silent."""

    service_tier: str | None = None
    told_nanousd: int | None = None
    us_only: bool = False
    hosted: tuple[tuple[str, int], ...] = ()

    def noted(self, response: Response) -> Response:
        """The response with what the price depends on."""
        return replace(response, service_tier=self.service_tier, us_only=self.us_only, hosted=self.hosted)


def read_billing(answers: Sequence[Mapping[str, Any]], *, provider: str | None) -> Billing:
    """Reads a body, or the chunks of a stream as far as they came.

    An amount is taken only from servers that are known to bill what they say: OpenRouter's `usage.cost`
    (USD; https://openrouter.ai/docs/use-cases/usage-accounting) and xAI's `usage.cost_in_usd_ticks`
    (10^10 a USD; https://docs.x.ai/developers/cost-tracking).
    """
    usage = find_usage(answers) or {}
    return Billing(
        _claudes_tier(usage) or _tier(answers),
        _told(usage, provider),
        usage.get("inference_geo") == "us",
        hosted_uses(answers, usage),
    )


def _claudes_tier(usage: Mapping[str, Any]) -> str | None:
    """Claude tells in its usage how fast, and in which tier, it served; `standard` is no tier."""
    if usage.get("speed") == "fast":
        return "fast"
    tier = usage.get("service_tier")
    return clean_label(tier, most=_MOST_TIER) if isinstance(tier, str) and tier != "standard" else None


def _tier(answers: Sequence[Mapping[str, Any]]) -> str | None:
    for answer in reversed(answers):
        response = answer.get("response")
        for holder in (answer, response):
            if isinstance(holder, Mapping) and isinstance(tier := holder.get("service_tier"), str) and tier:
                return clean_label(tier, most=_MOST_TIER)
    return None


def _told(usage: Mapping[str, Any], provider: str | None) -> int | None:
    if provider == "openrouter":
        cost = usage.get("cost")
        if isinstance(cost, int | float) and not isinstance(cost, bool):
            return _possible(cost)
    if provider == "x_ai":
        ticks = usage.get("cost_in_usd_ticks")
        if isinstance(ticks, int) and not isinstance(ticks, bool):
            nano, left = divmod(ticks, _TICKS_A_NANOUSD)
            return _within(nano + (left >= _TICKS_A_NANOUSD // 2))
    return None


def _possible(usd: float) -> int | None:
    amount = Decimal(str(usd))  # the digits as they were sent, not their binary neighbour
    return _within(round(amount * 10**9)) if amount.is_finite() else None


def _within(nanousd: int) -> int | None:
    return nanousd if 0 <= nanousd <= MOST_NANOUSD else None
