"""Workflows of a report: one row per workflow and id, with its branches, steps and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge.report import query
from agentgauge.totals import Totals

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from agentgauge.store.read import Selection, Store

Key = tuple[str, str | None]
"""A workflow's name and id."""

NOTES = ("routes", "files", "templates")


def workflow_rows(store: Store, selection: Selection) -> list[dict[str, Any]]:
    """Workflows by cost, then tokens; one without any call is listed too."""
    scopes = query.scopes(store, selection)
    sums = {
        _key(key): s
        for key, s in query.sums(store, selection, ("workflow", "workflow_id"))
        if key[0] is not None
    }
    steps = _StepSums.read(store, selection, scopes)
    rows = {key: _row(key, totals) for key, totals in sums.items()}
    for (name, workflow_id, text), _ in query.sums(store, selection, ("workflow", "workflow_id", "tags")):
        if name is not None:
            rows[name, workflow_id]["tags"] |= store.mapping(text)
    for (name, workflow_id, branch), totals in query.sums(
        store, selection, ("workflow", "workflow_id", "branch")
    ):
        if name is not None and branch is not None:
            rows[name, workflow_id]["branches"].append({"name": branch, "id": workflow_id} | totals.to_dict())
    for scope in scopes:
        name = scope["workflow"] or (scope["name"] if scope["kind"] == "workflow" else None)
        if name is None:
            continue
        key = (name, scope["workflow_id"])
        _note(store, rows.setdefault(key, _row(key, Totals())), scope, steps)
    return sorted(
        rows.values(),
        key=lambda r: (-(r["cost_nanousd"] or 0), -r["total_tokens"], r["workflow"], str(r["id"] or "")),
    )


def _key(values: tuple[Any, ...]) -> Key:
    name, workflow_id = values
    return name, workflow_id


def _row(key: Key, totals: Totals) -> dict[str, Any]:
    name, workflow_id = key
    lists: dict[str, Any] = {"branches": [], "steps": [], **{note: [] for note in NOTES}}
    return {"workflow": name, "id": workflow_id, "tags": {}} | lists | totals.to_dict()


def _note(store: Store, row: dict[str, Any], scope: sqlite3.Row, steps: _StepSums) -> None:
    details = store.mapping(scope["details"])
    if scope["kind"] == "workflow":
        # The workflow's own tags; those of calls also hold what inner scopes added.
        row["tags"] = store.mapping(scope["tags"])
    if scope["kind"] == "step":
        row["steps"].append(
            {
                "index": details.get("index"),
                "count": details.get("count"),
                "name": scope["name"],
                "agent": scope["agent"],
                "duration_s": 0.0,
                "status": scope["status"],
            }
            | steps.of(scope).to_dict()
            # The step's own time, in place of the time its calls took.
            | {"duration_s": max(0, scope["end_ns"] - scope["start_ns"]) / 1e9}
        )
    for note in NOTES:
        for entry in details.get(note) or ():
            if note == "routes" or entry not in row[note]:  # each choice counts, a file or template once
                row[note].append(entry)


@dataclass(frozen=True, slots=True)
class _StepSums:
    """Sums of the calls whose innermost step it is, by the step's (trace id, span id)."""

    sums: Mapping[tuple[str, str], Totals]

    @classmethod
    def read(cls, store: Store, selection: Selection, scopes: Sequence[sqlite3.Row]) -> _StepSums:
        known = {(scope["trace_id"], scope["span_id"]): scope for scope in scopes}
        found: dict[tuple[str, str], Totals] = {}
        groups = query.sums(store, selection, ("trace_id", "parent_span_id", "step"), known="step")
        for (trace_id, parent, step), totals in groups:
            owner = _innermost_step(known, trace_id, parent) or _only_step(scopes, trace_id, step)
            if owner is not None:
                found.setdefault(owner, Totals()).merge(totals)
        return cls(found)

    def of(self, scope: sqlite3.Row) -> Totals:
        return self.sums.get((scope["trace_id"], scope["span_id"])) or Totals()


def _innermost_step(
    known: Mapping[tuple[str, str], sqlite3.Row], trace_id: str, span_id: str | None
) -> tuple[str, str] | None:
    seen: set[str] = set()  # a damaged store may hold a ring
    while (
        span_id is not None and span_id not in seen and (scope := known.get((trace_id, span_id))) is not None
    ):
        if scope["kind"] == "step":
            return trace_id, span_id
        seen.add(span_id)
        span_id = scope["parent_span_id"]
    return None


def _only_step(scopes: Sequence[sqlite3.Row], trace_id: str, name: str) -> tuple[str, str] | None:
    """For a call below a span of somebody else's, which the store does not hold: the one step it can be."""
    found = [s for s in scopes if s["kind"] == "step" and s["trace_id"] == trace_id and s["name"] == name]
    return (trace_id, found[0]["span_id"]) if len(found) == 1 else None
