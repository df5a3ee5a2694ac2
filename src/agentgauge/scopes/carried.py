"""What is carried to where a task runs: the scope it was handed over in."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from agentgauge import ledger
from agentgauge.ledger import Account
from agentgauge.pipeline import runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.context import Context

    from agentgauge.call import Origin


@contextmanager
def attached(context: Context) -> Iterator[None]:
    """Runs what is inside in this context."""
    token = otel_context.attach(context)
    try:
        yield
    finally:
        # The public `detach` logs an error where the task has left another context behind.
        with suppress(ValueError, RuntimeError):
            otel_context._RUNTIME_CONTEXT.detach(token)  # noqa: SLF001


def context_here() -> Context | None:
    """The running context, if it says whose calls are; None outside of every scope and span of ours.

    Then a task is handed over as it is, and whoever uses OpenTelemetry without us sees no difference.
    """
    context = otel_context.get_current()
    if ledger.current(context) is not ledger.root:
        return context
    active, span = runtime.active(), trace.get_current_span(context)
    ours = active is not None and getattr(span, "resource", None) is active.provider.resource
    return context if ours else None


class InThread:
    """A function that runs in a context, whichever thread calls it."""

    __slots__ = ("__wrapped__", "_context")

    def __init__(self, function: Callable[..., Any], context: Context) -> None:
        self.__wrapped__ = function
        self._context = context

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        with attached(self._context):
            return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "__wrapped__":  # not set yet: copy and pickle make bare instances
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)


@dataclass(frozen=True, slots=True)
class Passport:
    """A scope as it crosses into another process: whose calls are, and the span that they are below."""

    origin: Origin
    trace_id: int
    span_id: int
    sampled: bool

    @classmethod
    def here(cls) -> Passport | None:
        """Of the running scope; None outside any."""
        context = context_here()
        if context is None:
            return None
        span = trace.get_current_span(context).get_span_context()
        return cls(ledger.current(context).origin, span.trace_id, span.span_id, span.trace_flags.sampled)

    def context(self) -> Context:
        """The scope over there. It is open as long as the task runs; its sums are that process's own."""
        context = ledger.with_account(Account(parent=ledger.root, origin=self.origin), otel_context.Context())
        flags = TraceFlags(TraceFlags.SAMPLED if self.sampled else TraceFlags.DEFAULT)
        span = SpanContext(self.trace_id, self.span_id, is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(span), context) if span.is_valid else context


@dataclass(frozen=True, slots=True)
class InProcess:
    """A function that runs in a scope of the process that handed it over."""

    function: Callable[..., Any]
    passport: Passport

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        with attached(self.passport.context()):
            return self.function(*args, **kwargs)
