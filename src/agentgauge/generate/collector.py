"""The config of agentgauge's own Collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.generate import environment as env
from agentgauge.generate.redaction import PATTERNS, redaction
from agentgauge.generate.text import Flow, to_yaml
from agentgauge.registry import METRICS, OPERATION, WITHOUT_USAGE
from agentgauge.registry_records import ENVIRONMENT, SERVICE

if TYPE_CHECKING:
    from agentgauge.registry_records import Label, Metric, Value, Where

_MIB = 1024 * 1024
_LARGEST_REQUEST_MIB = 64
_MEMORY_MIB, _MEMORY_SPIKE_MIB = 1024, 256
_TEMPO_CONSUMERS = 4


KEEP_SAMPLED = "genai/sampled"
"""The processor that drops what the sender's sampling does not keep; it was counted before."""


_ONLY_OUTBOXES = "filter/outboxes"
OUTBOXES = {
    "metrics/outboxes": {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", _ONLY_OUTBOXES, "redaction"],
        "exporters": ["otlp_http/prometheus"],
    }
}
"""The pipeline of what programs tell of their outboxes."""


def collector_config() -> str:
    """`collector/config.yaml`."""
    return to_yaml(
        collector_content(traces=[KEEP_SAMPLED]),
        "Settings are environment variables; docs/reference.md lists them.",
    )


def collector_content(*, traces: list[str]) -> dict[str, Any]:
    """The config with these processors between the counted spans and Tempo."""
    content = base()
    content["processors"] |= {
        "genai": {
            "content": {"keep": False, "masks": list(PATTERNS)},
            "providers": str(env.PROVIDERS),
            "memory": {"storage": "file_storage"},
        },
        "redaction": redaction(),
        # Content is gone by then.
        KEEP_SAMPLED: {"drop_unsampled": True, "content": {"keep": True}},
    }
    content["connectors"] = {"usage": _usage(), "forward": {}}
    content["service"] = service(
        {
            "traces": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "genai", "redaction"],
                "exporters": ["usage", "forward"],
            },
            "traces/tempo": {
                "receivers": ["forward"],
                "processors": traces,
                "exporters": ["otlp_grpc/tempo"],
            },
            "metrics": {"receivers": ["usage"], "exporters": ["otlp_http/prometheus"]},
            **OUTBOXES,
        }
    )
    return content


def base() -> dict[str, Any]:
    """Receivers, processors, exporters and extensions that both variants have."""
    return {
        "receivers": {"otlp": {"protocols": _protocols()}},
        "processors": {
            "memory_limiter": {
                "check_interval": "1s",
                "limit_mib": _MEMORY_MIB,
                "spike_limit_mib": _MEMORY_SPIKE_MIB,
            },
            _ONLY_OUTBOXES: {"error_mode": "ignore", "metrics": {"metric": [_other_metrics()]}},
        },
        "exporters": {
            "otlp_http/prometheus": {
                "endpoint": f"{env.PROMETHEUS_URL}/api/v1/otlp",
                # Requests of two flushes must not overtake each other.
                **_delivery(consumers=1),
            },
            "otlp_grpc/tempo": {
                "endpoint": str(env.TEMPO_OTLP),
                "tls": {"insecure": True},
                **_delivery(consumers=_TEMPO_CONSUMERS),
            },
        },
        "extensions": {
            "file_storage": {"directory": str(env.STORAGE), "create_directory": True},
            "health_check": {"endpoint": str(env.HEALTH)},
        },
    }


def _other_metrics() -> str:
    """A condition for what else programs send: no limit holds for its series."""
    names = (found.name for found in METRICS if found.written_by == "sdk")
    return " and ".join(f'name != "{name}"' for name in names)


def service(pipelines: dict[str, Any]) -> dict[str, Any]:
    """The service part: pipelines, and the Collector's own metrics for Prometheus to scrape."""
    reader = {
        "pull": {
            "exporter": {
                "prometheus": {"host": str(env.SELF_METRICS_HOST), "port": str(env.SELF_METRICS_PORT)}
            }
        }
    }
    return {
        "extensions": ["file_storage", "health_check"],
        "telemetry": {"metrics": {"level": "normal", "readers": [reader]}},
        "pipelines": pipelines,
    }


def _protocols() -> dict[str, Any]:
    return {
        "grpc": {"endpoint": str(env.OTLP_GRPC), "max_recv_msg_size_mib": _LARGEST_REQUEST_MIB},
        "http": {
            "endpoint": str(env.OTLP_HTTP),
            "max_request_body_size": _LARGEST_REQUEST_MIB * _MIB,
        },
    }


def _delivery(*, consumers: int) -> dict[str, Any]:
    """A queue on disk that gives nothing up; a full one refuses, so that the sender keeps what it has."""
    return {
        "retry_on_failure": {"max_elapsed_time": 0},
        "sending_queue": {
            "storage": "file_storage",
            "num_consumers": consumers,
            "sizer": "bytes",
            "queue_size": str(env.QUEUE_BYTES),
        },
    }


def _usage() -> dict[str, Any]:
    return {
        "storage": {"directory": f"{env.STORAGE}/usage"},
        "flush_interval": str(env.FLUSH_INTERVAL),
        "series_limit": str(env.SERIES_LIMIT),
        "resource_labels": [
            Flow(attribute=SERVICE, default="unknown_service"),
            Flow(attribute=ENVIRONMENT),
        ],
        "without_usage": _filter(WITHOUT_USAGE),
        "metrics": [_metric(metric) for metric in METRICS if metric.written_by == "spans"],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    assert metric.where is not None
    found: dict[str, Any] = {
        "name": metric.name,
        "description": metric.description,
        "unit": metric.unit,
        "type": metric.kind,
    }
    if metric.scale != 1:
        found["scale"] = metric.scale
    if metric.buckets:
        found["buckets"] = list(metric.buckets)
    found["filter"] = _filter(metric.where)
    if metric.where.uncertain:
        found["uncertain"] = True
    if metric.labels:
        found["labels"] = [_label(label) for label in metric.labels]
    if metric.fan_out:
        found["fan_out"] = Flow(names=metric.fan_out.names, label=metric.fan_out.label)
    found["values"] = [_value(value) for value in metric.values]
    return found


def _filter(where: Where) -> dict[str, Any]:
    conditions = [
        Flow({"attribute": OPERATION, "in": list(where.operations)}),
        *(Flow({"attribute": name, "in": list(values)}) for name, values in where.among),
        *(Flow(attribute=name, exists=True) for name in where.present),
        *(Flow(attribute=name, exists=False) for name in where.missing),
    ]
    found: dict[str, Any] = {"kinds": [where.kind]} if where.kind else {}
    found["attributes"] = conditions
    if where.arrived_after:
        found["arrived_after"] = where.arrived_after
    return found


def _label(label: Label) -> Flow:
    if label.reading == "end_month":
        return Flow({"label": label.name, "as": "end_month"})
    found = Flow(attribute=label.attribute)
    if label.name != label.attribute:
        found["label"] = label.name
    if label.default:
        found["default"] = label.default
    return found


def _value(value: Value) -> Flow:
    found = Flow()
    if value.attribute:
        found["attribute"] = value.attribute
    elif value.duration:
        found["duration"] = True
    elif value.one:
        found["constant"] = 1
    if value.labels:
        found["labels"] = Flow(value.labels)
    return found
