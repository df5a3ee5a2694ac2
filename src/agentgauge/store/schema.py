"""The tables of the SQLite store."""

from __future__ import annotations

SCHEMA_VERSION = 1

ADDED = {
    "calls": {"outside_tokens": "INTEGER"},
    "outbox": {"service": "TEXT", "environment": "TEXT"},
}
"""Columns that older stores of this version lack: writers add them, readers take them for NULL."""

TABLES = """
CREATE TABLE IF NOT EXISTS processes (
  run_id TEXT NOT NULL, pid INTEGER NOT NULL, started_ns INTEGER NOT NULL,
  service TEXT NOT NULL, environment TEXT, release TEXT,
  PRIMARY KEY (run_id, pid, started_ns)
);
CREATE INDEX IF NOT EXISTS processes_started ON processes (started_ns);

CREATE TABLE IF NOT EXISTS warnings (
  run_id TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, first_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, code, message)
);

CREATE TABLE IF NOT EXISTS calls (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT,
  run_id TEXT NOT NULL, service TEXT NOT NULL, environment TEXT,
  start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
  operation TEXT NOT NULL, provider TEXT, request_model TEXT NOT NULL, response_model TEXT,
  response_id TEXT, finish_reasons TEXT NOT NULL DEFAULT '[]',
  stream INTEGER NOT NULL DEFAULT 0, has_tools INTEGER NOT NULL DEFAULT 0,
  action TEXT NOT NULL, server_address TEXT, server_port INTEGER, time_to_first_chunk_s REAL,
  agent TEXT NOT NULL, role TEXT, agent_path TEXT NOT NULL,
  workflow TEXT, workflow_id TEXT, branch TEXT, step TEXT, tags TEXT NOT NULL DEFAULT '{}',
  session_id TEXT, user_id TEXT, conversation_id TEXT,
  input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER,
  cache_write_tokens INTEGER, reasoning_tokens INTEGER, usage_source TEXT NOT NULL,
  tool_definition_tokens INTEGER NOT NULL DEFAULT 0, tool_result_tokens INTEGER NOT NULL DEFAULT 0,
  tool_call_tokens INTEGER NOT NULL DEFAULT 0, tool_source TEXT,
  not_attributable TEXT NOT NULL DEFAULT '[]',
  cost_nanousd INTEGER, input_nanousd INTEGER, output_nanousd INTEGER, cost_source TEXT NOT NULL,
  retries INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL, error_type TEXT,
  sampled INTEGER NOT NULL DEFAULT 1, input_chars INTEGER, output_chars INTEGER,
  route_tier TEXT, route_bypassed TEXT NOT NULL DEFAULT '[]', outside_tokens INTEGER,
  PRIMARY KEY (trace_id, span_id)
);
CREATE INDEX IF NOT EXISTS calls_run ON calls (run_id);
CREATE INDEX IF NOT EXISTS calls_end ON calls (end_ns);
CREATE INDEX IF NOT EXISTS calls_has_tools ON calls (has_tools, end_ns);

CREATE TABLE IF NOT EXISTS call_tools (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, tool TEXT NOT NULL,
  offered INTEGER NOT NULL, calls INTEGER NOT NULL,
  definition_tokens INTEGER NOT NULL, new_result_tokens INTEGER NOT NULL,
  carried_result_tokens INTEGER NOT NULL, call_tokens INTEGER NOT NULL,
  carried_call_tokens INTEGER NOT NULL, cost_nanousd INTEGER NOT NULL,
  PRIMARY KEY (trace_id, span_id, tool)
);

CREATE TABLE IF NOT EXISTS scopes (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT,
  run_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
  agent TEXT NOT NULL, role TEXT, workflow TEXT, workflow_id TEXT, branch TEXT,
  tags TEXT NOT NULL DEFAULT '{}', status TEXT NOT NULL, error_type TEXT,
  details TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (trace_id, span_id)
);
CREATE INDEX IF NOT EXISTS scopes_run ON scopes (run_id, kind);
CREATE INDEX IF NOT EXISTS scopes_end ON scopes (end_ns);

CREATE TABLE IF NOT EXISTS outbox (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, span TEXT NOT NULL, ended_ns INTEGER NOT NULL,
  resource TEXT NOT NULL, endpoint TEXT NOT NULL,
  sends INTEGER NOT NULL DEFAULT 0, first_sent_s INTEGER, leased_until_s REAL NOT NULL DEFAULT 0,
  service TEXT, environment TEXT,
  PRIMARY KEY (trace_id, span_id)
);
CREATE INDEX IF NOT EXISTS outbox_ended ON outbox (endpoint, ended_ns);

CREATE TABLE IF NOT EXISTS outbox_told (
  endpoint TEXT NOT NULL, service TEXT NOT NULL, environment TEXT NOT NULL, outbox_id TEXT NOT NULL,
  claimed_s REAL NOT NULL DEFAULT 0, told_s REAL NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint, service, environment)
);
CREATE TABLE IF NOT EXISTS outbox_dropped (
  endpoint TEXT NOT NULL, service TEXT NOT NULL, environment TEXT NOT NULL, reason TEXT NOT NULL,
  spans INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint, service, environment, reason)
);
"""

INDEXES_OF_ADDED = """
CREATE INDEX IF NOT EXISTS outbox_service ON outbox (endpoint, service, environment, ended_ns);
"""

OURS = frozenset(
    {
        *("processes", "warnings", "calls", "call_tools", "scopes"),
        *("outbox", "outbox_told", "outbox_dropped"),
    }
)


def is_foreign(tables: set[str]) -> bool:
    """Whether a database with these tables is somebody else's."""
    others = {name for name in tables if not name.startswith("sqlite_")} - OURS
    return bool(others) and "calls" not in tables
