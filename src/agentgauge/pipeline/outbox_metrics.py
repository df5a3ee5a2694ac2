"""The outbox's state as OTLP metrics, and the exporter that sends them.

Loaded by the thread that tells, when it tells for the first time: OpenTelemetry's metrics take 0.1 s, and a
program that ends before needs none of them. There is no meter and no provider, so the program's own metrics
never see ours.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from agentgauge import semconv
from agentgauge._version import __version__
from agentgauge.pipeline.provider import without_metrics
from agentgauge.registry import OUTBOX_REASON, metric
from agentgauge.registry_records import ENVIRONMENT, SERVICE
from agentgauge.store.telling import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.sdk.metrics.export import MetricExporter

    from agentgauge.store.telling import OutboxState

INSTANCE = "service.instance.id"


def metrics_of(states: Iterable[OutboxState]) -> MetricsData:
    """One resource a service, as the Collector's own usage metrics have it."""
    now_ns = time.time_ns()
    return MetricsData(resource_metrics=[_of_service(state, now_ns) for state in states])


def _of_service(state: OutboxState, now_ns: int) -> ResourceMetrics:
    named = {SERVICE: state.service, ENVIRONMENT: state.environment, INSTANCE: state.outbox_id}
    resource = Resource({name: value for name, value in named.items() if value})
    dropped = [
        _point(now_ns, state.dropped.get(reason, 0), {OUTBOX_REASON.name: reason}) for reason in REASONS
    ]
    metrics = [
        _metric("agentgauge.outbox.spans", Gauge([_point(now_ns, state.waiting)])),
        _metric("agentgauge.outbox.age", Gauge([_point(now_ns, state.age_s)])),
        _metric(
            "agentgauge.outbox.dropped",
            Sum(dropped, aggregation_temporality=AggregationTemporality.CUMULATIVE, is_monotonic=True),
        ),
    ]
    scope = InstrumentationScope(semconv.SCOPE_NAME, __version__)
    return ResourceMetrics(resource, [ScopeMetrics(scope, metrics, schema_url="")], schema_url="")


def _metric(name: str, data: Gauge | Sum) -> Metric:
    found = metric(name)
    return Metric(name, found.description, found.unit, data)


def _point(now_ns: int, value: float, attributes: Mapping[str, str] | None = None) -> NumberDataPoint:
    # The start of a sum that several processes go on with is not known: 0 says so.
    return NumberDataPoint(attributes or {}, start_time_unix_nano=0, time_unix_nano=now_ns, value=value)


def make_exporter(protocol: str, endpoint: str) -> MetricExporter:
    """The standard exporter; headers, certificates and timeouts come from the OTEL_* variables."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415  # an extra
            OTLPMetricExporter as Grpc,
        )

        insecure = None if endpoint.startswith("https") else True
        return Grpc(endpoint=endpoint, insecure=insecure, **without_metrics(Grpc))
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415  # only for this one
        OTLPMetricExporter as Http,
    )

    return Http(endpoint=endpoint, **without_metrics(Http))
