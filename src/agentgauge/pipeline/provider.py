"""Our own TracerProvider: nothing is cut, and nothing is sampled away before it is counted."""

from __future__ import annotations

# OpenTelemetry's provider uses a thread pool in its fork hook. The pool's module takes a lock at each fork
# and gives it back in hooks that run in the order of their registration: imported after the provider was
# made, every forked child would wait for that lock for ever.
import concurrent.futures.thread  # noqa: F401
import inspect
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.util._decorator import _agnosticcontextmanager

from agentgauge._version import __version__
from agentgauge.pipeline import neighbours, runtime
from agentgauge.pipeline.ids import OwnIds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind
    from opentelemetry.trace.span import TraceState
    from opentelemetry.util.types import Attributes

    from agentgauge.config import Settings
    from agentgauge.pipeline.processor import GaugeProcessor


class CountingSampler(Sampler):
    """Asks the user's sampler and turns its DROP into RECORD_ONLY.

    The span is counted, `agentgauge.sampled` says that it was not chosen, and the traceparent that goes
    out stays unsampled. Below a span of the user's its choice holds: a sampler that allows so many traces
    a second is not asked twice. `inner` decides where the user has no provider.
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
        theirs = neighbours.their_provider()
        parent = trace.get_current_span(parent_context).get_span_context()
        if theirs is not None and parent.is_valid:
            chosen = Decision.RECORD_AND_SAMPLE if parent.trace_flags.sampled else Decision.RECORD_ONLY
            return SamplingResult(chosen, attributes, parent.trace_state)
        sampler = self._inner if theirs is None else theirs.sampler
        result = sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)
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


class GaugeTracer(trace.Tracer):
    """Begins spans below the innermost one, whether that is ours or the user's."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._agentgauge_tracer = tracer

    def start_span(self, name: str, context: Context | None = None, *args: Any, **how: Any) -> trace.Span:
        """As OpenTelemetry's."""
        return self._agentgauge_tracer.start_span(name, neighbours.beginning(context), *args, **how)

    @_agnosticcontextmanager
    def start_as_current_span(
        self, name: str, context: Context | None = None, *args: Any, **how: Any
    ) -> Iterator[trace.Span]:
        """As OpenTelemetry's."""
        within = neighbours.beginning(context)
        with self._agentgauge_tracer.start_as_current_span(name, within, *args, **how) as span:
            yield span


class GaugeProvider(TracerProvider):
    """A provider whose tracers live beside the user's."""

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """As OpenTelemetry's."""
        return GaugeTracer(super().get_tracer(*args, **kwargs))


class RunningProvider(trace.TracerProvider):
    """The provider of whichever agentgauge is running: for what is put into the client once a process."""

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """A tracer that finds the running provider at each span."""
        return _RunningTracer(args, kwargs)


class _RunningTracer(trace.Tracer):
    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._agentgauge_asked = (args, kwargs)

    def start_span(self, *args: Any, **kwargs: Any) -> trace.Span:
        active = runtime.active()
        if active is None:
            return trace.INVALID_SPAN
        asked, how = self._agentgauge_asked
        return active.provider.get_tracer(*asked, **how).start_span(*args, **kwargs)

    @_agnosticcontextmanager
    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Iterator[trace.Span]:
        with trace.use_span(self.start_span(*args, **kwargs), end_on_exit=True) as span:
            yield span


def without_metrics(maker: type) -> dict[str, Any]:
    """Arguments that keep OpenTelemetry's metrics about itself, where it has any, off the user's meters."""
    known = "meter_provider" in inspect.signature(maker).parameters
    return {"meter_provider": NoOpMeterProvider()} if known else {}


def make_provider(settings: Settings, processor: GaugeProcessor) -> TracerProvider:
    """A provider without limits, whose only processor is ours."""
    unlimited = SpanLimits.UNSET
    provider = GaugeProvider(
        sampler=None,
        resource=resource_of(settings),
        shutdown_on_exit=False,
        id_generator=OwnIds(),
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
        **without_metrics(TracerProvider),
    )
    # The constructor has read OTEL_TRACES_SAMPLER; whichever sampler it chose is asked through ours.
    provider.sampler = CountingSampler(provider.sampler)
    provider.add_span_processor(processor)
    return provider
