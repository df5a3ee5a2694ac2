"""Tools: what their definitions and results cost, whether they are used, and how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import THIS_CELL, THIS_SERIES, board, to
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.boards.watched import others, watched
from agentgauge.generate.panels import Column, Query
from agentgauge.generate.promql import AGENT_LABEL, ratio
from agentgauge.registry import COST, TOKENS, TOOL_PARTS

if TYPE_CHECKING:
    from agentgauge.registry_records import Sum

_BY_TOOL = (q.TOOL_LABEL,)
_BOTH = (AGENT_LABEL, q.TOOL_LABEL)
_KEYS = {AGENT_LABEL: "Agent", q.TOOL_LABEL: "Tool"}
_LINKS = (
    to(uids.TOOLS, "Only this tool", tool=THIS_SERIES),
    to(uids.TRACES, "Traces with it", tool=THIS_SERIES),
)
_OF_AGENTS = (to(uids.AGENTS, "This agent", agent=THIS_SERIES, focus=THIS_SERIES),)
_CELL_LINKS = {
    "Agent": (to(uids.AGENTS, "This agent", agent=THIS_CELL, focus=THIS_CELL),),
    "Tool": (to(uids.TOOLS, "Only this tool", tool=THIS_CELL),),
}
_FAILED = f'{q.ERROR_LABEL}!=""'


def tools() -> str:
    """The dashboard `Tools`."""
    return board(
        uids.TOOLS,
        "agentgauge: tools",
        "What tool definitions, results and calls cost, whether the tools are used, and how they run.",
        (
            Section(lines=(_totals(), _table(), _overhead())),
            Section(title="Offered against called", lines=(_use(),)),
            Section(title="What is spent on them", lines=(_spent(), _combinations())),
            Section(title="Results and runs", lines=(_runs(),)),
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
                q.ratio_used(q.OVERHEAD, TOKENS),
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
                f"({q.counted(q.TOOL_RUNS, only=_FAILED)} or vector(0))\n/ ({q.counted(q.TOOL_RUNS)} > 0)",
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
                Column("Ran", q.counted(q.TOOL_RUNS, *_BOTH), p.COUNT),
                Column("Failed", q.counted(q.TOOL_RUNS, *_BOTH, only=_FAILED), p.COUNT),
                links=_CELL_LINKS,
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
                links=_LINKS,
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
                links=_CELL_LINKS,
            ),
            p.bars(
                "Calls for each offer",
                "How often a tool is called each time that it is offered, in the chosen time.",
                p.RATIO,
                Query(
                    f"sort_desc({ratio(q.used(q.TOOL_CALLS, *_BY_TOOL), q.used(q.TOOL_OFFERS, *_BY_TOOL))})",
                    by=q.TOOL_LABEL,
                ),
                links=_LINKS,
            ),
            p.lines(
                "Calls by tool",
                "How often a second models asked for each tool; a spike shows here.",
                p.CALLS_A_SECOND,
                Query(q.per_second(q.TOOL_CALLS, *_BY_TOOL), by=q.TOOL_LABEL, exemplar=True),
                links=_LINKS,
            ),
        ),
    )


def _only_unused(unit: Sum) -> str:
    definitions = q.used(q.part_of_tools("definition", unit=unit), *_BOTH)
    return f"{definitions}\nand on ({', '.join(_BOTH)}) ({_unused()})"


def _spent() -> Line:
    return Line(
        panels=(
            p.bars(
                "Cost by tool",
                "USD in the chosen time, all parts together.",
                p.USD,
                Query(q.descending(q.used(q.TOOL_COST, *_BY_TOOL)), by=q.TOOL_LABEL),
                links=_LINKS,
            ),
            p.bars(
                "Cost by part",
                "USD in the chosen time, all tools together.",
                p.USD,
                Query(q.descending(q.used(q.TOOL_COST, q.PART_LABEL)), by=q.PART_LABEL),
            ),
            p.lines(
                "Cost of tools per hour",
                "USD per hour at the rate of each moment.",
                p.USD,
                Query(q.per_hour(q.TOOL_COST, *_BY_TOOL), by=q.TOOL_LABEL, exemplar=True),
                stacked=True,
                links=_LINKS,
            ),
        ),
    )


def _combinations() -> Line:
    labels = (AGENT_LABEL, q.MODEL_LABEL, q.TOOL_LABEL, q.PART_LABEL)
    titles = ("Agent", "Model", "Tool", "Part")
    return Line(
        panels=(
            p.table(
                "Expensive combinations",
                "The 20 dearest of agent, model, tool and part in the chosen time.",
                dict(zip(labels, titles, strict=True)),
                Column("Cost", f"topk(20, {q.used(q.TOOL_COST, *labels)} > 0)", p.USD),
                links=_CELL_LINKS,
            ),
        ),
    )


def _runs() -> Line:
    size = ratio(q.used(q.part_of_tools("new_result"), *_BY_TOOL), q.used(q.TOOL_CALLS, *_BY_TOOL))
    failed = q.counted(q.TOOL_RUNS, *_BY_TOOL, only=_FAILED)
    return Line(
        panels=(
            p.bars(
                "Size of a result",
                "New result tokens for each call of a tool, in the chosen time.",
                p.TOKENS,
                Query(f"sort_desc({size})", by=q.TOOL_LABEL),
                links=_LINKS,
            ),
            p.bars(
                "Failed runs by tool",
                "Runs in the chosen time that ended in an error.",
                p.COUNT,
                Query(q.descending(failed), by=q.TOOL_LABEL),
                links=_LINKS,
            ),
            p.lines(
                "Duration of runs by tool",
                "95 % of a tool's runs took at most this long.",
                p.SECONDS,
                Query(q.quantile(q.TOOL_RUNS, 0.95, q.STEP, *_BY_TOOL), by=q.TOOL_LABEL, exemplar=True),
                links=_LINKS,
            ),
        ),
    )
