"""One span that can never be sent keeps no other back, whoever made it and wherever it fails."""

import logging
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.pipeline import runtime
from agentgauge.store.write import Batch
from books import rows
from otlp import Receiver


class Strict(Receiver):
    """Answers 400 to every request with a span of the name `bad`, or, if `all_bad`, to every one."""

    all_bad = False

    def status_for(self, body):
        groups = ExportTraceServiceRequest.FromString(body).resource_spans
        names = {span.name for group in groups for scope in group.scope_spans for span in scope.spans}
        return 400 if self.all_bad or "bad" in names else 200


@pytest.fixture
def receiver():
    with Strict() as running:
        yield running


@pytest.fixture
def started(store, receiver, caplog):
    caplog.set_level(logging.WARNING, logger="agentgauge")
    settings = {"service_name": "mixed", "store": str(store), "endpoint": receiver.url, "set_global": False}
    ag.init(settings=read_settings({}, **settings))
    return runtime.active()


def calls(count):
    for _ in range(count):
        ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)


FOREIGN = {
    "a time in floats": ({"start_time": time.time() * 1e9}, None),
    "a time before 1970": ({"start_time": -5}, None),
    "an event's time in seconds": ({}, {"timestamp": time.time()}),
    "integers past 64 bits": ({"attributes": {"x": 2**70, "many": [2**70, 1]}}, {"attributes": {"y": 2**80}}),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_span_that_otlp_cannot_hold_is_made_to_fit(started, receiver, case):
    how, event = FOREIGN[case]
    span = started.provider.get_tracer("theirs").start_span("foreign", **how)
    if event is not None:
        span.add_event("happened", **event)
    span.end()
    calls(2)

    assert ag.shutdown()
    assert sorted(span["name"] for span in receiver.spans()) == ["chat m", "chat m", "foreign"]


@pytest.mark.parametrize("name", [5, None])
def test_a_foreign_span_whose_name_is_no_text_is_sent(started, receiver, name):
    started.provider.get_tracer("theirs").start_span(name).end()
    calls(1)

    assert ag.shutdown()
    assert sorted(span["name"] for span in receiver.spans()) == sorted([str(name), "chat m"])


@pytest.mark.parametrize("text", ["{broken", '{"name": "old"}'])
def test_a_span_that_cannot_be_read_is_left_out_and_said(started, receiver, caplog, text):
    _put(started, text)
    calls(2)

    assert ag.shutdown()
    assert len(receiver.spans()) == 2
    assert "left out" in caplog.text


def test_a_span_that_the_receiver_refuses_is_left_out_and_said(started, receiver, caplog, store):
    for name in ("good", "bad", "good", "bad", "good"):
        started.provider.get_tracer("theirs").start_span(name).end()
    calls(20)

    assert ag.shutdown()
    assert sum(span["name"] == "good" for span in receiver.spans()) == 3
    assert len(receiver.spans()) == 23
    assert rows(store, "SELECT * FROM outbox") == []
    assert f"A span (bad) is refused by {receiver.url}" in caplog.text
    assert "2 spans could not be sent" in caplog.text
    assert "Check that a Collector listens" not in caplog.text


def test_a_receiver_that_refuses_everything_costs_no_span(started, receiver, caplog, store):
    receiver.all_bad = True
    calls(20)

    assert not ag.shutdown()
    assert len(rows(store, "SELECT * FROM outbox")) == 20
    assert "refuses spans as bad requests" in caplog.text


def _put(started, text):
    row = {"trace_id": "1" * 32, "span_id": "2" * 16, "span": text, "ended_ns": 1, "resource": "{}"}
    started.pipeline.store.write(Batch(spans=[row | {"endpoint": started.settings.endpoint}]))
