"""Tools: what their definitions and results cost, whether they are used, and how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import THIS_SERIES, board, to
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.boards.tool_spend import CELL_LINKS, FAILED, LINKS, combinations, runs, spent
from agentgauge.generate.boards.watched import others, watched
from agentgauge.generate.panels import Column, Query
from agentgauge.generate.promql import AGENT_LABEL, ratio
from agentgauge.registry import COST, OVERHEAD, TOKENS, TOOL_PARTS

if TYPE_CHECKING:
    from agentgauge.registry_records import Sum

_BY_TOOL = (q.TOOL_LABEL,)
_BOTH = (AGENT_LABEL, q.TOOL_LABEL)
_KEYS = {AGENT_LABEL: "Agent", q.TOOL_LABEL: "Tool"}
_OF_AGENTS = (to(uids.AGENTS, "This agent", agent=THIS_SERIES, focus=THIS_SERIES),)


def tools() -> str:
    """The dashboard `Tools`."""
    return board(
        uids.TOOLS,
        "agentgauge: tools",
        "What tool definitions, results and calls cost, whether the tools are used, and how they run.",
        (
            Section(lines=(_totals(), _table(), _overhead())),
            Section(title="Offered against called", lines=(_use(),)),
            Section(title="What is spent on them", lines=(spent(), combinations())),
            Section(title="Results and runs", lines=(runs(),)),
            *others(uids.TOOLS),
        ),
        choices=("service", "environment", "agent", "role", "model", "tool"),
    )


def _totals() -> Line:
    never = f"count({_unused()}) or vector(0)"
    return Line(
        height=4,
        panels=(
            p.stat(
                "Overhead",
                "Tokens of tool definitions and results in all tokens of the chosen time.",
                p.RATIO,
                q.ratio_used(OVERHEAD, TOKENS),
                steps=p.bad_from(0.3, 0.6),
            ),
            p.stat(
                "With tools",
                "Calls whose request carried tool definitions, of all calls.",
                p.RATIO,
                q.ratio_used(q.CALLS_WITH_TOOLS, q.CALLS),
            ),
            p.stat(
                "Cost",
                "USD in the chosen time of the tokens of tools; of which cost, never on top.",
                p.USD,
                q.used(q.TOOL_COST),
            ),
            p.stat("Cost share", "The same, of all USD.", p.RATIO, q.ratio_used(q.TOOL_COST, COST)),
            p.stat("Calls", "How often models asked for a tool.", p.COUNT, q.used(q.TOOL_CALLS)),
            p.stat(
                "Uncalled",
                "Tools of an agent that were offered in the chosen time and never called.",
                p.COUNT,
                never,
                steps=p.bad_from(1),
            ),
            p.stat(
                "Failed",
                "Runs of tools that ended in an error, of all runs.",
                p.RATIO,
                f"({q.counted(q.TOOL_RUNS, only=FAILED)} or vector(0))\n/ ({q.counted(q.TOOL_RUNS)} > 0)",
                steps=p.bad_from(0.05, 0.2),
            ),
            p.stat(
                "Runs, 95 %",
                "95 % of the runs of tools in the chosen time took at most this long.",
                p.SECONDS,
                q.quantile(q.TOOL_RUNS, 0.95, q.RANGE),
            ),
        ),
    )


def _unused() -> str:
    """Definition tokens of tools that were offered and never called, by agent and tool."""
    offered, called = q.used(q.TOOL_OFFERS, *_BOTH), q.used(q.TOOL_CALLS, *_BOTH)
    return f"({offered} > 0)\nunless on ({', '.join(_BOTH)}) ({called} > 0)"


def _table() -> Line:
    def part(name: str) -> str:
        return q.used(q.part_of_tools(name), *_BOTH)

    titles = dict(
        zip(TOOL_PARTS, ("Definition", "New result", "Carried result", "Call", "Carried call"), strict=True)
    )
    return Line(
        height=9,
        panels=(
            p.table(
                "Agents and their tools",
                "The chosen time. Definitions, results (new, and carried: sent again) and carried calls are "
                "part of the input; calls are part of the output.",
                _KEYS,
                Column("Cost", q.used(q.TOOL_COST, *_BOTH), p.USD),
                *(Column(titles[name], part(name), p.TOKENS) for name in TOOL_PARTS),
                Column("Offered", q.used(q.TOOL_OFFERS, *_BOTH), p.COUNT),
                Column("Called", q.used(q.TOOL_CALLS, *_BOTH), p.COUNT),
                Column("Failed", q.counted(q.TOOL_RUNS, *_BOTH, only=FAILED), p.COUNT),
                links=CELL_LINKS,
                none="no call carried a tool in the chosen time",
            ),
        ),
    )


def _overhead() -> Line:
    return Line(
        panels=(
            watched(
                "Tool overhead by agent",
                "Tokens of tool definitions and results in all tokens of an agent.",
                "tool_overhead_ratio",
                links=_OF_AGENTS,
            ),
            p.lines(
                "Tool tokens by part",
                "Tokens a second that tools take, by what they are spent on.",
                p.TOKENS,
                Query(q.per_second(q.TOOL_TOKENS, q.PART_LABEL), by=q.PART_LABEL, exemplar=True),
                stacked=True,
            ),
            p.lines(
                "Tool tokens by tool",
                "Tokens a second of each tool, all parts together.",
                p.TOKENS,
                Query(q.per_second(q.TOOL_TOKENS, *_BY_TOOL), by=q.TOOL_LABEL, exemplar=True),
                stacked=True,
                links=LINKS,
            ),
        ),
    )


def _use() -> Line:
    return Line(
        widths=(8, 8, 8),
        panels=(
            p.table(
                "Offered and never called",
                "In the chosen time: each definition is sent, and paid for, with every offer.",
                _KEYS,
                Column("Cost of definitions", _only_unused(q.TOOL_COST), p.USD),
                Column("Offered", _unused(), p.COUNT),
                links=CELL_LINKS,
                none="every tool that was offered was called",
            ),
            p.bars(
                "Calls for each offer",
                "How often a tool is called each time that it is offered, in the chosen time.",
                p.RATIO,
                Query(
                    f"sort_desc({ratio(q.used(q.TOOL_CALLS, *_BY_TOOL), q.used(q.TOOL_OFFERS, *_BY_TOOL))})",
                    by=q.TOOL_LABEL,
                ),
                links=LINKS,
            ),
            p.lines(
                "Calls by tool",
                "How often a second models asked for each tool; a spike shows here.",
                p.CALLS_A_SECOND,
                Query(q.per_second(q.TOOL_CALLS, *_BY_TOOL), by=q.TOOL_LABEL, exemplar=True),
                links=LINKS,
            ),
        ),
    )


def _only_unused(unit: Sum) -> str:
    definitions = q.used(q.part_of_tools("definition", unit=unit), *_BOTH)
    return f"{definitions}\nand on ({', '.join(_BOTH)}) ({_unused()})"
