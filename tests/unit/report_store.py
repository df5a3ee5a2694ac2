"""A store written by plain SQL, so that the report is judged by nothing of agentgauge but the tables."""

from __future__ import annotations

import itertools
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from agentgauge.store.schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from pathlib import Path

BASE_NS = 1_767_607_200 * 10**9  # 2026-01-05 10:00:00 UTC
SECOND_NS = 10**9


class StoreFile:
    """Inserts rows with defaults; every name is a column of the table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.executescript(TABLES)
        self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._ids = itertools.count(1)

    def __del__(self) -> None:
        self.db.close()

    def insert(self, table: str, **values: Any) -> None:
        marks = ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def process(self, run_id: str = "run-1", *, started_s: int = 0, service: str = "support-bot") -> None:
        self.insert(
            "processes", run_id=run_id, pid=1, started_ns=BASE_NS + started_s * SECOND_NS, service=service
        )

    def call(self, *, at_s: int = 1, tools: dict[str, dict[str, int]] | None = None, **given: Any) -> None:
        """A call that took one second; `tools` maps a name to columns of call_tools."""
        key = {"trace_id": "t1", "span_id": f"c{next(self._ids)}"}
        row = key | {
            "run_id": "run-1", "service": "support-bot",
            "start_ns": BASE_NS + at_s * SECOND_NS, "end_ns": BASE_NS + (at_s + 1) * SECOND_NS,
            "operation": "chat", "provider": "openai", "request_model": "gpt-4o-mini", "action": "generate",
            "agent": "unattributed", "agent_path": "", "usage_source": "provider",
            "cost_source": "genai-prices", "outcome": "ok",
        }  # fmt: skip
        self.insert("calls", **(row | given))
        for tool, columns in (tools or {}).items():
            zeros = dict.fromkeys(
                ("offered", "calls", "definition_tokens", "new_result_tokens", "carried_result_tokens",
                 "call_tokens", "carried_call_tokens", "cost_nanousd"), 0,
            )  # fmt: skip
            self.insert("call_tools", **row_key(row | given), tool=tool, **(zeros | columns))

    def scope(self, kind: str, name: str, *, at_s: int = 0, lasts_s: int = 10, **given: Any) -> None:
        row = {
            "trace_id": "t1", "span_id": f"s{next(self._ids)}", "run_id": "run-1", "kind": kind, "name": name,
            "start_ns": BASE_NS + at_s * SECOND_NS, "end_ns": BASE_NS + (at_s + lasts_s) * SECOND_NS,
            "agent": "unattributed", "status": "ok",
        }  # fmt: skip
        details = {"details": json.dumps(given.pop("details"))} if "details" in given else {}
        self.insert("scopes", **(row | given | details))


def row_key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("trace_id", "span_id")}


def write_newsroom(store: StoreFile) -> None:
    """Three agents, one of them with a memory library's hidden calls; a retry, a failure, an estimate."""
    store.process()
    store.scope(
        "workflow", "ticket", workflow="ticket", workflow_id="T-42", tags='{"team": "cs"}', span_id="w"
    )
    for name, at_s in (("plan", 0), ("answer", 3)):
        index = {"plan": 1, "answer": 2}[name]
        store.scope(
            "step", name, at_s=at_s, lasts_s=3, span_id=name, parent_span_id="w", workflow="ticket",
            workflow_id="T-42", agent="planner", details={"index": index, "count": 2},
        )  # fmt: skip
    inside = {"workflow": "ticket", "workflow_id": "T-42", "tags": '{"team": "cs"}'}
    store.call(
        agent="planner", role="planner", step="plan", parent_span_id="plan", input_tokens=1_234,
        output_tokens=321, reasoning_tokens=128, cost_nanousd=949_000, **inside,
    )  # fmt: skip
    search = {"offered": 1, "definition_tokens": 1_040, "cost_nanousd": 156_000}
    store.call(
        agent="researcher", role="responder", step="answer", parent_span_id="answer", at_s=3, has_tools=1,
        input_tokens=48_210, output_tokens=2_960, cache_read_tokens=12_800, retries=2, cost_nanousd=9_007_500,
        tool_definition_tokens=1_040, tool_call_tokens=64, tool_source="exact",
        tools={"search": search | {"calls": 2, "call_tokens": 64}}, **inside,
    )  # fmt: skip
    store.call(
        agent="researcher", role="responder", step="answer", parent_span_id="answer", at_s=4, has_tools=1,
        input_tokens=52_004, output_tokens=1_105, cost_nanousd=8_463_600,
        tool_definition_tokens=1_040, tool_result_tokens=3_300, tool_source="exact",
        tools={"search": search | {"new_result_tokens": 3_300, "carried_call_tokens": 64}}, **inside,
    )  # fmt: skip
    store.call(
        agent="researcher", role="memory", at_s=4, request_model="mistral-7b", provider=None,
        input_tokens=2_210, output_tokens=140, usage_source="estimated", cost_source="unpriced", **inside,
    )  # fmt: skip
    store.call(agent="writer", role="responder", at_s=5, outcome="error", usage_source="none", **inside)
    store.call(
        agent="writer", role="responder", at_s=6, input_tokens=6_500, output_tokens=4_096,
        cost_nanousd=3_432_600, **inside,
    )  # fmt: skip
    ran = {"at_s": 4, "lasts_s": 1, "agent": "researcher", "workflow": "ticket", "workflow_id": "T-42"}
    store.scope("tool", "search", **ran)
    store.scope("tool", "search", status="error", **ran)
