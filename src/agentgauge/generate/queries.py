"""The dashboard's queries, apart from its panels."""

from __future__ import annotations

from agentgauge.generate import promql
from agentgauge.generate.promql import AGENT_LABEL, SERVICE_LABEL, selector, total
from agentgauge.registry import INDICATORS, MODEL, PART, TOKENS, TOOL, metric
from agentgauge.registry_records import Sum, prometheus_label

TOOL_LABEL, PART_LABEL, MODEL_LABEL = map(prometheus_label, (TOOL, PART, MODEL))
OUTCOME_LABEL = prometheus_label("agentgauge.outcome")

SERVICES = f'{SERVICE_LABEL}=~"$service"'
CHOSEN = (SERVICES, f'{AGENT_LABEL}=~"$agent"', f'{MODEL_LABEL}=~"$model"')
"""What the dashboard's variables select."""

RANGE, STEP = "$__range", "$__rate_interval"

CALLS = Sum(metrics=("agentgauge.calls",))
ERRORS = Sum(metrics=("agentgauge.calls",), only=(("agentgauge.outcome", ("error",)),))
TOOL_TOKENS = Sum(metrics=("agentgauge.tool.tokens",))
TOOL_COST = Sum(metrics=("agentgauge.tool.cost.usd",))
TOOL_CALLS = Sum(metrics=("agentgauge.tool.calls",))
TOOL_OFFERS = Sum(metrics=("agentgauge.tool.offers",))
OVERHEAD = next(found for found in INDICATORS if found.name == "tool_overhead_ratio").numerator
LATENCY, FIRST_CHUNK = "gen_ai.client.inference.duration", "gen_ai.client.inference.time_to_first_chunk"


def used(wanted: Sum, *by: str) -> str:
    """How much over the chosen time, by some labels, exactly: `increase` would make 48.6 of 42 calls."""
    return total(wanted, by, RANGE, *CHOSEN, function=promql.GROWTH)


def per_second(wanted: Sum, *by: str) -> str:
    """The rate over time, by some labels."""
    return total(wanted, by, STEP, *CHOSEN)


def share(wanted: Sum, by: str) -> str:
    """Each one's part of all that is selected, over the chosen time."""
    return f"{used(wanted, by)}\n/ on () group_left () ({used(wanted)} > 0)"


def overhead(*by: str) -> str:
    """Tool definitions and results in all tokens, over the chosen time."""
    return promql.ratio(used(OVERHEAD, *by), used(TOKENS, *by))


def error_ratio() -> str:
    """Calls that ended in an error, over time."""
    return promql.ratio(per_second(ERRORS), per_second(CALLS))


def errors_used() -> str:
    """The same over the chosen time."""
    return promql.ratio(used(ERRORS), used(CALLS))


def quantile(name: str, q: float, window: str, *by: str) -> str:
    """A quantile of a histogram, in its unit."""
    buckets = selector(f"{metric(name).prometheus_name}_bucket", *CHOSEN)
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({q}, sum by ({labels}) (rate({buckets}[{window}])))"


def recorded(name: str, indicator: str) -> str:
    """An indicator, or the threshold that applies to it, as the rules record them: without models."""
    return selector(name, f'indicator="{indicator}"', *CHOSEN[:2])
