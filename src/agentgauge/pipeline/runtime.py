"""What `init` has built, for the parts that use it; None before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

    from agentgauge.config import Settings
    from agentgauge.pipeline.core import Pipeline
    from agentgauge.pipeline.sender import Sender


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of a running agentgauge; `auto` when `agentgauge run` started it, not the program."""

    settings: Settings
    provider: TracerProvider
    tracer: Tracer
    pipeline: Pipeline
    sender: Sender | None
    auto: bool = False


_active: Runtime | None = None


def active() -> Runtime | None:
    """The running parts; None before `init` and when telemetry is switched off."""
    return _active


def activate(runtime: Runtime | None) -> None:
    """Makes these the running parts."""
    global _active  # noqa: PLW0603  # the one place that holds them
    _active = runtime
