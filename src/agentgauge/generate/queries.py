"""The dashboards' queries, apart from their panels."""

from __future__ import annotations

from agentgauge.generate import promql
from agentgauge.generate.promql import AGENT_LABEL, ENVIRONMENT_LABEL, SERVICE_LABEL, selector, total
from agentgauge.registry import MODEL, PART, TOKENS, TOOL, metric
from agentgauge.registry_records import Metric, Sum, prometheus_label

TOOL_LABEL, PART_LABEL, MODEL_LABEL = map(prometheus_label, (TOOL, PART, MODEL))
ROLE_LABEL = prometheus_label("agentgauge.agent.role")
OUTCOME_LABEL, ACTION_LABEL, PERIOD_LABEL, SOURCE_LABEL, ERROR_LABEL, WORKFLOW_LABEL = map(
    prometheus_label,
    (
        "agentgauge.outcome",
        "agentgauge.action",
        "agentgauge.period",
        "agentgauge.usage.source",
        "error.type",
        "gen_ai.workflow.name",
    ),
)

CHOICES = {
    "service": SERVICE_LABEL,
    "environment": ENVIRONMENT_LABEL,
    "agent": AGENT_LABEL,
    "role": ROLE_LABEL,
    "model": MODEL_LABEL,
    "tool": TOOL_LABEL,
}
"""The dashboards' variables, and the labels that they choose by."""
SERVICES = f'{SERVICE_LABEL}=~"$service"'
FOCUS = {"agent": "focus"}
"""The variable that chooses agents in the part about one of them."""

RANGE, STEP, NOW = "$__range", "$__rate_interval", "15m"
WEEK_AGO = " offset 1w"


def _calls_of(*outcomes: str) -> Sum:
    return Sum(metrics=("agentgauge.calls",), only=(("agentgauge.outcome", outcomes),))


def _one(name: str, *only: tuple[str, tuple[str, ...]]) -> Sum:
    return Sum(metrics=(name,), only=only)


CALLS, RETRIES = _one("agentgauge.calls"), _one("agentgauge.retries")
ERRORS = _calls_of("error")
CALLS_WITH_TOOLS = _one("agentgauge.calls", ("agentgauge.has_tools", ("true",)))
CALLS_WITHOUT_USAGE = _one("agentgauge.calls", ("agentgauge.usage.source", ("none",)))
UNPRICED, WASTED_TOKENS = _one("agentgauge.unpriced.tokens"), _one("agentgauge.wasted.tokens")
WASTED = _one("agentgauge.wasted.cost.usd")
ESTIMATED = Sum(metrics=TOKENS.metrics, only=(("agentgauge.usage.source", ("estimated", "mixed")),))
TOOL_TOKENS, TOOL_COST = _one("agentgauge.tool.tokens"), _one("agentgauge.tool.cost.usd")
TOOL_CALLS, TOOL_OFFERS = _one("agentgauge.tool.calls"), _one("agentgauge.tool.offers")
LATENCY, FIRST_CHUNK = "gen_ai.client.inference.duration", "gen_ai.client.inference.time_to_first_chunk"
AGENT_RUNS, WORKFLOWS, TOOL_RUNS = (
    f"gen_ai.{kind}.duration" for kind in ("invoke_agent", "invoke_workflow", "execute_tool")
)
INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, REASONING = (
    _one(f"gen_ai.client.inference.usage.{part}")
    for part in (
        "input_tokens",
        "output_tokens",
        "cache_read.input_tokens",
        "cache_write.input_tokens",
        "reasoning.output_tokens",
    )
)


def part_of_tools(*parts: str, unit: Sum = TOOL_TOKENS) -> Sum:
    """Tokens (or USD) of tools, of these parts only."""
    return Sum(metrics=unit.metrics, only=((PART, parts),))


def matchers(found: Metric, variables: dict[str, str] | None = None) -> tuple[str, ...]:
    """The dashboard's variables for a metric, as far as it has their labels."""
    labels = {prometheus_label(name) for name in found.label_names}
    variables = variables or {}
    return tuple(
        f'{label}=~"${variables.get(name, name)}"' for name, label in CHOICES.items() if label in labels
    )


