"""The text export of a marketing crew, with numbers that were measured and that add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentgauge.report import query
from agentgauge.report.build import report_of, token_source
from agentgauge.report.recorded import Recorded
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentgauge.report.build import Report
    from agentgauge.store.read import Selection, Store

RULE = "=" * 80
UNKNOWN = "unknown"
_USD = 10**9
OPTIMIZATION = "optimization_level"
"""The workflow's tag that says how its crew worked."""


def text_export(of: Recorded | None = None) -> str:
    """What was recorded, best of one workflow (`Recorded(workflow_id=...)`), as text.

    Times are the reader's own. Costs are list prices, `unknown` where there is none; a rate or efficiency is
    `unknown` where nothing was timed. Agents add up to the overall numbers; tools are parts of input and
    output. Tasks are steps: calls outside any step are no task.

    Raises:
        StoreError: the store is off, or cannot be read.
    """
    chosen = of or Recorded()
    path = chosen.path()
    with open_store(path) as store:
        return export_of(store, chosen.selection(path))


def export_of(store: Store, selection: Selection) -> str:
    """The same from an open store."""
    found = _Found.read(store, selection)
    report = found.report
    parts = (_head(report), _overall(found), _agents(found), _tools(report), _log(report), _summary(found))
    blocks = ["\n".join(lines) for lines in parts]
    return f"{blocks[0]}\n\n" + "\n\n".join(blocks[1:]) + f"\n{RULE}\n"


@dataclass(frozen=True, slots=True)
class _Found:
    """A report, the time from the first call's start to the last one's end, tokens by (agent, step)."""

    report: Report
    lasted_s: float | None
    tasks: Mapping[tuple[str, str], int]

    @classmethod
    def read(cls, store: Store, selection: Selection) -> _Found:
        first, last = query.span_of_time(store, selection)
        tasks = query.sums(store, selection, ("agent", "step"), known="step")
        return cls(
            report_of(store, selection),
            None if first is None or last is None else (last - first) / 1e9,
            {(agent, step): sums.total_tokens for (agent, step), sums in tasks},
        )


def _head(report: Report) -> Iterator[str]:
    made = datetime.fromisoformat(report["generated_at"]).astimezone()
    yield RULE
    yield f"[TOKEN USAGE EXPORT] {made:%Y-%m-%d %H:%M:%S}"
    yield f"Workflow ID: {_workflow(report)}"
    yield f"Optimization Level: {_optimization(report)}"
    yield RULE


def _workflow(report: Report) -> str:
    ids = [row["id"] or row["workflow"] for row in report["workflows"]]
    return str(ids[0]) if len(ids) == 1 else f"{len(ids)} workflows" if ids else UNKNOWN


def _optimization(report: Report) -> str:
    levels = {row["tags"].get(OPTIMIZATION, UNKNOWN) for row in report["workflows"]}
    return ", ".join(sorted(levels)) or UNKNOWN


def _overall(found: _Found) -> Iterator[str]:
    report, totals = found.report, found.report["totals"]
    yield "OVERALL TOKEN USAGE:"
    yield f"Total Tokens: {totals['total_tokens']}"
    yield f"Input Tokens: {totals['input_tokens']}"
    yield f"Output Tokens: {totals['output_tokens']}"
    yield f"Total Cost: {_cost(totals)}"
    yield f"Model Used: {', '.join(row['model'] for row in report['models']) or UNKNOWN}"
    yield f"Duration: {_seconds(found.lasted_s)}"
    yield f"Requests: {totals['calls']}"
    yield f"Source: {token_source(totals['usage_sources'])}"


def _cost(row: Mapping[str, Any]) -> str:
    """Six decimals, or as many as the exact amount needs, so that costs add up to the last digit."""
    nanousd, unpriced = row["cost_nanousd"], row["unpriced_tokens"]
    if nanousd is None:
        return UNKNOWN
    whole, fraction = divmod(nanousd, _USD)
    digits = f"{fraction:09d}"
    shown = f"${whole}.{digits[:6]}{digits[6:].rstrip('0')}"
    return f"{shown} (without {unpriced} tokens of no price)" if unpriced else shown


