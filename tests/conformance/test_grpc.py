"""OTLP over gRPC, to a real gRPC server."""

from concurrent import futures

import grpc
import pytest
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


@pytest.fixture
def collector():
    server, traces = grpc.server(futures.ThreadPoolExecutor(max_workers=2)), Traces()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(traces, server)
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
