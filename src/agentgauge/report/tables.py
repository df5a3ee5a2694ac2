"""The tables of a report, as columns: who used how much, and which tools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agentgauge.report import cells
from agentgauge.report.build import reduced_source
from agentgauge.report.layout import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agentgauge.report.build import Report

Row = dict[str, Any]
_BAR_WIDTH = 8
_TOOL_HEADINGS = ("tool\ndef", "tool\nresult", "tool\ncall")
_TOOL_KEYS = ("tool_definition_tokens", "tool_result_tokens", "tool_call_tokens")


def is_estimated(row: Row) -> bool:
    """True when we counted some of a row's usage ourselves."""
    return bool(row["usage_sources"]["estimated"] + row["usage_sources"]["mixed"])


def usage_columns(
    report: Report, rows: Sequence[Row], names: Sequence[tuple[str, Sequence[str]]], *, ascii_only: bool
) -> list[Column]:
    """Columns of T for `rows`, after the columns of names: (heading, one cell a row)."""
    totals = report["totals"]
    everything = [*rows, totals]
    shown = [cells.name(text, ascii_only=ascii_only) for _, texts in names for text in texts]
    reasoning = _tokens("reasoning", "reasoning_tokens", everything, leaves=3)
    columns = [
        _name_column(i, heading, shown[i * len(rows) : (i + 1) * len(rows)])
        for i, (heading, _) in enumerate(names)
    ]
    columns += [
        _tokens("calls", "calls", everything, leaves=10),
        _tokens("input", "input_tokens", everything, mark=is_estimated),
        _tokens("output", "output_tokens", everything, mark=is_estimated),
        replace(reasoning, tight=replace(reasoning, heading="reason")),
        _tokens("cached", "cache_read_tokens", everything, leaves=4),
    ]
    columns += _tool_token_columns(report, everything)
    columns.append(_money("cost", [cells.cost(row, estimated=is_estimated(row)) for row in everything]))
    columns += _share_columns(rows, totals, ascii_only=ascii_only)
    sources = [reduced_source(row["usage_sources"]) for row in everything]
    leaves = 2 if len(set(sources)) == 1 else 6  # a source that all have is said below the tables
    columns.append(
        Column(heading="source", cells=sources[:-1], total=sources[-1], leaves=leaves, is_name=True)
    )
    return columns


def _name_column(position: int, heading: str, texts: Sequence[str]) -> Column:
    if position == 0:
        return Column(heading=heading, cells=texts, total="total", style="cyan", is_name=True)
    empty = all(text == cells.UNKNOWN for text in texts)
    return Column(heading=heading, cells=texts, is_name=True, leaves=1 if empty else 7)


def _tokens(
    heading: str,
    key: str,
    rows: Sequence[Row],
    *,
    leaves: int | None = None,
    mark: Callable[[Row], bool] = lambda _: False,
) -> Column:
    texts = [cells.tokens(row[key], estimated=mark(row)) for row in rows]
    if leaves is not None and not any(row[key] for row in rows):
        leaves = 2  # nothing to see: among the first to go
    return Column(heading=heading, cells=texts[:-1], total=texts[-1], leaves=leaves)


def _tool_token_columns(report: Report, rows: Sequence[Row]) -> list[Column]:
    inexact = {tool["agent"] for tool in report["tools"] if tool["source"] not in {None, "exact"}}

    def mark(row: Row) -> bool:
        # Only an agent's row says whose tools they are (a step's agent opened it, others may work inside);
        # any other is as exact as all tools together.
        return row["agent"] in inexact if "role" in row and "agent" in row else bool(inexact)

    three = [
        _tokens(heading, key, rows, leaves=5, mark=mark)
        for heading, key in zip(_TOOL_HEADINGS, _TOOL_KEYS, strict=True)
    ]
    sums = [cells.tokens(sum(row[key] for key in _TOOL_KEYS), estimated=mark(row)) for row in rows]
    one = Column(heading="tool\ntokens", cells=sums[:-1], total=sums[-1], stands_for=_TOOL_HEADINGS, leaves=8)
    return [*three, one]


def _money(heading: str, texts: list[str]) -> Column:
    aligned = cells.on_the_point(texts)
    plain = Column(heading=heading, cells=texts[:-1], total=texts[-1], style="green")
    return replace(plain, cells=aligned[:-1], total=aligned[-1], tight=plain)


def _share_columns(rows: Sequence[Row], totals: Row, *, ascii_only: bool) -> list[Column]:
    key = share_key(totals)
    whole = totals[key]
    shares = [None if row[key] is None or not whole else row[key] / whole for row in rows]
    bars = [cells.bar(share, width=_BAR_WIDTH, ascii_only=ascii_only) for share in shares]
    return [
        Column(heading="share", leaves=9, cells=[cells.percent(share) for share in shares]),
        Column(heading="", cells=bars, style="cyan", leaves=0, is_name=True),
    ]


def share_key(totals: Row) -> str:
    """What shares are shares of: cost, or tokens when nothing has a price."""
    return "cost_nanousd" if totals["cost_nanousd"] else "total_tokens"


def tool_columns(report: Report, *, ascii_only: bool) -> list[Column]:
    """One row per tool and agent."""
    rows = report["tools"]

    def text(key: str) -> list[str]:
        return [cells.name(row[key], ascii_only=ascii_only) for row in rows]

    def count(heading: str, key: str, *, leaves: int | None = None, style: str = "") -> Column:
        return Column(heading=heading, cells=[f"{row[key]:,}" for row in rows], leaves=leaves, style=style)

    def part(heading: str, key: str, *, leaves: int | None = None) -> Column:
        texts = [cells.tokens(row[key], estimated=row["source"] not in {None, "exact"}) for row in rows]
        return Column(heading=heading, cells=texts, leaves=leaves)

    costs = [cells.cost(row, estimated=row["source"] not in {None, "exact"}) for row in rows]
    failed = "red" if any(row["errors"] for row in rows) else ""
    return [
        Column(heading="tool", cells=text("tool"), style="cyan", is_name=True),
        Column(heading="agent", cells=text("agent"), is_name=True, leaves=6),
        count("offered", "offers", leaves=4),
        count("called", "calls", leaves=8),
        count("ran", "executions", leaves=5),
        count("failed", "errors", leaves=5 if failed else 1, style=failed),
        part("def", "definition_tokens", leaves=10),
        part("result\nnew", "new_result_tokens", leaves=9),
        part("result\nagain", "carried_result_tokens", leaves=7),
        part("call\nnew", "call_tokens", leaves=3),
        part("call\nagain", "carried_call_tokens", leaves=2),
        _money("cost", [*costs, ""]),
        Column(heading="source", cells=text("source"), is_name=True, leaves=3),
    ]
