"""One record per request, as a newsroom of agents keeps them; also as CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agentgauge.report.recorded import Recorded
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from agentgauge.store.read import Selection, Store

Record = dict[str, Any]

FIELDS = (
    "request_id", "timestamp", "model", "action", "input_tokens", "output_tokens", "total_tokens",
    "estimated_cost_usd", "request_type", "duration_s", "success", "error", "tools_used",
    "tool_definition_tokens", "tool_result_tokens", "has_tools", "usage_source",
)  # fmt: skip


def requests(of: Recorded | None = None, *, has_tools: bool | None = None) -> list[Record]:
    """Every recorded call, in order of its end; `has_tools` keeps those with tools, or those without.

    Returns:
        Records with the keys of `FIELDS`. `request_type` is the agent, `request_id` the server's id of its
        answer (ours where it gave none), `tools_used` the tools that were called or answered. Definition
        and result tokens are part of input. What nobody knows is None; `estimated_cost_usd` is by list
        prices, None without one.

    Raises:
        StoreError: the store is off, or cannot be read.
    """
    chosen = of or Recorded()
    path = chosen.path()
    with open_store(path) as store:
        return request_rows(store, chosen.selection(path), has_tools=has_tools)


def request_rows(store: Store, selection: Selection, *, has_tools: bool | None = None) -> list[Record]:
    """The same from an open store, by its index on (has_tools, end_ns) where that narrows it down."""
    sql, values = request_query(selection, has_tools=has_tools)
    return [_record(row) for row in store.query(sql, values)]


def request_query(selection: Selection, *, has_tools: bool | None) -> tuple[str, list[Any]]:
    """The SQL of it, and its parameters."""
    where, values = selection.where()
    if has_tools is not None:
        where, values = f"has_tools = ? AND {where}", [has_tools, *values]
    sql = (
        "SELECT *, (SELECT json_group_array(tool) FROM (SELECT tool FROM call_tools AS t"  # noqa: S608  # made here
        " WHERE t.trace_id = calls.trace_id AND t.span_id = calls.span_id"
        " AND t.calls + t.new_result_tokens + t.carried_result_tokens > 0 ORDER BY tool)) AS tools_used"
        f" FROM calls WHERE {where} ORDER BY end_ns"
    )
    return sql, values


def _record(row: sqlite3.Row) -> Record:
    given, made = row["input_tokens"], row["output_tokens"]
    return {
        "request_id": row["response_id"] or row["span_id"],
        "timestamp": datetime.fromtimestamp(row["start_ns"] / 1e9, UTC).isoformat(timespec="milliseconds"),
        "model": row["request_model"],
        "action": row["action"],
        "input_tokens": given,
        "output_tokens": made,
        "total_tokens": None if given is None and made is None else (given or 0) + (made or 0),
        "estimated_cost_usd": None if row["cost_nanousd"] is None else row["cost_nanousd"] / 1e9,
        "request_type": row["agent"],
        "duration_s": max(0, row["end_ns"] - row["start_ns"]) / 1e9,
        "success": row["outcome"] == "ok",
        "error": row["error_type"] if row["outcome"] == "error" else _not_ok(row["outcome"]),
        "tools_used": json.loads(row["tools_used"]),
        "tool_definition_tokens": row["tool_definition_tokens"],
        "tool_result_tokens": row["tool_result_tokens"],
        "has_tools": bool(row["has_tools"]),
        "usage_source": row["usage_source"],
    }


def _not_ok(outcome: str) -> str | None:
    return None if outcome == "ok" else outcome


def to_csv(records: Iterable[Record]) -> str:
    """Records with a heading; an empty cell is what nobody knows, several tools are separated by `;`.

    A name that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([_cell(record[name]) for name in FIELDS] for record in records)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = ";".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
