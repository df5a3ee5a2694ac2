"""The pipeline's own health."""

from scenario import Fires, Scenario, rising, series


def fires(indicator, severity, summary, **labels):
    return [Fires(labels={"severity": severity, "indicator": indicator} | labels, summary=summary)]


def loss(name, values, reason, summary_value, **labels):
    return Scenario(
        name=f"{reason}, and none any more",
        alert="TelemetryLoss",
        series=series(name, values, **labels),
        active={
            "10m": fires(
                "telemetry_loss",
                "warning",
                f"Telemetry is not exact: {summary_value} {reason} in the last 15m.",
                reason=reason,
            ),
            "40m": [],
        },
    )


def dropped(why, reason):
    labels = {"service_name": "shop", "agentgauge_outbox_reason": why}
    return loss("agentgauge_outbox_dropped_total", "_x4 7x60", reason, 7, **labels)


HEALTH_SCENARIOS = [
    loss("otelcol_receiver_refused_spans", "0x4 7x60", "refused spans", 7, receiver="otlp"),
    loss("otelcol_receiver_failed_spans", "0x4 7x60", "failed spans", 7, receiver="otlp"),
    loss("otelcol_exporter_send_failed_spans", "_x4 7x60", "spans not sent", 7, exporter="otlp"),
    loss("otelcol_exporter_enqueue_failed_spans", "_x4 7x60", "spans not queued", 7, exporter="otlp"),
    loss("otelcol_exporter_send_failed_metric_points", "_x4 7x60", "metric points not sent", 7),
    loss("otelcol_exporter_enqueue_failed_metric_points", "_x4 7x60", "metric points not queued", 7),
    loss("otelcol_usage_storage_errors", "0x4 7x60", "storage errors", 7),
    loss("otelcol_genai_counted_twice_calls", "0x4 7x60", "calls counted twice", 7, processor="genai"),
    loss("agentgauge_uncertain_calls_total", "0x4 7x60", "uncertain calls", 7, service_name="shop"),
    dropped("full", "spans dropped by a full outbox"),
    dropped("refused", "spans that the endpoint refused"),
    dropped("unreadable", "spans that nobody can read"),
    Scenario(
        name="a Collector that begins again at 0 lost nothing",
        alert="TelemetryLoss",
        series=series("otelcol_receiver_refused_spans", "7x30 0x30"),
        active={"25m": [], "45m": []},
    ),
    Scenario(
        name="a queue above 80 %, another at it",
        alert="TelemetryBacklog",
        series=series("otelcol_exporter_queue_size", "90x20 10x20", exporter="a", data_type="traces")
        | series("otelcol_exporter_queue_size", "80x40", exporter="b", data_type="metrics")
        | series("otelcol_exporter_queue_capacity", "100x40", exporter="a", data_type="traces")
        | series("otelcol_exporter_queue_capacity", "100x40", exporter="b", data_type="metrics"),
        active={
            "1m": [],
            "15m": fires(
                "telemetry_backlog",
                "warning",
                "The Collector's queue a traces is 90% full, above 80%.",
                queue="a traces",
            ),
            "35m": [],
        },
    ),
    Scenario(
        name="spans that wait for over ten minutes",
        alert="TelemetryBacklog",
        series=series("agentgauge_outbox_age_seconds", "660x20 0x20", service_name="shop")
        | series("agentgauge_outbox_age_seconds", "600x40", service_name="desk"),
        active={
            "15m": fires(
                "outbox_age",
                "warning",
                "Spans of shop wait for 11m 0s to be sent, above 10m 0s.",
                service_name="shop",
            ),
            "35m": [],
        },
    ),
    Scenario(
        name="a metric with too many series",
        alert="SeriesOverflow",
        series=series("otelcol_usage_overflow_values", "_x4 5x40", metric="agentgauge.calls"),
        active={
            "10m": fires(
                "series_overflow",
                "warning",
                "agentgauge.calls has more series than the Collector keeps: 5 values of the last 15m lost "
                "their labels; totals hold.",
                metric="agentgauge.calls",
            ),
            "40m": [],
        },
    ),
    Scenario(
        name="a heart that beats",
        alert="TelemetryStopped",
        series=series("otelcol_usage_heartbeat", rising(4, 60), instance="c:1"),
        active={"10m": [], "59m": []},
    ),
    Scenario(
        name="a heart that stands still, and beats again",
        alert="TelemetryStopped",
        series=series("otelcol_usage_heartbeat", "0+4x20 80x20 84+4x20", instance="c:1"),
        active={
            "35m": fires(
                "telemetry_stopped",
                "critical",
                "The Collector has not counted for 5m: nothing here is up to date.",
                instance="c:1",
            ),
            "55m": [],
        },
    ),
    Scenario(
        name="no heart at all",
        alert="TelemetryStopped",
        series={},
        active={
            "10m": fires(
                "telemetry_stopped",
                "critical",
                "The Collector has not counted for 5m: nothing here is up to date.",
            )
        },
    ),
    Scenario(
        name="always",
        alert="Watchdog",
        series={},
        active={
            "5m": fires(
                "watchdog",
                "none",
                "Alerts are evaluated. This one always fires: its absence is the news.",
            )
        },
    ),
]
