"""OpenTelemetry's global provider, lent to us for as long as nobody else wants the place.

`trace.set_tracer_provider` works once a process. Were it used for our provider, a program that sets up its
own tracing after `init` would be refused, and its exporter would stay empty. So ours stands in without
using it up, looks to everyone like the proxy that it takes the place of, and is gone when theirs comes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.util._decorator import _agnosticcontextmanager

if TYPE_CHECKING:
    from collections.abc import Iterator


def lend_global(provider: trace.TracerProvider) -> None:
    """Makes `provider` the global one where nobody has set one."""
    with _setting():
        if trace._TRACER_PROVIDER is None:  # noqa: SLF001  # no public way leaves the place free
            trace._TRACER_PROVIDER = _Lent(provider)  # noqa: SLF001


def take_back_global() -> None:
    """Leaves the place as it was before."""
    with _setting():
        if isinstance(trace._TRACER_PROVIDER, _Lent):  # noqa: SLF001
            trace._TRACER_PROVIDER = None  # noqa: SLF001


@contextmanager
def _setting() -> Iterator[None]:
    with trace._TRACER_PROVIDER_SET_ONCE._lock:  # noqa: SLF001  # nobody sets one in between
        yield


class _Lent(trace.ProxyTracerProvider):
    def __init__(self, provider: trace.TracerProvider) -> None:
        self.behind = provider

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        return _LentTracer(args, kwargs)


class _LentTracer(trace.Tracer):
    """A tracer of whichever provider is the global one when a span starts."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._asked = (args, kwargs)
        self._of: trace.TracerProvider | None = None
        self._found: trace.Tracer = trace.NoOpTracer()

    def _tracer(self) -> trace.Tracer:
        provider = trace._TRACER_PROVIDER  # noqa: SLF001
        if isinstance(provider, _Lent):
            provider = provider.behind
        if provider is not self._of:
            args, kwargs = self._asked
            found = trace.NoOpTracer() if provider is None else provider.get_tracer(*args, **kwargs)
            self._of, self._found = provider, found
        return self._found

    def start_span(self, *args: Any, **kwargs: Any) -> trace.Span:
        return self._tracer().start_span(*args, **kwargs)

    @_agnosticcontextmanager
    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Iterator[trace.Span]:
        with self._tracer().start_as_current_span(*args, **kwargs) as span:
            yield span
