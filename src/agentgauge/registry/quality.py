"""Calls that were for nothing, and numbers that are less than known."""

from __future__ import annotations

from agentgauge.registry.metrics import CALLS, COST, TOKENS
from agentgauge.registry_records import Alert, Indicator, Sum

_SOURCE = "agentgauge.usage.source"


def _ratio(
    name: str, definition: str, numerator: Sum, denominator: Sum, alert: Alert, *, most_one: bool = True
) -> Indicator:
    return Indicator(
        name=name,
        unit="ratio" if most_one else "factor",
        definition=definition,
        numerator=numerator,
        denominator=denominator,
        window="15m",
        windows=("1h", "24h"),
        alert=alert,
    )


QUALITY = (
    _ratio(
        "wasted_ratio",
        "cost of calls that failed or were cancelled / cost",
        Sum(metrics=("agentgauge.wasted.cost.usd",)),
        COST,
        Alert(
            name="WastedSpendHigh",
            severity="warning",
            summary="{value} of the cost of agent {agent} in {service} went to calls that failed or were "
            "cancelled, above {threshold}.",
            threshold=0.10,
            hold="2m",
            least_calls=20,
        ),
    ),
    _ratio(
        "retry_ratio",
        "HTTP attempts after the first / calls",
        Sum(metrics=("agentgauge.retries",)),
        CALLS,
        Alert(
            name="RetriesHigh",
            severity="warning",
            summary="Agent {agent} in {service} retries {value} times a call, above {threshold}.",
            threshold=0.20,
            hold="2m",
            least_calls=20,
        ),
        most_one=False,
    ),
    _ratio(
        "error_ratio",
        "calls that ended in an error / calls",
        Sum(metrics=CALLS.metrics, only=(("agentgauge.outcome", ("error",)),)),
        CALLS,
        Alert(
            name="CallErrorsHigh",
            severity="critical",
            summary="{value} of the calls of agent {agent} in {service} fail, above {threshold}.",
            threshold=0.05,
            hold="2m",
            least_calls=20,
        ),
    ),
    _ratio(
        "estimated_ratio",
        "tokens of calls that were counted here, wholly or in part / tokens",
        Sum(metrics=TOKENS.metrics, only=((_SOURCE, ("estimated", "mixed")),)),
        TOKENS,
        Alert(
            name="UsageEstimatedHigh",
            severity="info",
            summary="{value} of the tokens of agent {agent} in {service} are estimates, above {threshold}.",
            threshold=0.20,
            hold="2m",
            least_calls=20,
        ),
    ),
    _ratio(
        "missing_ratio",
        "calls of which nobody knows the tokens / calls",
        Sum(metrics=CALLS.metrics, only=((_SOURCE, ("none",)),)),
        CALLS,
        Alert(
            name="UsageMissing",
            severity="info",
            summary="The tokens of {value} of the calls of agent {agent} in {service} are unknown, above "
            "{threshold}.",
            threshold=0.01,
            hold="2m",
            least_calls=20,
        ),
    ),
    _ratio(
        "unpriced_ratio",
        "tokens that have no known price / tokens",
        Sum(metrics=("agentgauge.unpriced.tokens",)),
        TOKENS,
        Alert(
            name="UsageUnpriced",
            severity="info",
            summary="{value} of the tokens of agent {agent} in {service} have no price, above {threshold}: "
            "their cost is unknown, not 0.",
            threshold=0,
            hold="2m",
        ),
    ),
)
