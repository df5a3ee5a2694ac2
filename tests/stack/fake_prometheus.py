"""Takes metrics by OTLP in the place of Prometheus, or answers what it is told to."""

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otlp import Receiver, attributes

OK = 200
INPUT = "gen_ai.client.inference.usage.input_tokens"


class FakePrometheus(Receiver):
    """`metrics_status` is what it answers; it keeps what it answers 200, `refused` has the others."""

    def __init__(self):
        super().__init__()
        self.refused = []

    def status_for_metrics(self, body):
        if self.metrics_status != OK:
            self.refused.append(body)
        return self.metrics_status

    def came_again(self):
        """How many of the refused bodies were sent again and kept."""
        return len(set(self.refused) & set(self.metric_bodies))

    def input_tokens(self):
        return self.total(INPUT)

    def total(self, name):
        """The newest value of each series of a counter, summed: what Prometheus would show."""
        newest = {}
        for body in list(self.metric_bodies):
            for labels, point in _points(body, name):
                newest[labels] = max(newest.get(labels, (0, 0)), (point.time_unix_nano, point.as_int))
        return sum(value for _, value in newest.values())


def _points(body, name):
    for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                if metric.name == name:
                    for point in metric.sum.data_points:
                        yield tuple(sorted(attributes(point.attributes).items())), point
