"""Who uses how much: shares of agents, and the rate of spending."""

from __future__ import annotations

from agentgauge.registry.metrics import COST, TOKENS
from agentgauge.registry_records import Alert, Indicator

USAGE = (
    Indicator(
        name="agent_token_share",
        unit="ratio",
        definition="an agent's tokens / its service's tokens",
        numerator=TOKENS,
        denominator=TOKENS,
        whole=True,
        window="15m",
        windows=("1h", "24h"),
        alert=Alert(
            name="AgentShareHigh",
            severity="warning",
            summary="Agent {agent} uses {value} of the tokens of {service}, above {threshold}.",
            threshold=0.60,
            hold="2m",
            least_tokens=10_000,
            least_agents=3,
        ),
    ),
    Indicator(
        name="agent_cost_share",
        unit="ratio",
        definition="an agent's cost / its service's cost",
        numerator=COST,
        denominator=COST,
        whole=True,
        window="15m",
        windows=("1h", "24h"),
        alert=Alert(
            name="AgentShareHigh",
            severity="warning",
            summary="Agent {agent} causes {value} of the cost of {service}, above {threshold}.",
            threshold=0.60,
            hold="2m",
            least_tokens=10_000,
            least_agents=3,
        ),
    ),
    Indicator(
        name="cost_rate",
        unit="USD/h",
        definition="an agent's cost per hour",
        numerator=COST,
        window="1h",
        windows=("5m", "6h", "24h"),
    ),
)
