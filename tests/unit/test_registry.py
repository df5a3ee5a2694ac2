"""The registry says each thing once, and reads what the SDK writes."""

from __future__ import annotations

import pytest

from agentgauge import semconv
from agentgauge.call import Call, Cost, Origin, Request, Response, TokenUsage, ToolSource, ToolUse
from agentgauge.registry import CALL_LABELS, INDICATORS, METRICS, metric
from agentgauge.registry_records import prometheus_label

BY_SPANS = [found for found in METRICS if found.written_by == "spans"]
OF_SCOPES = {"gen_ai.workflow.name", "gen_ai.tool.name"}
FULL = Call(
    trace_id=1,
    span_id=1,
    parent_span_id=None,
    start_ns=0,
    end_ns=1,
    request=Request("chat", "m", provider="openai", stream=True),
    response=Response(time_to_first_chunk_s=0.1),
    origin=Origin(agent="a", role="responder"),
    usage=TokenUsage(1, 1, 1, 1, 1),
    cost=Cost(1, 1, "override"),
    tools=(ToolUse("t"),),
    tool_source=ToolSource.EXACT,
    error_type="timeout",
)


def read_by(found):
    where = found.where
    yield from (name for name, _ in where.among)
    yield from (*where.present, *where.missing)
    yield from (label.attribute for label in found.labels if label.attribute)
    yield from (value.attribute for value in found.values if value.attribute)
    if found.fan_out:
        yield found.fan_out.names


def test_each_metric_is_there_once():
    names = [found.name for found in METRICS]
    assert len(set(names)) == len(names)


def test_prometheus_names_are_distinct_too():
    names = [found.prometheus_name for found in METRICS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("found", BY_SPANS, ids=lambda found: found.name)
def test_every_attribute_that_a_metric_reads_is_one_that_the_sdk_writes(found):
    written = set(semconv.call_attributes(FULL)) | OF_SCOPES
    assert set(read_by(found)) <= written


@pytest.mark.parametrize("found", BY_SPANS, ids=lambda found: found.name)
def test_no_label_holds_content_ids_or_users(found):
    ids = {"session.id", "user.id", "gen_ai.conversation.id", "gen_ai.response.id", "agentgauge.workflow.id"}
    assert not ids & set(found.label_names)


def test_histograms_have_no_role():
    histograms = [found for found in METRICS if found.kind == "histogram"]
    assert all("agentgauge.agent.role" not in found.label_names for found in histograms)


def test_counters_of_calls_have_the_labels_of_calls():
    apart = {"agentgauge.spend.usd", "agentgauge.late.calls", "agentgauge.uncertain.calls"}
    counters = [found for found in BY_SPANS if found.kind == "counter" and found.name not in apart]
    assert all(found.labels[: len(CALL_LABELS)] == CALL_LABELS for found in counters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gen_ai.client.inference.usage.input_tokens", "gen_ai_client_inference_usage_input_tokens_total"),
        ("gen_ai.client.inference.duration", "gen_ai_client_inference_duration_seconds"),
        ("agentgauge.cost.usd", "agentgauge_cost_usd_total"),
        ("agentgauge.outbox.age", "agentgauge_outbox_age_seconds"),
    ],
)
def test_names_are_translated_as_prometheus_does(name, expected):
    assert metric(name).prometheus_name == expected


def test_money_is_whole_nano_usd_until_it_is_sent():
    scales = {found.name: found.scale for found in METRICS if found.name.endswith(".usd")}
    assert set(scales.values()) == {1e-9}
    assert len(scales) == 4


@pytest.mark.parametrize("found", INDICATORS, ids=lambda found: found.name)
def test_an_indicator_is_made_of_metrics_and_labels_that_exist(found):
    for part in filter(None, (found.numerator, found.denominator)):
        for name in part.metrics:
            labels = set(map(prometheus_label, metric(name).label_names))
            assert {prometheus_label(label) for label, _ in part.only} <= labels
