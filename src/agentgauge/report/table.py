"""Writes a report to a console as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from agentgauge.report.layout import fitted_table
from agentgauge.report.lines import print_foot, print_head
from agentgauge.report.tables import tool_columns, usage_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from agentgauge.report.build import Report
    from agentgauge.report.layout import Column

SECTIONS = ("agent", "workflow", "role", "model", "tool")
_MOST_ROWS = 25
"""Workflows and customers are as many as there were; JSON has them all."""


def render_report(report: Report, console: Console, *, by: Collection[str] | None = None) -> None:
    """A whole report; `by` names the tables, None means agents, tools and what else has more than one row.

    Tags that the report was built with follow, a table each.
    """
    shown = _worth_showing(report) if by is None else [name for name in SECTIONS if name in by]
    print_head(report, console)
    missed: dict[str, None] = {}
    for name in shown:
        missed |= dict.fromkeys(_SECTIONS[name](report, console))
    for tag in dict.fromkeys(row["tag"] for row in report.get("tags", ())):
        missed |= dict.fromkeys(_tag(report, console, tag))
    print_foot(report, console, missed=missed)


def render_bill(report: Report, console: Console) -> None:
    """The short form: one table of agents, one of tools, a total line."""
    render_report(report, console, by=[name for name in ("agent", "tool") if report[f"{name}s"]])


def _worth_showing(report: Report) -> list[str]:
    many = {name for name in SECTIONS if len(report[f"{name}s"]) > 1}
    some = {name for name in ("agent", "tool") if report[f"{name}s"]}
    detailed = {"workflow"} if any(w["steps"] or w["branches"] for w in report["workflows"]) else set()
    return [name for name in SECTIONS if name in many | some | detailed]


def _section(console: Console, title: str, columns: Sequence[Column]) -> list[str]:
    console.print()
    console.print(Text(title, style="bold"))
    made, missed = fitted_table(columns, width=console.width, ascii_only=console.options.ascii_only)
    console.print(made)
    return missed


def _usage(
    report: Report, console: Console, title: str, rows: Sequence[dict[str, Any]], keys: Sequence[str]
) -> list[str]:
    names = [(key, [row[key] for row in rows]) for key in keys]
    return _section(console, title, usage_columns(report, rows, names, ascii_only=console.options.ascii_only))


def _agents(report: Report, console: Console) -> list[str]:
    return _usage(report, console, "Agents", report["agents"], ("agent", "role"))


def _roles(report: Report, console: Console) -> list[str]:
    return _usage(report, console, "Roles", report["roles"], ("role",))


def _models(report: Report, console: Console) -> list[str]:
    return _usage(report, console, "Models", report["models"], ("model", "provider"))


def _tools(report: Report, console: Console) -> list[str]:
    return _section(console, "Tools", tool_columns(report, ascii_only=console.options.ascii_only))


def _workflows(report: Report, console: Console) -> list[str]:
    shown = report["workflows"][:_MOST_ROWS]
    rows, titles, ids = [], [], []
    for workflow in shown:
        inner = [(f"  branch {b['name']}", b) for b in workflow["branches"]]
        inner += [(f"  {_step_number(s)} {s['name']}", s) for s in workflow["steps"]]
        for title, row in [(workflow["workflow"], workflow), *inner]:
            rows.append(row)
            titles.append(title)
            ids.append(workflow["id"] if row is workflow else "")
    names = [("workflow", titles), ("id", ids)]
    missed = _section(
        console, "Workflows", usage_columns(report, rows, names, ascii_only=console.options.ascii_only)
    )
    _say_more(console, len(report["workflows"]))
    return missed


def _tag(report: Report, console: Console, tag: str) -> list[str]:
    rows = [row for row in report["tags"] if row["tag"] == tag]
    names = [(tag, [row["value"] for row in rows[:_MOST_ROWS]])]
    columns = usage_columns(report, rows[:_MOST_ROWS], names, ascii_only=console.options.ascii_only)
    missed = _section(console, f"Tag {tag}", columns)
    _say_more(console, len(rows))
    return missed


def _say_more(console: Console, rows: int) -> None:
    if rows > _MOST_ROWS:
        console.print(Text(f"and {rows - _MOST_ROWS:,} more: agentgauge report --format json", style="dim"))


def _step_number(step: dict[str, Any]) -> str:
    return f"step {step['index'] or '?'}" + (f"/{step['count']}" if step["count"] else "")


_SECTIONS = {"agent": _agents, "workflow": _workflows, "role": _roles, "model": _models, "tool": _tools}
