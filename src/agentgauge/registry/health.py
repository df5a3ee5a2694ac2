"""Whether the telemetry itself is whole: what was lost, what waits, and whether anything is alive."""

from __future__ import annotations

from agentgauge.registry.metrics import OUTBOX_REASON, metric
from agentgauge.registry_records import SERVICE_LABEL, Alert, Indicator, prometheus_label

HEARTBEAT, OVERFLOW = "otelcol_usage_heartbeat", "otelcol_usage_overflow_values"
_DROPPED, _WHY = metric("agentgauge.outbox.dropped").prometheus_name, prometheus_label(OUTBOX_REASON.name)
_QUEUE = "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity"
LOST = (
    ("refused spans", "otelcol_receiver_refused_spans"),
    ("failed spans", "otelcol_receiver_failed_spans"),
    ("spans not sent", "otelcol_exporter_send_failed_spans"),
    ("spans not queued", "otelcol_exporter_enqueue_failed_spans"),
    ("metric points not sent", "otelcol_exporter_send_failed_metric_points"),
    ("metric points not queued", "otelcol_exporter_enqueue_failed_metric_points"),
    ("storage errors", "otelcol_usage_storage_errors"),
    ("calls counted twice", "otelcol_genai_counted_twice_calls"),
    ("uncertain calls", metric("agentgauge.uncertain.calls").prometheus_name),
    ("spans dropped by a full outbox", f'{_DROPPED}{{{{{_WHY}="full"}}}}'),
    ("spans that the endpoint refused", f'{_DROPPED}{{{{{_WHY}="refused"}}}}'),
    ("spans that nobody can read", f'{_DROPPED}{{{{{_WHY}="unreadable"}}}}'),
)
"""What is lost and the counter that says so, as a template; the Collector's own have no suffix."""


def _grown(name: str) -> str:
    """What a counter grew by, with the first value of a series that was not there before the window."""
    first = f"min_over_time({name}[{{window}}])"
    return f"increase({name}[{{window}}]) + ({first} unless {name} offset {{window}} or 0 * {first})"


_LOSS = "\nor\n".join(
    f'label_replace(sum ({_grown(name)}), "reason", "{what}", "", "")' for what, name in LOST
)

HEALTH = (
    Indicator(
        name="telemetry_loss",
        unit="count",
        definition="what was refused, not sent, not stored, counted twice or counted apart, by reason",
        query=_LOSS,
        window="15m",
        by=("reason",),
        dimensions=(),
        alert=Alert(
            name="TelemetryLoss",
            severity="warning",
            summary="Telemetry is not exact: {value} {reason} in the last {window}.",
            threshold=0,
            hold="1m",
        ),
    ),
    Indicator(
        name="telemetry_backlog",
        unit="ratio",
        definition="size of a sending queue of the Collector / its capacity",
        query=f'max by (queue) (label_join({_QUEUE}, "queue", " ", "exporter", "data_type"))',
        by=("queue",),
        dimensions=(),
        alert=Alert(
            name="TelemetryBacklog",
            severity="warning",
            summary="The Collector's queue {queue} is {value} full, above {threshold}.",
            threshold=0.80,
            hold="2m",
        ),
    ),
    Indicator(
        name="outbox_age",
        unit="s",
        definition="age of the oldest span that waits on a machine to be sent",
        query=f"max by ({SERVICE_LABEL}) ({metric('agentgauge.outbox.age').prometheus_name})",
        by=("service",),
        dimensions=("service",),
        alert=Alert(
            name="TelemetryBacklog",
            severity="warning",
            summary="Spans of {service} wait for {value} to be sent, above {threshold}.",
            threshold=600,
            hold="2m",
        ),
    ),
    Indicator(
        name="series_overflow",
        unit="count",
        definition="values that went to an overflow series, by metric",
        query=f"sum by (metric) ({_grown(OVERFLOW)})",
        window="15m",
        by=("metric",),
        dimensions=(),
        alert=Alert(
            name="SeriesOverflow",
            severity="warning",
            summary="{metric} has more series than the Collector keeps: {value} values of the last {window} "
            "lost their labels; totals hold.",
            threshold=0,
            hold="1m",
        ),
    ),
    Indicator(
        name="telemetry_stopped",
        unit="count",
        definition="1 where the Collector's heartbeat is absent or stands still",
        query=f"absent_over_time({HEARTBEAT}[{{window}}])\nor\n"
        f"sum by (instance) (increase({HEARTBEAT}[{{window}}])) == bool 0 > 0",
        window="5m",
        by=("instance",),
        dimensions=(),
        alert=Alert(
            name="TelemetryStopped",
            severity="critical",
            summary="The Collector has not counted for {window}: nothing here is up to date.",
            threshold=0,
            hold="30s",
            fixed=True,
        ),
    ),
    Indicator(
        name="watchdog",
        unit="count",
        definition="always 1",
        query="vector(1)",
        by=(),
        dimensions=(),
        alert=Alert(
            name="Watchdog",
            severity="none",
            summary="Alerts are evaluated. This one always fires: its absence is the news.",
            threshold=0,
            hold="30s",
            fixed=True,
        ),
    ),
)
