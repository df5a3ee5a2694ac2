"""One agent in depth: its models, tools, actions, errors; the variable `focus` chooses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate.boards.layout import Line
from agentgauge.generate.panels import Column, Query
from agentgauge.registry import COST

if TYPE_CHECKING:
    from agentgauge.generate.grafana.panel import Panel
    from agentgauge.registry_records import Sum


def in_depth() -> tuple[Line, ...]:
    """Two lines of panels."""
    return (
        Line(panels=(_cost_by_model(), _calls_by_action(), _errors())),
        Line(panels=(_tools(), _latency_by_model()), widths=(14, 10)),
    )


def _cost_by_model() -> Panel:
    query = q.per_hour(COST, q.MODEL_LABEL, variables=q.FOCUS)
    return p.lines(
        "$focus: cost per hour by model",
        "USD per hour at the rate of each moment.",
        p.USD,
        Query(query, by=q.MODEL_LABEL, exemplar=True),
        stacked=True,
    )


def _calls_by_action() -> Panel:
    query = q.descending(q.used(q.CALLS, q.ACTION_LABEL, variables=q.FOCUS))
    return p.bars(
        "$focus: calls by action",
        "Calls in the chosen time by what they were for: generate, stream, or a word of the program's own.",
        p.COUNT,
        Query(query, by=q.ACTION_LABEL),
    )


def _errors() -> Panel:
    query = q.descending(q.counted(q.LATENCY, q.ERROR_LABEL, only=f'{q.ERROR_LABEL}!=""', variables=q.FOCUS))
    return p.bars(
        "$focus: errors",
        "Calls in the chosen time that failed, by the type of error.",
        p.COUNT,
        Query(query, by=q.ERROR_LABEL),
        none="no call failed in the chosen time",
    )


def _tools() -> Panel:
    def by_tool(wanted: Sum) -> str:
        return q.used(wanted, q.TOOL_LABEL, variables=q.FOCUS)

    return p.table(
        "$focus: its tools",
        "The chosen time.",
        {q.TOOL_LABEL: "Tool"},
        Column("Cost", by_tool(q.TOOL_COST), p.USD),
        Column("Tokens", by_tool(q.TOOL_TOKENS), p.TOKENS),
        Column("Offered", by_tool(q.TOOL_OFFERS), p.COUNT),
        Column("Called", by_tool(q.TOOL_CALLS), p.COUNT),
        Column("Ran", q.counted(q.TOOL_RUNS, q.TOOL_LABEL, variables=q.FOCUS), p.COUNT),
        none="it has no tools",
    )


def _latency_by_model() -> Panel:
    query = q.quantile(q.LATENCY, 0.95, q.STEP, q.MODEL_LABEL, variables=q.FOCUS)
    return p.lines(
        "$focus: duration of calls by model",
        "95 % of the calls took at most this long.",
        p.SECONDS,
        Query(query, by=q.MODEL_LABEL, exemplar=True),
    )