def _seconds(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}s"


def _agents(found: _Found) -> Iterator[str]:
    report = found.report
    yield "AGENT-LEVEL BREAKDOWN:"
    for agent in dict.fromkeys(row["agent"] for row in report["agents"]):
        rows = [row for row in report["agents"] if row["agent"] == agent]
        yield ""
        yield f"{agent.upper()}:"
        for title, key in (("Total", "total_tokens"), ("Input", "input_tokens"), ("Output", "output_tokens")):
            yield f"  {title} Tokens: {sum(row[key] for row in rows)}"
        costs = [row["cost_nanousd"] for row in rows if row["cost_nanousd"] is not None]
        unpriced = sum(row["unpriced_tokens"] for row in rows)
        yield f"  Cost: {_cost({'cost_nanousd': sum(costs) if costs else None, 'unpriced_tokens': unpriced})}"
        yield from _tasks(found, agent)


def _steps(report: Report) -> list[dict[str, Any]]:
    return [step for workflow in report["workflows"] for step in workflow["steps"]]


def _tasks(found: _Found, agent: str) -> Iterator[str]:
    tasks = {step: tokens for (whose, step), tokens in found.tasks.items() if whose == agent}
    if tasks:
        yield "  Tasks:"
    for name, tokens in tasks.items():
        lasted_s = [step["duration_s"] for step in _steps(found.report) if step["name"] == name]
        yield f"    {name}: {tokens} tokens ({f'{sum(lasted_s):.1f}s' if lasted_s else UNKNOWN})"


def _tools(report: Report) -> Iterator[str]:
    yield "TOOL USAGE BREAKDOWN:"
    carried = ("carried_result_tokens", "carried_call_tokens")
    parts = ("definition_tokens", "new_result_tokens", "call_tokens", *carried)
    for tool in dict.fromkeys(row["tool"] for row in report["tools"]):
        rows = [row for row in report["tools"] if row["tool"] == tool]
        calls, tokens = sum(row["calls"] for row in rows), sum(row[part] for row in rows for part in parts)
        yield f"{tool}:"
        yield f"  Calls: {calls}"
        yield f"  Total Tokens: {tokens}"
        yield f"  Avg per Call: {round(tokens / calls) if calls else UNKNOWN}"


def _log(report: Report) -> Iterator[str]:
    yield "EXECUTION LOG:"
    for number, step in enumerate(_steps(report), start=1):
        rate = _per(step["total_tokens"], step["duration_s"])
        yield f"Step {step['index'] or number}: {step['agent']} - {step['name']}"
        yield f"  Tokens: {step['total_tokens']}"
        yield f"  Duration: {_seconds(step['duration_s'])}"
        yield f"  Rate: {UNKNOWN if rate is None else f'{rate:.0f} tok/s'}"
        yield f"  Status: {'completed' if step['status'] == 'ok' else step['status']}"


def _per(amount: float | None, seconds: float | None) -> float | None:
    return amount / seconds if amount is not None and seconds else None


def _summary(found: _Found) -> Iterator[str]:
    report, totals = found.report, found.report["totals"]
    speed = _per(totals["total_tokens"], found.lasted_s)
    cost = _per(totals["cost_nanousd"], found.lasted_s)
    estimated = totals["usage_sources"]["estimated"] + totals["usage_sources"]["mixed"]
    yield "PERFORMANCE SUMMARY:"
    yield f"Token Efficiency: {UNKNOWN if speed is None else f'{speed:.0f} tokens/second'}"
    yield f"Cost Efficiency: {UNKNOWN if cost is None else f'${cost * 60 / _USD:.6f} per minute'}"
    yield f"Estimated: {'Yes' if estimated else 'No'}"
    yield f"Optimization: {_optimization(report).upper()}"
