"""What is spent on tools, and how their runs fare."""

from __future__ import annotations

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import THIS_CELL, THIS_SERIES, to
from agentgauge.generate.boards.layout import Line
from agentgauge.generate.panels import Column, Query
from agentgauge.generate.promql import ratio
from agentgauge.registry_records import AGENT_LABEL

LINKS = (
    to(uids.TOOLS, "Only this tool", tool=THIS_SERIES),
    to(uids.TRACES, "Traces with it", tool=THIS_SERIES),
)
CELL_LINKS = {
    "Agent": (to(uids.AGENTS, "This agent", agent=THIS_CELL, focus=THIS_CELL),),
    "Tool": (to(uids.TOOLS, "Only this tool", tool=THIS_CELL),),
}
FAILED = f'{q.ERROR_LABEL}!=""'


def spent() -> Line:
    """By tool and by part."""
    return Line(
        panels=(
            p.bars(
                "Cost by tool",
                "USD in the chosen time, all parts together.",
                p.USD,
                Query(q.descending(q.used(q.TOOL_COST, q.TOOL_LABEL)), by=q.TOOL_LABEL),
                links=LINKS,
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
                Query(q.per_hour(q.TOOL_COST, q.TOOL_LABEL), by=q.TOOL_LABEL, exemplar=True),
                stacked=True,
                links=LINKS,
            ),
        ),
    )


def combinations() -> Line:
    """The dearest of agent, model, tool and part."""
    labels = (AGENT_LABEL, q.MODEL_LABEL, q.TOOL_LABEL, q.PART_LABEL)
    titles = ("Agent", "Model", "Tool", "Part")
    return Line(
        panels=(
            p.table(
                "Expensive combinations",
                "The 20 dearest of agent, model, tool and part in the chosen time.",
                dict(zip(labels, titles, strict=True)),
                Column("Cost", f"topk(20, {q.used(q.TOOL_COST, *labels)} > 0)", p.USD),
                links=CELL_LINKS,
            ),
        ),
    )


def runs() -> Line:
    """Results, failures and durations."""
    size = ratio(q.used(q.part_of_tools("new_result"), q.TOOL_LABEL), q.used(q.TOOL_CALLS, q.TOOL_LABEL))
    failed = q.counted(q.TOOL_RUNS, q.TOOL_LABEL, only=FAILED)
    return Line(
        panels=(
            p.bars(
                "Size of a result",
                "New result tokens for each call of a tool, in the chosen time.",
                p.TOKENS,
                Query(f"sort_desc({size})", by=q.TOOL_LABEL),
                links=LINKS,
            ),
            p.bars(
                "Failed runs by tool",
                "Runs in the chosen time that ended in an error.",
                p.COUNT,
                Query(q.descending(failed), by=q.TOOL_LABEL),
                links=LINKS,
                none="no run failed",
            ),
            p.lines(
                "Duration of runs by tool",
                "95 % of a tool's runs took at most this long.",
                p.SECONDS,
                Query(q.quantile(q.TOOL_RUNS, 0.95, q.STEP, q.TOOL_LABEL), by=q.TOOL_LABEL, exemplar=True),
                links=LINKS,
            ),
        ),
    )
