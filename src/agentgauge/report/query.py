"""What a report asks of a store: exact sums by SQL, and the rows that it lists one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from agentgauge.call import UsageSource
from agentgauge.store.read import RUN_OF_WORKFLOW, SERVICE_OF_RUN
from agentgauge.totals import Totals

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from agentgauge.store.read import Selection, Store

CallColumn = Literal[
    "service", "agent", "role", "provider", "request_model", "workflow", "workflow_id", "branch",
    "trace_id", "parent_span_id", "step", "tags", "usage_source", "outcome", "has_tools",
    "route_tier", "action",
]  # fmt: skip

# input and output stay apart: a sum of two columns inside SQL turns into a float when it overflows.
_SUMS = (
    "count(*) AS calls, sum(retries) AS retries, sum(outcome = 'error') AS errors,"
    " sum(outcome = 'cancelled') AS cancelled, sum(outcome = 'unfinished') AS unfinished,"
    " sum(input_tokens) AS input, sum(output_tokens) AS output, sum(reasoning_tokens) AS reasoning,"
    " sum(cache_read_tokens) AS cache_read, sum(cache_write_tokens) AS cache_write,"
    " sum(tool_definition_tokens) AS definition, sum(tool_result_tokens) AS result,"
    " sum(tool_call_tokens) AS tool_call, sum(cost_nanousd) AS cost,"
    " sum(CASE WHEN cost_nanousd IS NULL THEN input_tokens END) AS unpriced_input,"
    " sum(CASE WHEN cost_nanousd IS NULL THEN output_tokens END) AS unpriced_output,"
    " sum(CASE WHEN outcome IN ('error', 'cancelled') THEN input_tokens END) AS wasted_input,"
    " sum(CASE WHEN outcome IN ('error', 'cancelled') THEN output_tokens END) AS wasted_output,"
    " sum(CASE WHEN outcome IN ('error', 'cancelled') THEN cost_nanousd END) AS wasted_cost,"
    " sum(max(0, end_ns - start_ns)) AS duration_ns, sum(outside_tokens) AS outside,"
) + ", ".join(f"sum(usage_source = '{s}') AS from_{s}" for s in UsageSource)


def sums(
    store: Store, selection: Selection, by: Sequence[CallColumn] = (), *, known: CallColumn | None = None
) -> list[tuple[tuple[Any, ...], Totals]]:
    """Exact sums over the calls selected, one per distinct value of the columns `by`; one without any.

    `known` leaves out the calls for which that column says nothing.

    Returns:
        (values of `by`, sums); for no columns exactly one row, zeros when nothing was selected.
    """
    where, values = selection.where()
    if known is not None:
        where = f"({where}) AND {known} IS NOT NULL"
    group = f" GROUP BY {', '.join(by)}" if by else ""
    columns = "".join(f"{name}, " for name in by)
    rows = store.query(f"SELECT {columns}{_SUMS} FROM calls WHERE {where}{group}", values)  # noqa: S608  # made here
    return [(tuple(row[name] for name in by), _totals(row)) for row in rows]


def _totals(row: sqlite3.Row) -> Totals:
    def number(name: str) -> int:
        return int(row[name] or 0)

    def known(name: str) -> int | None:
        return None if row[name] is None else int(row[name])

    return Totals(
        calls=number("calls"),
        requests=number("calls") + number("retries"),
        errors=number("errors"),
        cancelled=number("cancelled"),
        unfinished=number("unfinished"),
        retries=number("retries"),
        input_tokens=number("input"),
        output_tokens=number("output"),
        reasoning_tokens=known("reasoning"),
        cache_read_tokens=number("cache_read"),
        cache_write_tokens=number("cache_write"),
        tool_definition_tokens=number("definition"),
        tool_result_tokens=number("result"),
        tool_call_tokens=number("tool_call"),
        total_tokens=number("input") + number("output"),
        cost_nanousd=known("cost"),
        unpriced_tokens=number("unpriced_input") + number("unpriced_output"),
        wasted_tokens=number("wasted_input") + number("wasted_output"),
        wasted_cost_nanousd=number("wasted_cost"),
        duration_s=number("duration_ns") / 1e9,
        usage_sources={s.value: number(f"from_{s}") for s in UsageSource},
        outside_tokens=number("outside"),
    )


def tool_sums(store: Store, selection: Selection) -> list[sqlite3.Row]:
    """Per tool and agent: tokens of each part, offers, calls, cost (NULL when no call was priced), sources.

    `sources` is a comma-separated set of `ToolSource`.
    """
    where, values = selection.where()
    return store.query(
        "SELECT tool, agent, sum(offered) AS offers, sum(t.calls) AS calls,"  # noqa: S608  # made here
        " sum(t.definition_tokens) AS definition_tokens, sum(t.new_result_tokens) AS new_result_tokens,"
        " sum(t.carried_result_tokens) AS carried_result_tokens, sum(t.call_tokens) AS call_tokens,"
        " sum(t.carried_call_tokens) AS carried_call_tokens,"
        " sum(CASE WHEN c.cost_nanousd IS NOT NULL THEN t.cost_nanousd END) AS cost_nanousd,"
        " group_concat(DISTINCT c.tool_source) AS sources"
        " FROM calls AS c JOIN call_tools AS t USING (trace_id, span_id)"
        f" WHERE {where} GROUP BY tool, agent",
        values,
    )


def tool_runs(store: Store, selection: Selection) -> list[sqlite3.Row]:
    """Per tool and agent: how often its function ran, and how often that failed."""
    where, values = selection.where(service=SERVICE_OF_RUN)
    return store.query(
        "SELECT name AS tool, agent, count(*) AS executions, sum(status = 'error') AS errors FROM scopes"  # noqa: S608  # made here
        f" WHERE kind = 'tool' AND {where} GROUP BY name, agent",
        values,
    )


def scopes(store: Store, selection: Selection) -> list[sqlite3.Row]:
    """Every scope that ended in the selection, in order of their start."""
    where, values = selection.where(service=SERVICE_OF_RUN)
    return store.query(
        "SELECT trace_id, span_id, parent_span_id, kind, name, start_ns, end_ns, agent, workflow,"  # noqa: S608  # made here
        f" workflow_id, tags, status, details FROM scopes WHERE {where} ORDER BY start_ns",
        values,
    )


def not_attributable(store: Store, selection: Selection) -> list[str]:
    """The distinct JSON lists of tools whose size nobody can know."""
    where, values = selection.where()
    rows = store.query(f"SELECT DISTINCT not_attributable FROM calls WHERE {where}", values)  # noqa: S608  # made here
    return [row[0] for row in rows]


def span_of_time(store: Store, selection: Selection) -> tuple[int | None, int | None]:
    """First start and last end of the calls selected, in Unix nanoseconds; None when there are none."""
    where, values = selection.where()
    row = store.query(f"SELECT min(start_ns), max(end_ns) FROM calls WHERE {where}", values)[0]  # noqa: S608  # made here
    return row[0], row[1]


def warnings(store: Store, selection: Selection) -> list[tuple[str, str]]:
    """(code, message) noted by the processes of the runs selected, each once, in order of time."""
    calls, call_values = selection.where()
    noted, noted_values = selection.where(time="first_ns", service=SERVICE_OF_RUN, workflow=RUN_OF_WORKFLOW)
    rows = store.query(
        f"SELECT code, message, min(first_ns) AS first FROM warnings WHERE ({noted})"  # noqa: S608  # made here
        f" OR run_id IN (SELECT run_id FROM calls WHERE {calls}) GROUP BY code, message ORDER BY first",
        [*noted_values, *call_values],
    )
    return [(row["code"], row["message"]) for row in rows]
