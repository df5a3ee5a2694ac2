"""What the real Collector must know of earlier requests: a request's other span, and ids that it forgot."""

import secrets
import time

import pytest
from call_spans import Requests, put
from eventually import eventually
from fake_prometheus import FakePrometheus
from one_service import Collector, nobody_listens
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from senders import Sender

from agentgauge.stack.shipped import shipped

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]
TOKENS, FRAMEWORK, CLIENT = 1_200, 1, 2
UNCERTAIN = "agentgauge.uncertain.calls"
TWICE = "otelcol_genai_counted_twice_calls"


def told_by(number, trace, *, parent=None):
    """A request with one span, as OpenInference writes it."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    put(group.resource, {"service.name": "apart"})
    span = group.scope_spans.add().spans.add(name="ChatOpenAI", trace_id=trace, kind=1)
    span.span_id = number.to_bytes(8, "big")
    if parent is not None:
        span.parent_span_id = parent.to_bytes(8, "big")
    span.end_time_unix_nano = time.time_ns()
    span.start_time_unix_nano = span.end_time_unix_nano - 10**9
    put(
        span,
        {
            "openinference.span.kind": "LLM",
            "llm.provider": "openai",
            "llm.model_name": "gpt-4o-mini",
            "llm.token_count.prompt": TOKENS,
            "llm.token_count.completion": 30,
        },
    )
    return request.SerializeToString()


@pytest.mark.parametrize("first", [CLIENT, FRAMEWORK])
def test_a_request_told_of_before_and_after_a_kill_counts_once(binaries, tmp_path, first):
    trace = secrets.token_bytes(16)
    bodies = {
        FRAMEWORK: told_by(FRAMEWORK, trace),
        CLIENT: told_by(CLIENT, trace, parent=FRAMEWORK),
    }
    with (
        nobody_listens() as nobody,
        FakePrometheus() as prometheus,
        Collector(binaries["collector"], tmp_path, prometheus=prometheus.url, tempo=nobody) as collector,
    ):
        Sender(collector.otlp).deliver(bodies.pop(first))
        eventually(prometheus.input_tokens, TOKENS)
        collector.kill()
        collector.start()
        for body in bodies.values():
            Sender(collector.otlp).deliver(body)
        other = told_by(CLIENT, secrets.token_bytes(16))
        Sender(collector.otlp).deliver(other)

        eventually(prometheus.input_tokens, 2 * TOKENS)  # the other one's; three would be one too many
        assert collector.own(TWICE) == 0
        assert collector.own("otelcol_genai_counted_elsewhere_spans") == 1


def test_an_outage_longer_than_the_memory_of_ids_is_told_apart_and_counts_nothing_again(binaries, tmp_path):
    """What the SDK's outbox sends after it: marked as a retry, with the time of the first send."""
    text = shipped("collector/config.yaml").read_text()
    forgetful = text.replace("    flush_interval:", "    dedupe_window: 1s\n    flush_interval:", 1)
    assert forgetful != text
    first_at = int(time.time())
    requests = Requests("outage", calls=32)
    retry = Requests("outage", calls=32, change=lambda span: put(span, marked("retry", first_at)))
    trace = secrets.token_bytes(16)
    with (
        nobody_listens() as nobody,
        FakePrometheus() as prometheus,
        Collector(
            binaries["collector"], tmp_path, prometheus=prometheus.url, tempo=nobody, config=forgetful
        ) as collector,
    ):
        Sender(collector.otlp).deliver(requests.fresh(trace))
        right = requests.books["total", "", "input_tokens"]
        eventually(prometheus.input_tokens, right)
        eventually(lambda: collector.own("otelcol_usage_duplicate_window_ids"), 0)

        Sender(collector.otlp).deliver(retry.fresh(trace))

        eventually(lambda: prometheus.total(UNCERTAIN), retry.calls)
        assert prometheus.input_tokens() == right
        assert collector.own("otelcol_usage_uncertain_spans") == retry.calls


def marked(delivery, first_at):
    return {"agentgauge.delivery": delivery, "agentgauge.delivery.first_at": first_at}
