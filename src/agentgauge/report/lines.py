"""The lines above and below a report's tables: what it is about, totals, legend, warnings."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from agentgauge.report import cells
from agentgauge.report.build import reduced_source
from agentgauge.report.findings import calls_of
from agentgauge.report.tables import is_estimated, share_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from agentgauge.report.build import Report

_ID_SHOWN = 12  # as much of a run's id as `--run` needs in practice


def print_head(report: Report, console: Console) -> None:
    """Service, run, time, and the workflow when there is just one."""
    about = [report["service"]] if report["service"] else []
    if report["run_id"]:
        about.append(f"run {report['run_id'][:_ID_SHOWN]}")
    about += _when(report["window"])
    if len(report["workflows"]) == 1:
        workflow = report["workflows"][0]
        about.append(f"{workflow['workflow']} {workflow['id'] or ''}".rstrip())
    ascii_only = console.options.ascii_only
    _print_parts(console, "agentgauge", [cells.name(part, ascii_only=ascii_only) for part in about])


def _when(window: dict[str, str | None]) -> list[str]:
    """A window of time as the reader's own clock shows it."""
    if window["start"] is None or window["end"] is None:
        return []
    start, end = (datetime.fromisoformat(window[side] or "").astimezone() for side in ("start", "end"))
    until = f"{end:%H:%M:%S %Z}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S %Z}"
    return [f"{start:%Y-%m-%d %H:%M:%S} to {until}"]


def print_foot(report: Report, console: Console, *, missed: Collection[str]) -> None:
    """Totals, what the marks mean, columns without room, warnings."""
    console.print()
    _print_parts(console, "total", _totals(report["totals"]), style="bold")
    _print_parts(console, "", _legend(report), style="dim")
    if missed:
        columns = f"no room for: {', '.join(missed)}"
        _print_parts(console, "", [columns, "see them in a wider terminal or --format json"], style="dim")
    for warning in report["warnings"]:
        text = cells.name(warning["message"], ascii_only=console.options.ascii_only)
        for number, line in enumerate(textwrap.wrap(text, console.width - 2, break_on_hyphens=False)):
            console.print(Text.assemble(("  " if number else "! ", "yellow"), line), soft_wrap=True)


def _print_parts(console: Console, title: str, parts: Sequence[str], *, style: str = "") -> None:
    """Parts in a row after a title; one that does not fit starts the next line."""
    dot = " - " if console.options.ascii_only else " · "
    margin = len(title) + 2 if title else 0
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1] + dot + part) <= console.width - margin:
            lines[-1] += dot + part
        else:
            lines += textwrap.wrap(part, console.width - margin)
    for number, line in enumerate(lines):
        start = " " * margin if number else title.ljust(margin)
        console.print(Text.assemble((start, "bold"), (line, style)), soft_wrap=True)


def _totals(t: dict[str, Any]) -> list[str]:
    mark = is_estimated(t)
    parts = [
        calls_of(t["calls"]),
        f"{cells.tokens(t['input_tokens'], estimated=mark)} in",
        f"{cells.tokens(t['output_tokens'], estimated=mark)} out",
        cells.cost(t, estimated=mark),
    ]
    counts = {"failed": "errors", "cancelled": "cancelled", "unfinished": "unfinished"}
    parts += [f"{t[key]:,} {word}" for word, key in counts.items() if t[key]]
    if t["retries"]:
        parts.append(f"{t['retries']:,} {'retry' if t['retries'] == 1 else 'retries'}")
    if t["wasted_cost_nanousd"]:
        parts.append(f"{cells.money(t['wasted_cost_nanousd'])} wasted")
    return parts


def _legend(report: Report) -> list[str]:
    t = report["totals"]
    source = reduced_source(t["usage_sources"])
    tools_counted = any(tool["source"] not in {None, "exact"} for tool in report["tools"])
    notes = [
        ("~ counted here, not by the server", is_estimated(t) or tools_counted),
        ("+ some of it has no price", t["cost_nanousd"] is not None and t["unpriced_tokens"]),
        ("tool def and result are part of input, call of output", report["tools"]),
        (f"all usage from source: {source}", t["usage_sources"].get(source) == t["calls"] > 0),
        ("share of tokens, as nothing has a price", t["calls"] and share_key(t) == "total_tokens"),
    ]
    return [text for text, applies in notes if applies]
