"""What tools add: over what was recorded, and expected of a request before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge.errors import StoreError
from agentgauge.report import query
from agentgauge.report.recorded import Recorded
from agentgauge.store.read import Selection, open_store
from agentgauge.tokens import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentgauge.report.build import Report

DEFINITION_TOKENS, RESULT_TOKENS = 200, 300
"""Last resorts, where a definition cannot be counted and no result of a tool was ever recorded."""


def tool_analytics(report: Report, *, tools_on_top: bool = False) -> dict[str, Any]:
    """Requests with tools, what their definitions and results used, and tokens and cost by agent.

    Args:
        report: of `formats.report()`.
        tools_on_top: add `total_with_tools_on_top`, the older sum input + output + definitions + results,
            which counts tools twice since they are part of input.
    """
    totals = report["totals"]
    share = report["indicators"]["tool_usage_ratio"]
    found = {
        "requests": totals["calls"],
        "requests_with_tools": None if share is None else round(share * totals["calls"]),
        "share_with_tools": share,
        "tool_definition_tokens": totals["tool_definition_tokens"],
        "tool_result_tokens": totals["tool_result_tokens"],
        "tool_overhead": report["indicators"]["tool_overhead_ratio"],
        "total_tokens": totals["total_tokens"],
        "tools": _tools(report),
        "agents": [
            {name: row[name] for name in ("agent", "role", "calls", "total_tokens", "cost_nanousd")}
            for row in report["agents"]
        ],
    }
    if tools_on_top:
        parts = ("input_tokens", "output_tokens", "tool_definition_tokens", "tool_result_tokens")
        found["total_with_tools_on_top"] = sum(totals[name] for name in parts)
    return found


def _tools(report: Report) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in report["tools"]:
        sums = found.setdefault(row["tool"], {"calls": 0, "definition_tokens": 0, "result_tokens": 0})
        sums["calls"] += row["calls"]
        sums["definition_tokens"] += row["definition_tokens"]
        sums["result_tokens"] += row["new_result_tokens"] + row["carried_result_tokens"]
    return found


@dataclass(frozen=True, slots=True)
class Expected:
    """What a request will likely use; nothing of it was told by a provider.

    Attributes:
        input_tokens: counted, definitions included.
        definition_tokens: part of input; `definition_source` is counted, or assumed (200 each).
        result_tokens: of one result of each tool, in the request after this one; `result_source` is
            recorded (this tool's mean in the store), assumed (300 each), or mixed.
    """

    input_tokens: int
    definition_tokens: int
    definition_source: str
    result_tokens: int
    result_source: str


def expected(
    messages: str | Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] = (),
    model: str,
    of: Recorded | None = None,
) -> Expected:
    """What a chat request would use, before it is sent.

    Args:
        messages: as for `agentgauge.count`.
        tools: as for chat completions.
        model: decides on the vocabulary.
        of: whose recorded results tell how long a tool's usually is; the whole store's when None.
    """
    estimate = count(messages, tools=tools, model=model)
    uncounted = len(tools) - sum(1 for tool in tools if _name(tool))
    lengths = _result_lengths(of)
    known = [lengths[name] for tool in tools if (name := _name(tool)) in lengths]
    assumed = len(tools) - len(known)
    extra = DEFINITION_TOKENS * uncounted
    return Expected(
        input_tokens=estimate.input_tokens + extra,
        definition_tokens=estimate.tool_definitions + extra,
        definition_source=_word("counted", len(tools) - uncounted, uncounted),
        result_tokens=sum(known) + RESULT_TOKENS * assumed,
        result_source=_word("recorded", len(known), assumed),
    )


def _word(known_as: str, known: int, assumed: int) -> str:
    return known_as if not assumed else "mixed" if known else "assumed"


def _name(tool: Mapping[str, Any]) -> str:
    function = tool.get("function", tool)
    name = function.get("name") if hasattr(function, "get") else None
    return name if isinstance(name, str) else ""


def _result_lengths(of: Recorded | None) -> dict[str, int]:
    """Mean new result tokens of one call, by tool; nothing where nothing was recorded."""
    chosen = of or Recorded()
    try:
        path = chosen.path()
        with open_store(path) as store:
            selection = Selection() if of is None else chosen.selection(path)
            sums: dict[str, list[int]] = {}
            for row in query.tool_sums(store, selection):
                pair = sums.setdefault(row["tool"], [0, 0])
                pair[0] += int(row["new_result_tokens"])
                pair[1] += int(row["calls"])
    except StoreError:
        return {}
    return {tool: round(tokens / calls) for tool, (tokens, calls) in sums.items() if tokens and calls}