def _of(wanted: Sum, variables: dict[str, str] | None) -> tuple[str, ...]:
    return matchers(metric(wanted.metrics[0]), variables)


def used(wanted: Sum, *by: str, variables: dict[str, str] | None = None) -> str:
    """How much over the chosen time, by some labels, exactly: `increase` would make 48.6 of 42 calls."""
    return total(wanted, by, RANGE, *_of(wanted, variables), function=promql.GROWTH)


def per_second(wanted: Sum, *by: str, window: str = STEP, variables: dict[str, str] | None = None) -> str:
    """The rate over time, by some labels."""
    return total(wanted, by, window, *_of(wanted, variables))


def per_hour(wanted: Sum, *by: str, window: str = STEP, variables: dict[str, str] | None = None) -> str:
    """The same for an hour."""
    return f"3600 * {per_second(wanted, *by, window=window, variables=variables)}"


def descending(query: str) -> str:
    """Largest first; what is 0 is left out."""
    return f"sort_desc({query} > 0)"


def named(query: str, label: str) -> str:
    """With a word where series have no such label."""
    return f'label_replace({query}, "{label}", "none", "{label}", "")'


def share(wanted: Sum, *by: str) -> str:
    """Each one's part of all that is selected, over the chosen time."""
    return f"{used(wanted, *by)}\n/ on () group_left () ({used(wanted)} > 0)"


def ratio_used(part: Sum, whole: Sum, *by: str) -> str:
    """A part of a whole over the chosen time."""
    return promql.ratio(used(part, *by), used(whole, *by))


def week_change(wanted: Sum, *by: str) -> str:
    """By how much the chosen time differs from the same time a week before; nothing where there was none."""
    now = used(wanted, *by)
    before = now.replace(f"[{RANGE}]", f"[{RANGE}]{WEEK_AGO}")
    return f"{promql.ratio(now, before)} - 1"


def quantile(name: str, q: float, window: str, *by: str, variables: dict[str, str] | None = None) -> str:
    """A quantile of a histogram, in its unit; nothing where nothing was timed."""
    found = metric(name)
    buckets = selector(f"{found.prometheus_name}_bucket", *matchers(found, variables))
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({q}, sum by ({labels}) (rate({buckets}[{window}]))) >= 0"


def counted(name: str, *by: str, only: str = "", variables: dict[str, str] | None = None) -> str:
    """How often a histogram's time was taken over the chosen time, exactly."""
    found = metric(name)
    series = selector(
        f"{found.prometheus_name}_count", *matchers(found, variables), *([only] if only else [])
    )
    labels = f" by ({', '.join(by)})" if by else ""
    return f"sum{labels} (max_over_time({series}[{RANGE}]) - min_over_time({series}[{RANGE}]))"


def month_to_date(*by: str) -> str:
    """USD of the current calendar month (UTC): the series whose period is this month's, ended or not."""
    spend = metric("agentgauge.spend.usd")
    this_month = f'count_values("{PERIOD_LABEL}", year() * 100 + month())'
    series = selector(spend.prometheus_name, *matchers(spend))
    labels = f" by ({', '.join(by)})" if by else ""
    return f"sum{labels} (last_over_time({series}[32d]) and on ({PERIOD_LABEL}) {this_month})"


REST_OF_MONTH_S = "((days_in_month() - day_of_month() + 1) * 86400 - time() % 86400)"
"""Seconds left in the calendar month (UTC), as a vector without labels."""


def forecast(*by: str) -> str:
    """USD at the month's end if the coming days cost what the last week's did."""
    on = "on () group_left () " if by else ""
    rate = per_second(_one("agentgauge.cost.usd"), *by, window="7d")
    return f"({month_to_date(*by)}\nor 0 * {rate})\n+ {rate} * {on}{REST_OF_MONTH_S}"
