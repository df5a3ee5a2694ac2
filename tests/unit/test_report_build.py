"""The report as data: the contract's schema, and sums that agree with one another."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_store import BASE_NS, SECOND_NS, StoreFile, write_newsroom

from agentgauge.report.build import build_report
from agentgauge.store.read import Selection, last_run, open_store

T_KEYS = [
    "calls",
    "requests",
    "errors",
    "cancelled",
    "unfinished",
    "retries",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "tool_definition_tokens",
    "tool_result_tokens",
    "tool_call_tokens",
    "total_tokens",
    "cost_nanousd",
    "unpriced_tokens",
    "wasted_tokens",
    "wasted_cost_nanousd",
    "duration_s",
    "usage_sources",
]
SUMMED = [key for key in T_KEYS if key not in {"duration_s", "usage_sources"}]
NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return StoreFile(tmp_path / "store.sqlite")


def report_of(store, **selection):
    return build_report(store.path, Selection(**selection), now=NOW)


def test_keys_are_those_of_the_contract_in_its_order(store):
    write_newsroom(store)
    report = report_of(store, run_id="run-1")
    assert list(report) == [
        "schema",
        "generated_at",
        "window",
        "run_id",
        "service",
        "totals",
        "agents",
        "roles",
        "models",
        "tools",
        "workflows",
        "indicators",
        "not_attributable",
        "unfinished",
        "unpriced",
        "warnings",
    ]
    assert list(report["totals"]) == T_KEYS
    assert list(report["agents"][0]) == ["agent", "role", "share_cost", "share_tokens", "source", *T_KEYS]
    assert list(report["roles"][0]) == ["role", *T_KEYS]
    assert list(report["models"][0]) == ["provider", "model", *T_KEYS]
    assert list(report["tools"][0]) == [
        "tool",
        "agent",
        "offers",
        "calls",
        "executions",
        "errors",
        "definition_tokens",
        "new_result_tokens",
        "carried_result_tokens",
        "call_tokens",
        "carried_call_tokens",
        "cost_nanousd",
        "source",
    ]
    workflow = report["workflows"][0]
    lists = ["branches", "steps", "routes", "files", "templates"]
    assert list(workflow) == ["workflow", "id", "tags", *lists, *T_KEYS]
    assert set(workflow["steps"][0]) == {"index", "count", "name", "agent", "status", *T_KEYS}


def test_a_missing_file_is_the_whole_schema_with_zeros(tmp_path):
    report = build_report(tmp_path / "none.sqlite", Selection(), now=NOW)
    assert list(report["totals"]) == T_KEYS
    assert report["totals"]["calls"] == 0
    assert report["totals"]["cost_nanousd"] is None
    assert report["window"] == {"start": None, "end": None}
    assert set(report["indicators"].values()) == {None}
    assert not (tmp_path / "none.sqlite").exists()


def test_tools_have_offers_and_calls_from_models_and_executions_from_scopes(store):
    write_newsroom(store)
    assert report_of(store)["tools"] == [
        {
            "tool": "search",
            "agent": "researcher",
            "offers": 2,
            "calls": 2,
            "executions": 2,
            "errors": 1,
            "definition_tokens": 2_080,
            "new_result_tokens": 3_300,
            "carried_result_tokens": 0,
            "call_tokens": 64,
            "carried_call_tokens": 64,
            "cost_nanousd": 312_000,
            "source": "exact",
        }
    ]


def test_agents_come_by_cost_and_the_unpriced_last_without_a_share_of_cost(store):
    write_newsroom(store)
    agents = report_of(store)["agents"]
    assert [(a["agent"], a["role"]) for a in agents] == [
        ("researcher", "responder"),
        ("writer", "responder"),
        ("planner", "planner"),
        ("researcher", "memory"),
    ]
    assert [a["source"] for a in agents] == ["provider", "mixed", "provider", "estimated"]
    assert agents[-1]["share_cost"] is None
    assert sum(a["share_cost"] for a in agents[:-1]) == pytest.approx(1)
    assert sum(a["share_tokens"] for a in agents) == pytest.approx(1)


def test_what_nobody_knows_is_a_warning_and_no_zero(store):
    write_newsroom(store)
    store.insert("warnings", run_id="run-1", code="client", message="openai 1.0 is too old", first_ns=BASE_NS)
    report = report_of(store, run_id="run-1")
    codes = [warning["code"] for warning in report["warnings"]]
    assert codes == ["client", "usage_estimated", "usage_missing", "unpriced"]
    assert report["unpriced"] == [{"provider": None, "model": "mistral-7b", "tokens": 2_350}]


def test_a_call_counts_in_the_innermost_step_above_it(store):
    store.process()
    store.scope("step", "outer", span_id="o", workflow="w")
    store.scope("step", "inner", span_id="i", parent_span_id="o", workflow="w")
    store.scope("tool", "search", span_id="t", parent_span_id="i", workflow="w")
    store.call(parent_span_id="t", step="inner", workflow="w", input_tokens=7)
    (workflow,) = report_of(store)["workflows"]
    assert {step["name"]: step["input_tokens"] for step in workflow["steps"]} == {"outer": 0, "inner": 7}


def test_a_call_below_a_span_of_somebody_else_counts_in_the_step_of_its_name(store):
    store.process()
    store.scope("step", "draft", workflow="w")
    store.call(parent_span_id="not-ours", step="draft", workflow="w", input_tokens=7)
    (workflow,) = report_of(store)["workflows"]
    assert workflow["steps"][0]["input_tokens"] == 7


def test_notes_of_inner_scopes_belong_to_their_workflow(store):
    store.process()
    file = {"path": "a.py", "change": "created"}
    route = {"tier": "2", "model": "mistral-7b", "bypassed": []}
    store.scope("workflow", "build", workflow="build", tags='{"team": "cs"}')
    details = {"files": [file, file], "routes": [route, route]}
    store.scope("agent", "coder", workflow="build", details=details)
    (workflow,) = report_of(store)["workflows"]
    assert workflow["files"] == [file]
    assert workflow["routes"] == [route, route]
    assert workflow["tags"] == {"team": "cs"}


def test_a_window_holds_calls_by_their_end_and_leaves_its_own_end_out(store):
    store.process()
    for second in (1, 2, 3):
        store.call(at_s=second, input_tokens=10**second)
    report = report_of(store, start_ns=BASE_NS + 3 * SECOND_NS, end_ns=BASE_NS + 4 * SECOND_NS)
    assert report["totals"]["input_tokens"] == 100
    assert report["window"] == {"start": "2026-01-05T10:00:03.000Z", "end": "2026-01-05T10:00:04.000Z"}


def test_the_last_run_is_that_of_the_process_that_started_last(store):
    store.process("parent", started_s=0)
    store.process("other", started_s=1)
    store.process("parent", started_s=2)  # a child belongs to the run of its parent
    with open_store(store.path) as opened:
        assert last_run(opened) == "parent"


def test_sums_past_64_bits_stay_exact(store):
    store.process()
    for _ in range(3):
        store.call(input_tokens=2**62, output_tokens=1)
    totals = report_of(store)["totals"]
    assert totals["input_tokens"] == 3 * 2**62
    assert totals["total_tokens"] == 3 * 2**62 + 3


names = st.sampled_from(["a", "b", "c"])
tokens = st.none() | st.integers(0, 10**12)
random_call = st.fixed_dictionaries(
    {
        "agent": names,
        "role": st.none() | names,
        "provider": st.none() | names,
        "request_model": names,
        "input_tokens": tokens,
        "output_tokens": tokens,
        "reasoning_tokens": tokens,
        "cost_nanousd": st.none() | st.integers(0, 10**15),
        "retries": st.integers(0, 4),
        "outcome": st.sampled_from(["ok", "error", "cancelled", "unfinished"]),
        "usage_source": st.sampled_from(["provider", "estimated", "mixed", "none"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(random_call, max_size=12))
def test_agents_roles_and_models_each_add_up_to_the_total_exactly(calls):
    with tempfile.TemporaryDirectory() as folder:
        store = StoreFile(Path(folder) / "store.sqlite")
        store.process()
        for call in calls:
            store.call(**call)
        report = report_of(store)
        store.db.close()
    assert report["totals"]["calls"] == len(calls)
    assert report["totals"]["input_tokens"] == sum(call["input_tokens"] or 0 for call in calls)
    for section in ("agents", "roles", "models"):
        for key in SUMMED:
            assert sum(row[key] or 0 for row in report[section]) == (report["totals"][key] or 0), (
                section,
                key,
            )


@settings(max_examples=60, deadline=None)
@given(st.lists(random_call, min_size=1, max_size=12))
def test_every_indicator_is_a_share_or_unknown(calls):
    with tempfile.TemporaryDirectory() as folder:
        store = StoreFile(Path(folder) / "store.sqlite")
        for call in calls:
            store.call(**call)
        indicators = report_of(store)["indicators"]
        store.db.close()
    retry_ratio = indicators.pop("retry_ratio")
    assert retry_ratio == sum(call["retries"] for call in calls) / len(calls)
    assert all(value is None or 0 <= value <= 1 for value in indicators.values())


def test_cost_by_the_values_of_a_tag_adds_up(store):
    store.process()
    for tags, cost in [('{"team":"cs"}', 5), ('{"team":"cs","customer":"a"}', 7), ("{}", 2)]:
        store.call(tags=tags, cost_nanousd=cost, input_tokens=10)
    store.call(tags='{"team":"\\"x\\""}', cost_nanousd=None)

    report = build_report(store.path, Selection(run_id="run-1"), tags=["team", "nobody's"], now=NOW)

    teams = [row for row in report["tags"] if row["tag"] == "team"]
    assert [(row["value"], row["cost_nanousd"]) for row in teams] == [("cs", 12), (None, 2), ('"x"', None)]
    for tag in ("team", "nobody's"):
        mine = [row for row in report["tags"] if row["tag"] == tag]
        for key in SUMMED:
            assert sum(row[key] or 0 for row in mine) == (report["totals"][key] or 0), (tag, key)
    assert list(teams[0]) == ["tag", "value", *T_KEYS]
