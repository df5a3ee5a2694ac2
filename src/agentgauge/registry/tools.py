"""What tools cost: overhead, use, spikes, and tools that nobody calls."""

from __future__ import annotations

from agentgauge.registry.metrics import CALLS, PART, TOKENS, metric
from agentgauge.registry_records import OF_TOOLS, Alert, Indicator, Sum, prometheus_label

_CALLS, _OFFERS = (metric(f"agentgauge.tool.{each}").prometheus_name for each in ("calls", "offers"))
_BY_TOOL = ", ".join(
    map(
        prometheus_label,
        ("service.name", "deployment.environment.name", "gen_ai.agent.name", "gen_ai.tool.name"),
    )
)
_BASELINE = 'agentgauge:indicator:24h{{indicator="tool_calls_per_call"}} offset 10m > 0'

OVERHEAD = Sum(
    metrics=("agentgauge.tool.tokens",), only=((PART, ("definition", "new_result", "carried_result")),)
)
"""Tokens that tools take from the input before a model has called one."""

TOOL_USE = (
    Indicator(
        name="tool_overhead_ratio",
        unit="ratio",
        definition="tokens of tool definitions and tool results / (input + output tokens)",
        numerator=OVERHEAD,
        denominator=TOKENS,
        window="15m",
        windows=("1h", "24h"),
        alert=Alert(
            name="ToolOverheadHigh",
            severity="warning",
            summary="Tool definitions and results are {value} of the tokens of agent {agent} in {service}, "
            "above {threshold}.",
            threshold=0.30,
            hold="2m",
            least_tokens=10_000,
        ),
    ),
    Indicator(
        name="tool_usage_ratio",
        unit="ratio",
        definition="calls whose request carried tools / calls",
        numerator=Sum(metrics=CALLS.metrics, only=(("agentgauge.has_tools", ("true",)),)),
        denominator=CALLS,
        window="15m",
        windows=("1h", "24h"),
        alert=Alert(
            name="ToolUsageHigh",
            severity="info",
            summary="Agent {agent} in {service} sends tools with {value} of its calls, above {threshold}.",
            threshold=0.50,
            hold="2m",
            least_calls=20,
        ),
    ),
    Indicator(
        name="tool_calls_per_call",
        unit="factor",
        definition="calls of a tool / model calls of its agent",
        numerator=Sum(metrics=("agentgauge.tool.calls",)),
        denominator=CALLS,
        by=OF_TOOLS,
        window="10m",
        windows=("24h",),
    ),
    Indicator(
        name="tool_call_spike",
        unit="factor",
        definition="calls of a tool per model call / the same over the 24 hours before",
        query='agentgauge:indicator{{indicator="tool_calls_per_call"}}\n'
        f"/ on ({_BY_TOOL}) ({_BASELINE})\n"
        f"and on ({_BY_TOOL}) sum by ({_BY_TOOL}) (increase({_CALLS}[10m])) >= 20\n"
        f"and on ({_BY_TOOL}) sum by ({_BY_TOOL}) ({_CALLS} offset 24h)",
        by=OF_TOOLS,
        dimensions=("service", "agent", "tool"),
        group="tool_calls_per_call",
        alert=Alert(
            name="ToolUsageSpike",
            severity="warning",
            summary="Agent {agent} in {service} calls {tool} {value} times as often per model call as in the "
            "24 hours before, above {threshold}.",
            threshold=3,
            hold="2m",
            not_after_late="10m",
        ),
    ),
    Indicator(
        name="unused_tool",
        unit="count",
        definition="calls that offered a tool which no model called in the window",
        query=f"sum by ({_BY_TOOL}) (increase({_OFFERS}[{{window}}]))\n"
        f"unless on ({_BY_TOOL}) sum by ({_BY_TOOL}) (increase({_CALLS}[{{window}}])) > 0",
        window="24h",
        by=OF_TOOLS,
        dimensions=("service", "agent", "tool"),
        group="long",
        alert=Alert(
            name="ToolNeverUsed",
            severity="info",
            summary="Agent {agent} in {service} offered {tool} in {value} calls of the last {window} and no "
            "model called it; its definition cost {definition_cost}.",
            threshold=200,
            hold="5m",
        ),
    ),
)
