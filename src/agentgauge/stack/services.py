"""The services of the native stack: how each is started, and how it says that it is ready."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge.stack.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.stack.binaries import Found
    from agentgauge.stack.places import Places
    from agentgauge.stack.ports import Ports

TEMPO_VARIABLE = "AGENTGAUGE_TEMPO_OTLP"
OURS = "tempo"
"""`State.traces` when spans go to the stack's own Tempo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process to start.

    Attributes:
        name: of its log and in messages.
        command: its command line.
        environment: variables besides the user's own.
        ports: names of `Ports` that it listens on.
        ready: the URL that answers 200 once it is ready.
        ready_s, stop_s: how long it may take to be ready, and to stop.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: tuple[str, ...]
    ready: str
    ready_s: float = 60.0
    stop_s: float = 20.0


def collector(found: Found, places: Places, ports: Ports, *, traces: str | None) -> Service:
    """The Collector; `traces` is the Tempo that gets the spans: OURS, a host:port, or None."""
    configs = ["collector.yaml"] if traces else ["collector.yaml", "without-tempo.yaml"]
    return Service(
        name="collector",
        command=(str(found.path), *(f"--config={places.config / name}" for name in configs)),
        environment={
            "AGENTGAUGE_OTLP_GRPC": f"{HOST}:{ports.otlp_grpc}",
            "AGENTGAUGE_OTLP_HTTP": f"{HOST}:{ports.otlp_http}",
            "AGENTGAUGE_HEALTH": f"{HOST}:{ports.collector_health}",
            "AGENTGAUGE_SELF_METRICS_HOST": HOST,
            "AGENTGAUGE_SELF_METRICS_PORT": str(ports.collector_metrics),
            "AGENTGAUGE_PROMETHEUS_URL": f"http://{HOST}:{ports.prometheus}",
            TEMPO_VARIABLE: f"{HOST}:{ports.tempo_otlp}" if traces in {None, OURS} else str(traces),
            "AGENTGAUGE_STORAGE": str(places.data / "collector"),
        },
        ports=("otlp_http", "otlp_grpc", "collector_health", "collector_metrics"),
        ready=f"http://{HOST}:{ports.collector_health}/",
    )


def prometheus(found: Found, places: Places, ports: Ports) -> Service:
    """Prometheus, which takes metrics by OTLP."""
    return Service(
        name="prometheus",
        command=(
            str(found.path),
            f"--config.file={places.config / 'prometheus.yml'}",
            f"--storage.tsdb.path={places.data / 'prometheus'}",
            "--storage.tsdb.retention.time=90d",
            f"--web.listen-address={HOST}:{ports.prometheus}",
            # Links in alerts have it; the default is this machine's name, where nothing listens.
            f"--web.external-url=http://{HOST}:{ports.prometheus}",
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion",
        ),
        environment={},
        ports=("prometheus",),
        ready=f"http://{HOST}:{ports.prometheus}/-/ready",
    )


def alertmanager(found: Found, places: Places, ports: Ports) -> Service:
    """Alertmanager, alone: no cluster port."""
    return Service(
        name="alertmanager",
        command=(
            str(found.path),
            f"--config.file={places.config / 'alertmanager.yml'}",
            f"--storage.path={places.data / 'alertmanager'}",
            f"--web.listen-address={HOST}:{ports.alertmanager}",
            f"--web.external-url=http://{HOST}:{ports.alertmanager}",
            "--cluster.listen-address=",
        ),
        environment={},
        ports=("alertmanager",),
        ready=f"http://{HOST}:{ports.alertmanager}/-/ready",
    )


def tempo(found: Found, places: Places, ports: Ports) -> Service:
    """Tempo in one process; it takes a while to be ready, and most of a minute to stop."""
    return Service(
        name="tempo",
        command=(str(found.path), f"-config.file={places.config / 'tempo.yaml'}", "-config.expand-env=true"),
        environment={
            "TEMPO_ADDRESS": HOST,
            "TEMPO_HTTP_PORT": str(ports.tempo),
            "TEMPO_GRPC_PORT": str(ports.tempo_grpc),
            "TEMPO_OTLP_PORT": str(ports.tempo_otlp),
            "TEMPO_DATA": str(places.data / "tempo"),
        },
        ports=("tempo", "tempo_otlp", "tempo_grpc"),
        ready=f"http://{HOST}:{ports.tempo}/ready",
        ready_s=120.0,
        stop_s=90.0,
    )


def child_environment(service: Service) -> dict[str, str]:
    """The user's variables without OpenTelemetry's, which would redirect the stack's own telemetry."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**kept, **service.environment}
