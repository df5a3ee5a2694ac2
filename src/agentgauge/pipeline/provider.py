"""Our own TracerProvider: nothing is cut, and nothing is sampled away before it is counted."""

from __future__ import annotations

# OpenTelemetry's provider uses a thread pool in its fork hook. The pool's module takes a lock at each fork
# and gives it back in hooks that run in the order of their registration: imported after the provider was
# made, every forked child would wait for that lock for ever.
import concurrent.futures.thread  # noqa: F401
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

from agentgauge._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind
    from opentelemetry.trace.span import TraceState
    from opentelemetry.util.types import Attributes

    from agentgauge.config import Settings
    from agentgauge.pipeline.processor import GaugeProcessor


class CountingSampler(Sampler):
    """Asks the user's sampler and turns its DROP into RECORD_ONLY.

    The span is counted, `agentgauge.sampled` says that it was not chosen, and the traceparent that goes
    out stays unsampled.
    """

    def __init__(self, inner: Sampler) -> None:
        self._inner = inner

    def should_sample(  # noqa: D102  # the interface is OpenTelemetry's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        result = self._inner.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )
        if result.decision is Decision.DROP:
            return SamplingResult(Decision.RECORD_ONLY, result.attributes, result.trace_state)
        return result

    def get_description(self) -> str:  # noqa: D102  # the interface is OpenTelemetry's
        return f"CountingSampler({self._inner.get_description()})"


def resource_of(settings: Settings) -> Resource:
    """The OTLP resource of this process."""
    named: dict[str, str] = {**settings.resource_attributes, "service.name": settings.service_name}
    if settings.environment:
        named["deployment.environment.name"] = settings.environment
    if settings.release:
        named["service.version"] = settings.release
    return Resource(
        {
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.distro.name": "agentgauge",
            "telemetry.distro.version": __version__,
            **named,
        }
    )


def make_provider(settings: Settings, processor: GaugeProcessor, sampler: Sampler | None) -> TracerProvider:
    """A provider without limits, whose only processor is ours.

    `sampler` is that of the user's own provider; without one the standard variables decide.
    """
    unlimited = SpanLimits.UNSET
    provider = TracerProvider(
        sampler=None,
        resource=resource_of(settings),
        shutdown_on_exit=False,
        span_limits=SpanLimits(
            max_attributes=unlimited,
            max_events=unlimited,
            max_links=unlimited,
            max_span_attributes=unlimited,
            max_event_attributes=unlimited,
            max_link_attributes=unlimited,
            max_attribute_length=unlimited,
            max_span_attribute_length=unlimited,
        ),
    )
    # The constructor has read OTEL_TRACES_SAMPLER; whichever sampler it chose is asked through ours.
    provider.sampler = CountingSampler(sampler or provider.sampler)
    provider.add_span_processor(processor)
    return provider
