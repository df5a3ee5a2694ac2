"""Living beside another tracing set-up of the program: what is theirs stays as it is.

Where a span of theirs is current, ours never takes its place: attributes that the program sets land where
they always did, and the spans that it opens keep their parents. Ours are known by a key of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from agentgauge import semconv
from agentgauge.pipeline import runtime

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_OURS = otel_context.create_key("agentgauge.span")
_OUTSIDE = otel_context.create_key("agentgauge.outside")
_KNOWN_BY_START = ("sentry_sdk.",)
"""Packages whose processors take a span's end only where they saw its start, as ours they never do."""


def anybody() -> bool:
    """Whether the program has a tracing set-up of its own."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def their_provider() -> TracerProvider | None:
    """The program's own SDK provider, if there is one."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = getattr(provider, "provider", None)  # type: ignore[assignment]  # Logfire's, around the SDK's
    return provider if isinstance(provider, TracerProvider) else None


def takes_ours() -> TracerProvider | None:
    """The program's provider, where our spans are to be handed to it and it can take them."""
    active = runtime.active()
    if active is None or not active.settings.forward_spans:
        return None
    provider = their_provider()
    if provider is None:
        return None
    processors = getattr(provider._active_span_processor, "_span_processors", ())  # noqa: SLF001  # no public list
    blind = any(type(processor).__module__.startswith(_KNOWN_BY_START) for processor in processors)
    return None if blind else provider


def entered(span: Span, context: Context) -> Context:
    """A context whose innermost span is `span` of ours."""
    if not anybody():
        return trace.set_span_in_context(span, context)
    current = trace.get_current_span(context)
    if not _is_theirs(current) and takes_ours() is not None:
        return trace.set_span_in_context(span, context)  # nothing of theirs gives way, and it is one trace
    return otel_context.set_value(_OURS, (span, current), context)


def _is_theirs(span: Span) -> bool:
    context, scope = span.get_span_context(), getattr(span, "instrumentation_scope", None)
    ours = scope is not None and scope.name == semconv.SCOPE_NAME
    return context.is_valid and not context.is_remote and not ours


def ours_beside(context: Context | None = None) -> Span | None:
    """The innermost span of ours that gave way to one of theirs, whatever they have opened since."""
    ours = otel_context.get_value(_OURS, context)
    return ours[0] if isinstance(ours, tuple) else None


def innermost(context: Context | None = None) -> Span:
    """The innermost span, ours or theirs."""
    current, ours = trace.get_current_span(context), otel_context.get_value(_OURS, context)
    if isinstance(ours, tuple) and ours[1] is current:
        span: Span = ours[0]
        return span
    return current


def beginning(context: Context | None) -> Context | None:
    """The context in which a span of ours begins: below the innermost one, and knowing whose was current."""
    current = trace.get_current_span(context)
    if not anybody():
        return context
    within = trace.set_span_in_context(innermost(context), context)
    return otel_context.set_value(_OUTSIDE, current, within)


def outside(context: Context | None) -> Span | None:
    """The span that was current where a span of ours began; None where ours may be current itself."""
    found = otel_context.get_value(_OUTSIDE, context)
    return found if isinstance(found, trace.Span) else None


def stepped_back(span: Span, theirs: Span) -> Context:
    """The running context with `theirs` current and `span` of ours beside it."""
    return otel_context.set_value(_OURS, (span, theirs), trace.set_span_in_context(theirs))
