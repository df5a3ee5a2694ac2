"""The Collector's metrics about itself, as Prometheus scrapes them, and queries over them."""

from __future__ import annotations

from agentgauge.generate.queries import RANGE, STEP

ACCEPTED, REFUSED, FAILED = (f"otelcol_receiver_{kind}_spans" for kind in ("accepted", "refused", "failed"))
NOT_SENT_SPANS, NOT_SENT_POINTS = (
    f"otelcol_exporter_send_failed_{kind}" for kind in ("spans", "metric_points")
)
COUNTED, DUPLICATE, REPLAY = (f"otelcol_usage_{kind}_spans" for kind in ("counted", "duplicate", "replay"))
REFUSED_POINTS, STORAGE_ERRORS, OVERFLOW, HEARTBEAT = (
    f"otelcol_usage_{kind}"
    for kind in ("flush_refused_points", "storage_errors", "overflow_values", "heartbeat")
)
COMMITS = "otelcol_usage_commit_duration"
COUNTERS = (
    *(ACCEPTED, REFUSED, FAILED, NOT_SENT_SPANS, NOT_SENT_POINTS),
    *(COUNTED, DUPLICATE, REPLAY, REFUSED_POINTS, STORAGE_ERRORS, OVERFLOW, HEARTBEAT),
)

QUEUE_SIZE, QUEUE_CAPACITY = (f"otelcol_exporter_queue_{kind}" for kind in ("size", "capacity"))
SERIES, SERIES_IDLE = "otelcol_usage_series", "otelcol_usage_series_idle"
WINDOW, STORAGE_BYTES = "otelcol_usage_duplicate_window_ids", "otelcol_usage_storage_bytes"
GAUGES = (QUEUE_SIZE, QUEUE_CAPACITY, SERIES, SERIES_IDLE, WINDOW, STORAGE_BYTES)


def grown(*names: str) -> str:
    """What counters grew by in the chosen time, all together; 0 where they do not exist yet.

    Unlike usage, these begin again at 0 with the Collector, so it is `increase`, rounded.
    """
    return " + ".join(f"(round(sum(increase({name}[{RANGE}]))) or vector(0))" for name in names)


def per_second(*names: str) -> str:
    """The rate of counters, all together; 0 where they do not exist yet."""
    return " + ".join(f"(sum(rate({name}[{STEP}])) or vector(0))" for name in names)


def commit_quantile(q: float) -> str:
    """A quantile of the time of a commit, in seconds."""
    return f"histogram_quantile({q}, sum by (le) (rate({COMMITS}_bucket[{STEP}]))) >= 0"


def queues() -> str:
    """How full each queue is, named by its exporter and what it carries."""
    return f'label_join({QUEUE_SIZE} / {QUEUE_CAPACITY}, "queue", " ", "exporter", "data_type")'
