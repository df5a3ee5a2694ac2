"""A small OTLP/HTTP receiver: what really went over the wire."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver(ThreadingHTTPServer):
    """Collects the spans and the metrics that are posted to it.

    `status` is what it answers to spans, `metrics_status` to metrics.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.status = self.metrics_status = 200
        self.bodies = []
        self.metric_bodies = []
        self.arrived = threading.Condition()

    def spans(self):
        """(resource, span) of all that was acknowledged, as plain dicts, in order of their start."""
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest.FromString(body)
            for group in request.resource_spans:
                resource = attributes(group.resource.attributes)
                found += [
                    {
                        "resource": resource,
                        "scope": scope.scope.name,
                        "name": span.name,
                        "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                        "id": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "trace": span.trace_id.hex(),
                        "start": span.start_time_unix_nano,
                        "error": span.status.code == 2,
                        "attributes": attributes(span.attributes),
                        "events": [(event.name, attributes(event.attributes)) for event in span.events],
                    }
                    for scope in group.scope_spans
                    for span in scope.spans
                ]
        return sorted(found, key=lambda span: span["start"])

    def points(self, name):
        """[(resource, attributes, value)] of a metric, in the order of their arrival."""
        groups = [
            group
            for body in self.metric_bodies
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics
        ]
        return [
            (attributes(group.resource.attributes), attributes(point.attributes), _number(point))
            for group in groups
            for scope in group.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in getattr(metric, metric.WhichOneof("data")).data_points
        ]

    def status_for(self, body):
        """What is answered to a request; for receivers that look at what they are sent."""
        return self.status

    def status_for_metrics(self, body):
        """The same for a request of metrics."""
        return self.metrics_status

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        of_metrics = self.path.endswith("/v1/metrics")
        status = self.server.status_for_metrics(body) if of_metrics else self.server.status_for(body)
        with self.server.arrived:
            if status == 200:
                (self.server.metric_bodies if of_metrics else self.server.bodies).append(body)
            self.server.arrived.notify_all()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def attributes(pairs):
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind)


def _number(point):
    return getattr(point, point.WhichOneof("value"))


def tree(spans, *names):
    """The spans as an indented tree, with some of their attributes."""
    children = {}
    ids = {span["id"] for span in spans}
    for span in spans:
        parent = span["parent"] if span["parent"] in ids else ""
        children.setdefault(parent, []).append(span)

    def lines(parent, depth):
        for span in children.get(parent, []):
            shown = [
                f"{n.rsplit('.', 1)[-1]}={span['attributes'][n]}" for n in names if n in span["attributes"]
            ]
            mark = " ERROR" if span["error"] else ""
            yield "  " * depth + f"{span['name']} [{span['kind']}]{mark} {' '.join(shown)}".rstrip()
            yield from lines(span["id"], depth + 1)

    return "\n".join(lines("", 0)) + "\n"
