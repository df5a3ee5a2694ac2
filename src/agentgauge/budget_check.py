"""What stands between a request and the wire: every budget above it is asked."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from agentgauge.budget import budgets_over
from agentgauge.call import Call, Request
from agentgauge.errors import BudgetExceeded
from agentgauge.spending import Amount, release_reserved

if TYPE_CHECKING:
    from agentgauge.pipeline.exchange import Exchange, OpenCall
    from agentgauge.price_list import PriceList

DEFAULT_MOST_OUTPUT = 4_096
"""Output tokens that a request which names no maximum is taken to ask for."""

_ENCODED = re.compile(rb"[A-Za-z0-9+/=_-]{2000,}")
_ENCODED_TOKENS = 3_000
"""A picture or sound inside a request is encoded; its bytes say nothing of its tokens."""


def choose_model(opened: OpenCall, model: str) -> str | None:
    """The model that a function of the user's picks in place of one that a budget no longer allows.

    Raises:
        BudgetExceeded: the function stops the call.
    """
    try:
        for owner, account in budgets_over(opened.account):
            if (chosen := owner.other_model(account, opened.origin, model=model)) is not None:
                return chosen
    except BudgetExceeded:
        opened.exchange.blocked = True
        raise
    return None


def check_budgets(opened: OpenCall, *, provider: str | None, prices: PriceList) -> None:
    """Asks every budget above a call that is about to leave, and holds what the call may use in each.

    Raises:
        BudgetExceeded: one of them is spent.
    """
    found = budgets_over(opened.account)
    if not found:
        return
    most = most_of(opened.exchange, provider=provider, prices=prices)
    try:
        for owner, account in found:
            owner.reserve(account, opened.origin, key=opened.key, most=most)
    except BudgetExceeded:
        release_reserved(opened.account, opened.key)
        opened.exchange.blocked = True
        raise


def most_of(exchange: Exchange, *, provider: str | None, prices: PriceList) -> Amount:
    """A cheap upper bound of what a request can use: no token is shorter than a byte."""
    body = exchange.body or b""
    encoded = _ENCODED.findall(body)
    given = len(body) - sum(map(len, encoded)) + _ENCODED_TOKENS * len(encoded)
    made = 0 if exchange.path and exchange.path.endswith("/embeddings") else exchange.most_output
    if made is None:
        made = DEFAULT_MOST_OUTPUT
    now = time.time_ns()
    price = prices.price_of(Call(0, 0, None, now, now, Request("chat", exchange.model or "", provider)))
    if price is None:
        return Amount(given + made)
    rates = price.rates(input_tokens=given)
    hour = rates.cache_write_1h if b'"1h"' in body else 0
    pico = given * max(rates.input, rates.cache_write, hour) + made * max(rates.output, rates.reasoning)
    return Amount(given + made, (pico + rates.request + 999) // 1000)
