"""The dashboard: what each agent and tool costs, and which thresholds are near."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grafanalib import core

from agentgauge.generate import panels as p
from agentgauge.generate import promql
from agentgauge.generate import queries as q
from agentgauge.generate.modern import modernise
from agentgauge.generate.panels import Column, Query
from agentgauge.generate.promql import AGENT_LABEL, SERVICE_LABEL
from agentgauge.generate.rules import DASHBOARD_UID
from agentgauge.generate.text import NOTICE
from agentgauge.registry import COST, PART, TOKENS, metric
from agentgauge.registry_records import Sum

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 24
_OF_AGENT = f"{{{{{AGENT_LABEL}}}}}"
_OF_AGENT_IN = f"{{{{{SERVICE_LABEL}}}}} {_OF_AGENT}"
_AGENT, _TOOL = {AGENT_LABEL: "Agent"}, {q.TOOL_LABEL: "Tool"}
_WINDOW = "Over the rules' window (15 minutes unless thresholds.yaml says otherwise), whatever the model."


def dashboard() -> str:
    """`dashboards/agentgauge.json`."""
    made = core.Dashboard(
        title="agentgauge: agents, tools and costs",
        uid=DASHBOARD_UID,
        description=f"{NOTICE} What every agent, tool and model call costs.",
        tags=["agentgauge"],
        timezone="browser",
        refresh="30s",
        time=core.Time("now-1h", "now"),
        graphTooltip=1,
        templating=core.Templating(list=_variables()),
        panels=_placed(),
    )
    return json.dumps(modernise(made), indent=2, ensure_ascii=False) + "\n"


def _variables() -> list[Any]:
    calls = metric("agentgauge.calls").prometheus_name
    chosen = ", ".join(q.CHOSEN[:2])
    return [
        core.Template(name="datasource", label="Data source", type="datasource", query="prometheus"),
        _variable("service", "Service", f"label_values({calls}, {SERVICE_LABEL})"),
        _variable("agent", "Agent", f"label_values({calls}{{{q.SERVICES}}}, {AGENT_LABEL})"),
        _variable("model", "Model", f"label_values({calls}{{{chosen}}}, {q.MODEL_LABEL})"),
    ]


def _variable(name: str, label: str, query: str) -> Any:
    return core.Template(
        name=name,
        label=label,
        query=query,
        dataSource=p.DATASOURCE,
        includeAll=True,
        multi=True,
        allValue=".*",
        default="All",
        refresh=2,
    )


def _placed() -> list[Any]:
    """Panels from left to right and top to bottom, with ids in that order."""
    placed: list[Any] = []
    y = 0
    for height, line in _rows():
        width = _WIDTH // len(line)
        for place, panel in enumerate(line):
            panel.id = len(placed) + 1
            panel.gridPos = core.GridPos(h=height, w=width, x=place * width, y=y)
            placed.append(panel)
        y += height
    return placed


def _rows() -> Iterator[tuple[int, list[Any]]]:
    yield 4, _totals()
    yield 1, [p.row("Agents")]
    yield 9, [_agents()]
    yield 8, _agents_over_time()
    yield 1, [p.row("Tools")]
    yield 9, [_tools()]
    yield 8, _tools_over_time()
    yield 1, [p.row("Calls and latency")]
    yield 8, _calls()
    yield 8, [_alerts()]


def _totals() -> list[Any]:
    return [
        p.stat("Cost", "USD of priced calls in the chosen time.", p.USD, q.used(COST)),
        p.stat("Tokens", "Input and output tokens in the chosen time.", p.TOKENS, q.used(TOKENS)),
        p.stat("Calls", "Model calls in the chosen time, without retries.", p.COUNT, q.used(q.CALLS)),
        p.stat(
            "Tool overhead",
            "Tokens of tool definitions and results in all tokens of the chosen time.",
            p.RATIO,
            q.overhead(),
        ),
        p.stat("Errors", "Calls that ended in an error, of all calls.", p.RATIO, q.errors_used()),
        p.stat(
            "Latency, 95 %",
            "95 % of the calls in the chosen time took at most this long.",
            p.SECONDS,
            q.quantile(q.LATENCY, 0.95, q.RANGE),
        ),
    ]


def _agents() -> Any:
    return p.table(
        "Cost and tokens by agent",
        "The chosen time, with each agent's share of what is selected; `unattributed` is what was called "
        "outside any agent.",
        _AGENT,
        Column("Cost", q.used(COST, AGENT_LABEL), p.USD),
        Column("Cost share", q.share(COST, AGENT_LABEL), p.RATIO),
        Column("Tokens", q.used(TOKENS, AGENT_LABEL), p.TOKENS),
        Column("Token share", q.share(TOKENS, AGENT_LABEL), p.RATIO),
        Column("Tool overhead", q.overhead(AGENT_LABEL), p.RATIO),
        Column("Calls", q.used(q.CALLS, AGENT_LABEL), p.COUNT),
    )


def _agents_over_time() -> list[Any]:
    return [
        p.lines(
            "Cost per hour by agent",
            "USD per hour at the rate of each moment.",
            p.USD,
            Query(f"{q.per_second(COST, AGENT_LABEL)} * 3600", _OF_AGENT),
            stacked=True,
        ),
        _watched("Token share by agent", "Each agent's part of its service's tokens.", "agent_token_share"),
        _watched("Cost share by agent", "Each agent's part of its service's cost.", "agent_cost_share"),
    ]


def _watched(title: str, description: str, indicator: str) -> Any:
    return p.lines(
        title,
        f"{description} {_WINDOW} The dashed line is the threshold of its alert.",
        p.RATIO,
        Query(q.recorded(promql.RATIO, indicator), _OF_AGENT_IN),
        Query(q.recorded(promql.APPLIED, indicator), f"threshold {_OF_AGENT_IN}"),
    )


def _tools() -> Any:
    def part(name: str) -> str:
        only = Sum(metrics=q.TOOL_TOKENS.metrics, only=((PART, (name,)),))
        return q.used(only, AGENT_LABEL, q.TOOL_LABEL)

    return p.table(
        "Tool overhead by agent and tool",
        "Tokens of each tool in the chosen time. Definitions, results (new, and carried: sent again) and "
        "carried calls are part of the input; calls are part of the output.",
        _AGENT | _TOOL,
        Column("Tool cost", q.used(q.TOOL_COST, AGENT_LABEL, q.TOOL_LABEL), p.USD),
        Column("Definition", part("definition"), p.TOKENS),
        Column("New result", part("new_result"), p.TOKENS),
        Column("Carried result", part("carried_result"), p.TOKENS),
        Column("Call", part("call"), p.TOKENS),
        Column("Carried call", part("carried_call"), p.TOKENS),
        Column("Offered", q.used(q.TOOL_OFFERS, AGENT_LABEL, q.TOOL_LABEL), p.COUNT),
        Column("Called", q.used(q.TOOL_CALLS, AGENT_LABEL, q.TOOL_LABEL), p.COUNT),
    )


def _tools_over_time() -> list[Any]:
    return [
        _watched(
            "Tool overhead by agent",
            "Tokens of tool definitions and results in all tokens of an agent.",
            "tool_overhead_ratio",
        ),
        p.lines(
            "Tool tokens by part",
            "Tokens a second that tools take, by what they are spent on.",
            p.TOKENS,
            Query(q.per_second(q.TOOL_TOKENS, q.PART_LABEL), f"{{{{{q.PART_LABEL}}}}}"),
            stacked=True,
        ),
        p.lines(
            "Tool tokens by tool",
            "Tokens a second of each tool, all parts together.",
            p.TOKENS,
            Query(q.per_second(q.TOOL_TOKENS, q.TOOL_LABEL), f"{{{{{q.TOOL_LABEL}}}}}"),
            stacked=True,
        ),
    ]


def _calls() -> list[Any]:
    def quantiles(name: str) -> tuple[Query, ...]:
        return tuple(Query(q.quantile(name, each, q.STEP), f"{each:.0%}") for each in (0.5, 0.95))

    return [
        p.lines(
            "Calls by outcome",
            "Model calls a second.",
            p.CALLS_A_SECOND,
            Query(q.per_second(q.CALLS, q.OUTCOME_LABEL), f"{{{{{q.OUTCOME_LABEL}}}}}"),
            stacked=True,
        ),
        p.lines(
            "Error ratio",
            "Calls that ended in an error, of all calls.",
            p.RATIO,
            Query(q.error_ratio(), "errors"),
        ),
        p.lines(
            "Duration of calls",
            "Half and 95 % of the calls took at most this long, retries included.",
            p.SECONDS,
            *quantiles(q.LATENCY),
        ),
        p.lines(
            "Time to first chunk",
            "Of streams: half and 95 % gave their first chunk within this time.",
            p.SECONDS,
            *quantiles(q.FIRST_CHUNK),
        ),
    ]


def _alerts() -> Any:
    return p.alerts("Alerts", "Alerts of the chosen services that are pending or fire.")
