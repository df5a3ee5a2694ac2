"""OTLP over gRPC, to a real gRPC server."""

import logging
import threading
from concurrent import futures

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

import agentgauge as ag
from agentgauge.config import read_settings

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self):
        self.requests = []

    def Export(self, request, context):  # noqa: N802  # the service's own name
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, *, known):
        self.known = known
        self.names = set()
        self.arrived = threading.Event()

    def Export(self, request, context):  # noqa: N802  # the service's own name
        if not self.known:
            self.arrived.set()
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "only traces here")
        self.names |= {
            metric.name
            for group in request.resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
        }
        self.arrived.set()
        return metrics_service_pb2.ExportMetricsServiceResponse()


@pytest.fixture
def metrics(request):
    return Metrics(known=getattr(request, "param", True))


@pytest.fixture
def collector(metrics):
    server, traces = grpc.server(futures.ThreadPoolExecutor(max_workers=2)), Traces()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(traces, server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(metrics, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}", traces
    server.stop(grace=None)


def test_spans_arrive_over_grpc(collector, client, store):
    endpoint, traces = collector
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    ag.init(settings=read_settings(variables, service_name="wired", store=str(store), set_global=False))
    with ag.agent("planner"):
        client.chat.completions.create(**ASK)

    assert ag.shutdown()
    names = {
        span.name
        for request in traces.requests
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    }
    assert names == {"invoke_agent planner", "chat gpt-4o-mini"}


@pytest.mark.parametrize("metrics", [True, False], indirect=True, ids=["taken", "unknown"])
def test_the_outbox_tells_over_grpc_and_says_nothing_where_nobody_knows_metrics(
    collector, metrics, store, caplog
):
    caplog.set_level(logging.WARNING)
    endpoint, traces = collector
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    variables |= {"AGENTGAUGE_OUTBOX_METRICS": "0.2"}
    ag.init(settings=read_settings(variables, service_name="wired", store=str(store), set_global=False))
    ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)
    assert metrics.arrived.wait(10)

    assert ag.shutdown()
    told = {"agentgauge.outbox.spans", "agentgauge.outbox.age", "agentgauge.outbox.dropped"}
    assert metrics.names == (told if metrics.known else set())
    assert traces.requests
    assert [record.message for record in caplog.records if record.name.startswith("opentelemetry")] == []
