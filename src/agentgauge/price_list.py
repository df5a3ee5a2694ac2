"""Finds the price of a call: what the server billed, then the user's own prices, then the public list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentgauge.call import Cost
from agentgauge.price_extras import fee_pico, in_tier, with_fees
from agentgauge.price_file import DEFAULT_TIER
from agentgauge.price_file import SOURCE as OWN
from agentgauge.pricing import cost_of, find_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentgauge.call import Call
    from agentgauge.price_file import OwnPrice
    from agentgauge.pricing import Price

TOLD = "provider"
"""`Cost.source` of an amount that the server itself billed."""

_TIERED = ("openai", "azure.ai.openai", "anthropic", "mistral_ai")
"""Whose tier changes the price; elsewhere the word means speed alone."""
_STANDARD = (DEFAULT_TIER, "auto", "standard")
_HALF = 5 * 10**8
_OF_THE_LIST = {"flex": _HALF, "batch": _HALF}
"""Billionths of the list's price, where it has no rates of the tier: flex and batch are billed at half."""
_US_ONLY = 11 * 10**8
"""Billionths of Claude's price where inference stays in the United States.

https://platform.claude.com/docs/en/about-claude/pricing, on data residency: 1.1 times, for all tokens.
"""


class PriceList:
    """Prices calls.

    Args:
        own: the user's entries, the first that fits counts.
    """

    def __init__(self, own: Sequence[OwnPrice] = ()) -> None:
        self._own = tuple(own)

    def price_of(self, call: Call) -> Price | None:
        """The price of the model that answered, or else of the one that was asked; None when unknown.

        What hosted tools were used for this call is in its fee for the request, as far as it is known.
        """
        for model in filter(None, (call.response.model, call.request.model)):
            if (price := self._price(call, model)) is not None:
                return with_fees(price, call.response.hosted)
        return None

    def why_too_low(self, call: Call) -> str | None:
        """What the cost of a call leaves out; None when it is whole, or unknown."""
        price = self.price_of(call) if call.response.hosted else None
        if price is None or call.cost is None or call.cost.source == TOLD:
            return None
        model = call.response.model or call.request.model
        left_out = [tool for tool, _ in call.response.hosted if fee_pico(price, tool) is None]
        if not left_out:
            return None
        return (
            f"Calls of {model} used {', '.join(sorted(left_out))}, whose fee is on no price list here: their "
            "cost is that of the tokens alone, a lower bound."
        )

    def priced(self, call: Call, *, told_nanousd: int | None = None) -> Call:
        """The call with its cost; without one where neither the server nor a price says it.

        `told_nanousd` is what the server says that it billed: it is taken whole, and split into its input
        and output side as the known price would be, or else by tokens.
        """
        if told_nanousd is not None:
            return replace(call, cost=self._split(call, told_nanousd))
        if call.usage.input is None and call.usage.output is None:
            return call
        price = self.price_of(call)
        return replace(call, cost=cost_of(call.usage, price)) if price is not None else call

    def why_unpriced(self, call: Call) -> str | None:
        """Why a call has no cost although its model is on the public list; None when it is not."""
        provider, model = call.request.provider, call.response.model or call.request.model
        if find_price(provider, model, at_ns=call.start_ns) is None:
            return None
        if call.usage.has_audio:
            return (
                f"Calls of {model} use audio tokens, which the price list here does not have: they are "
                "unpriced. Name their rates in a price file (AGENTGAUGE_PRICES)."
            )
        tier = call.response.service_tier
        if provider in _TIERED and tier not in (None, *_STANDARD):
            return (
                f"Calls of {model} were served in the tier {tier!r}, whose price no list here has: they are "
                f'unpriced. Name its rates in a price file (AGENTGAUGE_PRICES) with service_tier = "{tier}".'
            )
        return None

    def _split(self, call: Call, nanousd: int) -> Cost:
        price = self.price_of(call)
        listed = cost_of(call.usage, price) if price is not None else None
        if listed is not None and listed.nanousd:
            part, whole = listed.input_nanousd, listed.nanousd
        else:
            part, whole = call.usage.input or 0, call.total_tokens
        given = nanousd * part // whole if whole else nanousd
        return Cost(given, nanousd - given, TOLD)

    def _price(self, call: Call, model: str) -> Price | None:
        provider, at_ns = call.request.provider, call.start_ns
        tier = call.response.service_tier if provider in _TIERED else None
        tier = DEFAULT_TIER if tier in (None, *_STANDARD) else tier
        listed = find_price(provider, model, at_ns=at_ns)
        if listed is not None and tier != DEFAULT_TIER:
            listed = in_tier(listed, tier or "", at_ns=at_ns) or _part(listed, tier or "", provider)
        if listed is not None and call.response.us_only:
            listed = listed.scaled(_US_ONLY)
        for own in self._own:
            if own.fits(provider=provider, model=model, service_tier=tier or "", at_ns=at_ns):
                if own.kept is not None:
                    return listed.scaled(own.kept, source=OWN) if listed is not None else None
                return own.price(model, duration_ns=call.end_ns - call.start_ns)
        if call.usage.has_audio:
            return None  # the list's rates are those of text
        return listed


def _part(listed: Price, tier: str, provider: str | None) -> Price | None:
    """The price in a tier that is known to be a part of the usual one: batches, and flex at OpenAI's."""
    kept = _OF_THE_LIST.get(tier) if tier == "batch" or provider in _TIERED[:2] else None
    return listed.scaled(kept) if kept is not None else None
