"""Agents: what each uses, how it fares, and one of them in depth."""

from __future__ import annotations

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.agent_calls import LINKS, calls, latency, what_goes_wrong
from agentgauge.generate.boards.depth import in_depth
from agentgauge.generate.boards.frame import THIS_CELL, board, choice, to
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.boards.watched import watched
from agentgauge.generate.panels import Column, Query
from agentgauge.generate.promql import AGENT_LABEL
from agentgauge.registry import COST, OVERHEAD, TOKENS, metric


def agents() -> str:
    """The dashboard `Agents`."""
    series = metric("agentgauge.calls").prometheus_name
    chosen = f'{q.SERVICES},{AGENT_LABEL}=~"$agent"'
    focus = choice("focus", "In depth", f"label_values({series}{{{chosen}}}, {AGENT_LABEL})", many=False)
    return board(
        uids.AGENTS,
        "agentgauge: agents",
        "What each agent uses, how its calls fare, and one of them in depth.",
        (
            Section(lines=(_totals(), _table(), _shares())),
            Section(title="Tokens", lines=(_tokens(), _tokens_by_agent())),
            Section(title="Calls, errors, retries, waste", lines=(calls(), what_goes_wrong())),
            Section(title="Latency", lines=(latency(),)),
            Section(title="One agent in depth: $focus", lines=in_depth()),
        ),
        choices=("service", "environment", "agent", "role", "model"),
        more=(focus,),
    )


def _totals() -> Line:
    return Line(
        height=4,
        panels=(
            p.stat("Cost", "USD of priced calls in the chosen time.", p.USD, q.used(COST)),
            p.stat("Tokens", "Input and output tokens in the chosen time.", p.TOKENS, q.used(TOKENS)),
            p.stat("Calls", "Model calls in the chosen time, without retries.", p.COUNT, q.used(q.CALLS)),
            p.stat(
                "Errors",
                "Calls that ended in an error, of all calls.",
                p.RATIO,
                q.ratio_used(q.ERRORS, q.CALLS),
                steps=p.bad_from(0.05, 0.2),
            ),
            p.stat(
                "Retries",
                "HTTP attempts after the first, for each call.",
                p.RATIO,
                q.ratio_used(q.RETRIES, q.CALLS),
                steps=p.bad_from(0.2),
            ),
            p.stat(
                "Wasted",
                "USD of calls that ended in an error or were cancelled, of all USD.",
                p.RATIO,
                q.ratio_used(q.WASTED, COST),
                steps=p.bad_from(0.1),
            ),
            p.stat(
                "Latency",
                "95 % of the calls in the chosen time took at most this long, retries included.",
                p.SECONDS,
                q.quantile(q.LATENCY, 0.95, q.RANGE),
            ),
            p.stat(
                "First chunk",
                "95 % of the streams in the chosen time gave their first chunk within this time.",
                p.SECONDS,
                q.quantile(q.FIRST_CHUNK, 0.95, q.RANGE),
            ),
        ),
    )


def _table() -> Line:
    return Line(
        height=7,
        panels=(
            p.table(
                "All agents",
                "The chosen time; `unattributed` is what was called outside any agent.",
                {AGENT_LABEL: "Agent"},
                Column("Cost", q.used(COST, AGENT_LABEL), p.USD),
                Column("Cost share", q.share(COST, AGENT_LABEL), p.RATIO, bar=True),
                Column("Tokens", q.used(TOKENS, AGENT_LABEL), p.TOKENS),
                Column("Token share", q.share(TOKENS, AGENT_LABEL), p.RATIO, bar=True),
                Column("Calls", q.used(q.CALLS, AGENT_LABEL), p.COUNT),
                Column("Errors", q.ratio_used(q.ERRORS, q.CALLS, AGENT_LABEL), p.RATIO),
                Column("Retries", q.used(q.RETRIES, AGENT_LABEL), p.COUNT),
                Column("Wasted", q.used(q.WASTED, AGENT_LABEL), p.USD),
                Column("Tool overhead", q.ratio_used(OVERHEAD, TOKENS, AGENT_LABEL), p.RATIO),
                Column("95 % took", q.quantile(q.LATENCY, 0.95, q.RANGE, AGENT_LABEL), p.SECONDS),
                links={
                    "Agent": (
                        to(uids.AGENTS, "This agent in depth", focus=THIS_CELL, agent=THIS_CELL),
                        to(uids.TRACES, "Its traces", agent=THIS_CELL),
                    ),
                },
            ),
        ),
    )


def _shares() -> Line:
    return Line(
        panels=(
            watched(
                "Cost share", "Each agent's part of its service's cost.", "agent_cost_share", links=LINKS
            ),
            watched(
                "Token share", "Each agent's part of its service's tokens.", "agent_token_share", links=LINKS
            ),
        ),
    )


def _tokens() -> Line:
    parts = (
        ("new input", f"{q.used(q.INPUT)} - ({q.used(q.CACHE_READ)} or vector(0))"),
        ("cached input", q.used(q.CACHE_READ)),
        ("visible output", f"{q.used(q.OUTPUT)} - ({q.used(q.REASONING)} or vector(0))"),
        ("reasoning", q.used(q.REASONING)),
    )
    return Line(
        widths=(8, 16),
        height=7,
        panels=(
            p.bars(
                "Tokens by kind",
                "The chosen time. The parts add up to all tokens: what is cached is part of the input, "
                "reasoning part of the output.",
                p.TOKENS,
                *(Query(expr, legend) for legend, expr in parts),
            ),
            p.lines(
                "Tokens a second by agent",
                "Input and output at the rate of each moment.",
                p.TOKENS,
                Query(q.per_second(TOKENS, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                stacked=True,
                links=LINKS,
            ),
        ),
    )


def _tokens_by_agent() -> Line:
    return Line(
        height=7,
        panels=(
            p.table(
                "Tokens by agent",
                "The chosen time. Cached tokens are part of the input, reasoning is part of the output.",
                {AGENT_LABEL: "Agent"},
                Column("Input", q.used(q.INPUT, AGENT_LABEL), p.TOKENS),
                Column("Cached", q.used(q.CACHE_READ, AGENT_LABEL), p.TOKENS),
                Column("To the cache", q.used(q.CACHE_WRITE, AGENT_LABEL), p.TOKENS),
                Column("Output", q.used(q.OUTPUT, AGENT_LABEL), p.TOKENS),
                Column("Reasoning", q.used(q.REASONING, AGENT_LABEL), p.TOKENS),
                Column("Wasted", q.used(q.WASTED_TOKENS, AGENT_LABEL), p.TOKENS),
            ),
        ),
    )
