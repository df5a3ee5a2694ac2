"""Builds the report `agentgauge.report/1` from a store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agentgauge.report import query
from agentgauge.report.findings import findings
from agentgauge.report.indicators import indicators
from agentgauge.report.tags import tag_rows
from agentgauge.report.workflows import workflow_rows
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from agentgauge.report.query import CallColumn
    from agentgauge.store.read import Selection, Store
    from agentgauge.totals import Totals

SCHEMA = "agentgauge.report/1"

Report = dict[str, Any]
"""A report: plain values, ready for JSON. Tokens are counts, money is nano-USD, shares are from 0 to 1."""


def build_report(
    path: Path, selection: Selection, *, tags: Sequence[str] = (), now: datetime | None = None
) -> Report:
    """The report on what is selected; an empty store gives the whole schema with zeros.

    Args:
        path: the store's file; one that is missing is an empty store.
        selection: a run, or a window of time.
        tags: keys of tags whose values get a row each, in a further list `tags`.
        now: `generated_at`; the present when None.

    Raises:
        StoreError: the file is no store, or cannot be read.
    """
    with open_store(path) as store:
        return report_of(store, selection, now=now) | _by_tag(store, selection, tags)


def _by_tag(store: Store, selection: Selection, tags: Sequence[str]) -> Report:
    rows = [most_expensive_first(tag_rows(store, selection, tag), ("value",)) for tag in tags]
    return {"tags": [row for of_tag in rows for row in of_tag]} if tags else {}


def report_of(store: Store, selection: Selection, *, now: datetime | None = None) -> Report:
    """The same from an open store."""
    now = now or datetime.now(UTC)
    ((_, totals),) = query.sums(store, selection)
    start, end = _window(store, selection, calls=totals.calls)
    return {
        "schema": SCHEMA,
        "generated_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "window": {"start": start, "end": end},
        "run_id": selection.run_id,
        "service": selection.service or _only_service(store, selection),
        "totals": totals.to_dict(),
        "agents": _agents(store, selection, totals),
        "roles": _ranked(store, selection, ("role",), ("role",)),
        "models": _ranked(store, selection, ("provider", "request_model"), ("provider", "model")),
        "tools": _tools(store, selection),
        "workflows": workflow_rows(store, selection),
        "indicators": indicators(store, selection, totals),
        "not_attributable": sorted(
            {n for text in query.not_attributable(store, selection) for n in store.sequence(text)}
        ),
        "unfinished": totals.unfinished,
        "unpriced": _unpriced(store, selection),
        "warnings": findings(store, selection, totals),
    }


def _window(store: Store, selection: Selection, *, calls: int) -> tuple[str | None, str | None]:
    """What was asked for, else what was found; nothing for a store in which nothing was found."""
    if not calls:
        return None, None
    first, last = query.span_of_time(store, selection)
    start = first if selection.start_ns is None else selection.start_ns
    end = last if selection.end_ns is None else selection.end_ns
    return _iso(start), _iso(end)


def _iso(time_ns: int | None) -> str | None:
    if time_ns is None:
        return None
    seconds, rest_ns = divmod(time_ns, 10**9)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest_ns // 10**6:03d}Z"


def _only_service(store: Store, selection: Selection) -> str | None:
    found = query.sums(store, selection, ("service",))
    return found[0][0][0] if len(found) == 1 else None


def _ranked(
    store: Store, selection: Selection, columns: tuple[CallColumn, ...], names: tuple[str, ...]
) -> list[dict[str, Any]]:
    found = query.sums(store, selection, columns)
    rows = [dict(zip(names, key, strict=True)) | sums.to_dict() for key, sums in found]
    return most_expensive_first(rows, names)


def most_expensive_first(rows: Iterable[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """By cost, then tokens, then name; what has no price comes after what has one."""
    return sorted(
        rows,
        key=lambda row: (
            -(-1 if row["cost_nanousd"] is None else row["cost_nanousd"]),
            -row["total_tokens"],
            *(str(row[name] or "") for name in names),
        ),
    )


def _agents(store: Store, selection: Selection, totals: Totals) -> list[dict[str, Any]]:
    return [
        {
            "agent": row["agent"],
            "role": row["role"],
            "share_cost": row["cost_nanousd"] / totals.cost_nanousd
            if row["cost_nanousd"] is not None and totals.cost_nanousd
            else None,
            "share_tokens": row["total_tokens"] / totals.total_tokens if totals.total_tokens else 0.0,
            "source": reduced_source(row["usage_sources"]),
        }
        | row
        for row in _ranked(store, selection, ("agent", "role"), ("agent", "role"))
    ]


def reduced_source(usage_sources: Mapping[str, int]) -> str:
    """One word for who counted a row's calls: the only source, `none`, or `mixed`."""
    present = [source for source, calls in usage_sources.items() if calls]
    if not present:
        return "none"
    return present[0] if len(present) == 1 else "mixed"


def token_source(usage_sources: Mapping[str, int]) -> str:
    """The same of the tokens: a call of unknown usage adds none, so it does not mix anything."""
    return reduced_source({source: calls for source, calls in usage_sources.items() if source != "none"})


_TOOL_COUNTS = (
    "offers",
    "calls",
    "executions",
    "errors",
    "definition_tokens",
    "new_result_tokens",
    "carried_result_tokens",
    "call_tokens",
    "carried_call_tokens",
)


def _tools(store: Store, selection: Selection) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def row_of(tool: str, agent: str) -> dict[str, Any]:
        empty = {
            "tool": tool,
            "agent": agent,
            **dict.fromkeys(_TOOL_COUNTS, 0),
            "cost_nanousd": None,
            "source": None,
        }
        return found.setdefault((tool, agent), empty)

    for sums in query.tool_sums(store, selection):
        row = row_of(sums["tool"], sums["agent"])
        row |= {name: int(sums[name]) for name in _TOOL_COUNTS if name in sums.keys()}  # noqa: SIM118  # a Row, not a dict
        row["cost_nanousd"] = None if sums["cost_nanousd"] is None else int(sums["cost_nanousd"])
        sources = (sums["sources"] or "").split(",")
        row["source"] = (sources[0] or None) if len(sources) == 1 else "mixed"
    for runs in query.tool_runs(store, selection):
        row_of(runs["tool"], runs["agent"]).update(executions=runs["executions"], errors=runs["errors"])
    return sorted(
        found.values(), key=lambda r: (-(r["cost_nanousd"] or 0), -_tool_tokens(r), r["tool"], r["agent"])
    )


def _tool_tokens(row: Mapping[str, int]) -> int:
    return sum(row[name] for name in _TOOL_COUNTS if name.endswith("_tokens"))


def _unpriced(store: Store, selection: Selection) -> list[dict[str, Any]]:
    """Models with tokens that have no price; a call without tokens has nothing to be priced."""
    found = query.sums(store, selection, ("provider", "request_model"))
    rows = [
        {"provider": provider, "model": model, "tokens": sums.unpriced_tokens}
        for (provider, model), sums in found
        if sums.unpriced_tokens
    ]
    return sorted(rows, key=lambda row: (-row["tokens"], row["model"]))
