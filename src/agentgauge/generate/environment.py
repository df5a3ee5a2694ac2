"""The variables that the generated Collector configs read: nothing in a config is edited by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the Collector's environment, its default, and what it is."""

    name: str
    default: str
    meaning: str

    def __str__(self) -> str:
        """As a Collector config refers to it."""
        return f"${{env:{self.name}:-{self.default}}}"


OTLP_GRPC = Variable("AGENTGAUGE_OTLP_GRPC", "127.0.0.1:4317", "host:port that receives OTLP over gRPC")
OTLP_HTTP = Variable("AGENTGAUGE_OTLP_HTTP", "127.0.0.1:4318", "host:port that receives OTLP over HTTP")
HEALTH = Variable("AGENTGAUGE_HEALTH", "127.0.0.1:13133", "host:port of the health check")
SELF_METRICS_HOST = Variable(
    "AGENTGAUGE_SELF_METRICS_HOST", "127.0.0.1", "host that serves the Collector's own metrics"
)
SELF_METRICS_PORT = Variable("AGENTGAUGE_SELF_METRICS_PORT", "8888", "port of the Collector's own metrics")
PROMETHEUS_URL = Variable(
    "AGENTGAUGE_PROMETHEUS_URL", "http://127.0.0.1:9090", "Prometheus; OTLP goes to /api/v1/otlp below it"
)
TEMPO_OTLP = Variable(
    "AGENTGAUGE_TEMPO_OTLP", "127.0.0.1:14317", "host:port where Tempo receives OTLP over gRPC"
)
STORAGE = Variable("AGENTGAUGE_STORAGE", "agentgauge-storage", "folder that is kept over restarts")
FLUSH_INTERVAL = Variable("AGENTGAUGE_FLUSH_INTERVAL", "15s", "time between two exports of all series")
SERIES_LIMIT = Variable("AGENTGAUGE_SERIES_LIMIT", "10000", "series of each metric; more share one")
QUEUE_BYTES = Variable("AGENTGAUGE_QUEUE_BYTES", "268435456", "size of each sending queue on disk")
PROVIDERS = Variable(
    "AGENTGAUGE_COLLECTOR_PROVIDERS",
    "null",
    'who serves a host that no public price list has, for spans without a price: `{"llm.corp:8000": openai}`',
)
TAIL_WAIT = Variable(
    "AGENTGAUGE_TAIL_WAIT",
    "30s",
    "config.tail-sampling.yaml only: time from a trace's first span to its decision",
)
TAIL_PERCENT = Variable(
    "AGENTGAUGE_TAIL_PERCENT", "10", "config.tail-sampling.yaml only: share of ordinary traces that is kept"
)

VARIABLES = (
    OTLP_GRPC,
    OTLP_HTTP,
    HEALTH,
    SELF_METRICS_HOST,
    SELF_METRICS_PORT,
    PROMETHEUS_URL,
    TEMPO_OTLP,
    STORAGE,
    FLUSH_INTERVAL,
    SERIES_LIMIT,
    QUEUE_BYTES,
)
OWN_VARIABLES = (PROVIDERS,)
"""Only for our own Collector."""
TAIL_VARIABLES = (TAIL_WAIT, TAIL_PERCENT)
