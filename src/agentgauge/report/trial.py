"""One trial of a benchmark: the usage of its calls as `llm_usage`, and what its totals do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.ledger import Part
from agentgauge.pipeline import runtime
from agentgauge.report import query
from agentgauge.report.build import token_source
from agentgauge.report.recorded import Recorded
from agentgauge.store.read import open_store
from agentgauge.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from agentgauge.scopes.scope import Scope
    from agentgauge.store.read import Selection, Store

MEMORY_ROLES = frozenset({"memory", "mem0", "agentic_memory", "lightmem"})
"""Roles whose calls are a memory's own; all others answer."""

WAIT_S = 30.0
"""A result file is written once, so its numbers may take their time."""

Parts = dict[Part, Totals]


def llm_usage(scope: Scope, *, details: bool = False, timeout_s: float = WAIT_S) -> dict[str, Any]:
    """What a trial used so far, for the benchmark's result file; `scope` is the workflow around it.

    Waits up to `timeout_s` for calls that are still being counted here; the details say how many are
    `pending` then. Calls of child processes are not in it: see `trials`.

    Returns:
        `{"llm_usage": {"total_calls", "prompt_tokens", "completion_tokens", "reasoning_tokens",
        "total_tokens", "calls_by_model"}}`. Calls that failed count. `reasoning_tokens` is part of
        completion, None when no server reported any. `total_tokens` is what the servers said, and where
        they said none, prompt + completion. With `details`, `llm_usage_details` as well: see `of_parts`.
    """
    active = runtime.active()
    if active is not None:
        active.pipeline.settled(timeout_s=timeout_s)
    told = of_parts(scope.parts(), details=details)
    if details:
        told["llm_usage_details"]["pending"] = scope.usage.pending
    return told


def of_parts(
    parts: Mapping[Part, Totals], *, details: bool, memory_roles: Collection[str] = MEMORY_ROLES
) -> dict[str, Any]:
    """The same from sums.

    The details have the sums before a fork (outside any branch), of each branch, of memory calls and of
    those that respond, by role and by agent; each with `retries` (HTTP attempts after a call's first, in
    no count of calls), `requests` (calls + retries), `failed_calls`, `calls_without_usage` (known to nobody)
    and `source`, who counted its tokens: provider, estimated (here), mixed or none.
    """
    told = {"llm_usage": _usage(parts)}
    if not details:
        return told
    told["llm_usage_details"] = {
        **_origin(parts),
        "before_fork": _block({part: sums for part, sums in parts.items() if part.branch is None}),
        "branches": _by(parts, lambda part: part.branch),
        "memory": _block({part: sums for part, sums in parts.items() if part.role in memory_roles}),
        "response": _block({part: sums for part, sums in parts.items() if part.role not in memory_roles}),
        "by_role": _by(parts, lambda part: part.role or "none"),
        "by_agent": _by(parts, lambda part: part.agent),
    }
    return told


def trials(of: Recorded | None = None, *, details: bool = False) -> list[dict[str, Any]]:
    """Every recorded trial: `workflow`, `id`, and its `llm_usage` summed over all processes that it ran in.

    Raises:
        StoreError: the store is off, or cannot be read.
    """
    chosen = of or Recorded()
    path = chosen.path()
    with open_store(path) as store:
        return trial_rows(store, chosen.selection(path), details=details)


def trial_rows(store: Store, selection: Selection, *, details: bool) -> list[dict[str, Any]]:
    """`workflow`, `id` and `llm_usage` of each trial that a store holds, whatever processes it ran in."""
    columns: tuple[query.CallColumn, ...] = (
        "workflow", "workflow_id", "agent", "role", "branch", "provider", "request_model",
    )  # fmt: skip
    found: dict[tuple[str, str | None], Parts] = {}
    for (workflow, workflow_id, *part), sums in query.sums(store, selection, columns, known="workflow"):
        found.setdefault((workflow, workflow_id), {})[Part(*part)] = sums
    return [
        {"workflow": workflow, "id": workflow_id} | of_parts(parts, details=details)
        for (workflow, workflow_id), parts in sorted(found.items(), key=lambda item: str(item[0]))
    ]


def _usage(parts: Mapping[Part, Totals]) -> dict[str, Any]:
    sums, models = Totals(), dict[str, int]()
    for part, totals in parts.items():
        sums.merge(totals)
        models[part.model] = models.get(part.model, 0) + totals.calls
    return {
        "total_calls": sums.calls,
        "prompt_tokens": sums.input_tokens,
        "completion_tokens": sums.output_tokens,
        "reasoning_tokens": sums.reasoning_tokens,
        "total_tokens": sums.total_tokens + sums.outside_tokens,
        "calls_by_model": dict(sorted(models.items(), key=lambda item: (-item[1], item[0]))),
    }


def _origin(parts: Mapping[Part, Totals]) -> dict[str, Any]:
    sums = Totals()
    for totals in parts.values():
        sums.merge(totals)
    return {
        "retries": sums.retries,
        "requests": sums.requests,
        "failed_calls": sums.errors,
        "calls_without_usage": sums.usage_sources["none"],
        "source": token_source(sums.usage_sources),
    }


def _block(parts: Mapping[Part, Totals]) -> dict[str, Any]:
    return _usage(parts) | _origin(parts)


def _by(parts: Mapping[Part, Totals], name_of: Callable[[Part], str | None]) -> dict[str, Any]:
    """A block for each name; what has none is left out."""
    found: dict[str, Parts] = {}
    for part, totals in parts.items():
        if (name := name_of(part)) is not None:
            found.setdefault(name, {})[part] = totals
    return {name: _block(some) for name, some in sorted(found.items())}
