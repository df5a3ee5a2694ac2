"""The indicators of a report: ratios over what is selected."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from agentgauge.call import UsageSource
from agentgauge.report import query

if TYPE_CHECKING:
    from agentgauge.store.read import Selection, Store
    from agentgauge.totals import Totals


def indicators(store: Store, selection: Selection, totals: Totals) -> dict[str, float | None]:
    """Each ratio, None where its denominator is 0.

    `estimated_ratio` takes all tokens of a call that we counted wholly or in part; the two shares are those
    of the largest agent in its service.
    """
    with_tools = sum(s.calls for (flag,), s in query.sums(store, selection, ("has_tools",)) if flag)
    counted = (UsageSource.ESTIMATED, UsageSource.MIXED)
    by_source = query.sums(store, selection, ("usage_source",))
    estimated = sum(s.total_tokens for (source,), s in by_source if source in counted)
    tokens_of_tools = totals.tool_definition_tokens + totals.tool_result_tokens
    token_share, cost_share = _largest_shares(store, selection)
    return {
        "tool_usage_ratio": _ratio(with_tools, totals.calls),
        "tool_overhead_ratio": _ratio(tokens_of_tools, totals.total_tokens),
        "agent_token_share": token_share,
        "agent_cost_share": cost_share,
        "wasted_ratio": _ratio(totals.wasted_cost_nanousd, totals.cost_nanousd),
        "retry_ratio": _ratio(totals.retries, totals.calls),
        "error_ratio": _ratio(totals.errors, totals.calls),
        "estimated_ratio": _ratio(estimated, totals.total_tokens),
        "missing_ratio": _ratio(totals.usage_sources["none"], totals.calls),
        "unpriced_ratio": _ratio(totals.unpriced_tokens, totals.total_tokens),
    }


def _ratio(numerator: int, denominator: int | None) -> float | None:
    return numerator / denominator if denominator else None


def _largest_shares(store: Store, selection: Selection) -> tuple[float | None, float | None]:
    agents = query.sums(store, selection, ("service", "agent"))
    tokens: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    for (service, _), sums in agents:
        tokens[service] += sums.total_tokens
        cost[service] += sums.cost_nanousd or 0
    of_tokens = [_ratio(sums.total_tokens, tokens[service]) for (service, _), sums in agents]
    of_cost = [_ratio(sums.cost_nanousd or 0, cost[service]) for (service, _), sums in agents]
    return _largest(of_tokens), _largest(of_cost)


def _largest(ratios: list[float | None]) -> float | None:
    return max((ratio for ratio in ratios if ratio is not None), default=None)
