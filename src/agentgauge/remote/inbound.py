"""Reads the headers of a request that came in: bounded, checked, and never an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry import trace

from agentgauge import semconv
from agentgauge.guard import guarded
from agentgauge.pipeline import runtime
from agentgauge.remote.members import MOST_HEADER_CHARS, fields_in
from agentgauge.remote.scope import RemoteScope

if TYPE_CHECKING:
    from opentelemetry.context import Context

Headers = Mapping[str, Any] | Iterable[tuple[Any, Any]]
"""A mapping, or pairs, of text or bytes."""

BAGGAGE = "baggage"
_STATE = r"[a-z0-9_*/@-]{1,256}=[ -+\--<>-~]{1,256}"
_TRACESTATE = re.compile(rf"{_STATE}(?:,{_STATE})*")
_MOST_HEADERS = 1000
_MOST_TRACE_CHARS = 512


def remote_scope(headers: Headers) -> RemoteScope:
    """The scope of a request with these headers; where they say nothing, calls are whose they were."""
    here = otel_context.get_current()
    said: dict[str, Any] = {}
    context = here
    with guarded("reading the headers of a request"):
        if runtime.active() is not None:
            # Importing it reads OTEL_PROPAGATORS, and raises where that names an unknown one.
            from opentelemetry.propagate import get_global_textmap  # noqa: PLC0415

            propagator = get_global_textmap()
            found = _joined(headers, wanted={name.lower() for name in propagator.fields})
            said = fields_in(found.pop(BAGGAGE, ""))
            context = _continued(here, propagator.extract(_believable(found), otel_context.Context()))
    return RemoteScope(said, around=context)


def _joined(headers: Headers, *, wanted: set[str]) -> dict[str, str]:
    """Name in lower case -> value; several of a name are one list, which for a trace context is no form."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[str, str] = {}
    for number, (given, value) in enumerate(pairs):
        name = _text(given).lower()
        if number >= _MOST_HEADERS:
            break
        if name not in wanted:
            continue
        text = _text(value)[: MOST_HEADER_CHARS + 1]
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def _believable(found: Mapping[str, str]) -> dict[str, str]:
    """Trace headers of a sane form; about others OpenTelemetry's own readers would write warnings."""
    return {
        name: text
        for name, text in found.items()
        if len(text) <= _MOST_TRACE_CHARS
        and text.isascii()
        and (name != "tracestate" or _TRACESTATE.fullmatch(text))
    }


def _continued(here: Context, sent: Context) -> Context:
    """The context that goes on with the caller's trace.

    A server span that an instrumentation of the user's has opened stays: it has read the headers already.
    """
    remote = trace.get_current_span(sent)
    if not remote.get_span_context().is_valid:
        return here
    open_span = trace.get_current_span(here)
    known = open_span.get_span_context()
    if known.is_valid and known.trace_id == remote.get_span_context().trace_id:
        return here
    scope = getattr(open_span, "instrumentation_scope", None)
    if known.is_valid and (scope is None or scope.name != semconv.SCOPE_NAME):
        return here
    return trace.set_span_in_context(remote, here)
