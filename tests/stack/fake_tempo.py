"""Takes spans by gRPC in the place of Tempo, or refuses them."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from agentgauge.stack.ports import parse_ports
from otlp import attributes

LARGEST = 64 * 1024 * 1024


def free_port():
    return parse_ports(["auto"]).tempo_otlp


class FakeTempo(TraceServiceServicer):
    """Listens for the block; `refuses_with` is the status that it answers, None takes spans.

    `retry_after_s` is what it says of when to come again.
    """

    def __init__(self, port, refuses_with=None, retry_after_s=None):
        self.refuses_with, self.retry_after_s = refuses_with, retry_after_s
        self.requests, self.refused = [], 0
        self._server = grpc.server(
            ThreadPoolExecutor(4),
            options=[("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0)],
        )
        add_TraceServiceServicer_to_server(self, self._server)
        assert self._server.add_insecure_port(f"127.0.0.1:{port}") == port

    def Export(self, request, context):  # noqa: N802  # gRPC's name
        if self.refuses_with is not None:
            self.refused += 1
            if self.retry_after_s is not None:
                context.set_trailing_metadata([("grpc-status-details-bin", self._details())])
            context.abort(self.refuses_with, "refused by the test")
        self.requests.append(request)
        return ExportTraceServiceResponse()

    def _details(self):
        again = RetryInfo()
        again.retry_delay.FromNanoseconds(int(self.retry_after_s * 10**9))
        status = Status(code=self.refuses_with.value[0], message="refused by the test")
        status.details.add().Pack(again)
        return status.SerializeToString()

    def spans(self):
        """All that came, as protobuf."""
        return [
            span
            for request in list(self.requests)
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]

    def ids(self):
        return [(span.trace_id, span.span_id) for span in self.spans()]

    def attributes(self):
        return [attributes(span.attributes) for span in self.spans()]

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(grace=0).wait()
