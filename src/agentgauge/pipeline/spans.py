"""Between our records and OpenTelemetry's spans: what is written, sent and forwarded."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from agentgauge import semconv
from agentgauge._version import __version__
from agentgauge.call import Outcome
from agentgauge.labels import clean_text
from agentgauge.pipeline.records import FinishedScope, SpanRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.resources import Resource

    from agentgauge.call import Call

_MOST_INT = 2**63 - 1


def call_span(call: Call) -> SpanRecord:
    """The one span of a call."""
    return SpanRecord(
        trace_id=call.trace_id,
        span_id=call.span_id,
        parent_span_id=call.parent_span_id,
        name=f"{call.request.operation} {call.request.model}",
        kind="CLIENT",
        start_ns=call.start_ns,
        end_ns=call.end_ns,
        attributes=semconv.call_attributes(call),
        error=call.outcome is Outcome.ERROR,
        sampled=call.sampled,
        scope_version=__version__,
    )


def scope_span(scope: FinishedScope) -> SpanRecord:
    """The span of a workflow, agent, step, tool or branch, with the sums of what happened inside."""
    attributes: dict[str, Any] = {
        name: value
        for name, value in semconv.origin_attributes(scope.origin).items()
        if value is not None and not (name == "gen_ai.agent.name" and not scope.origin.agent_path)
    }
    if scope.kind in {"workflow", "agent", "branch"}:
        attributes |= semconv.total_attributes(scope.account.usage())
    if scope.error_type:
        attributes["error.type"] = scope.error_type
    attributes["agentgauge.sampled"] = scope.sampled
    return SpanRecord(
        trace_id=scope.trace_id,
        span_id=scope.span_id,
        parent_span_id=scope.parent_span_id,
        name=scope.span_name,
        kind="INTERNAL",
        start_ns=scope.start_ns,
        end_ns=scope.end_ns,
        attributes=attributes | dict(scope.attributes),
        events=scope.events,
        error=scope.status == "error",
        sampled=scope.sampled,
        scope_version=__version__,
    )


def foreign_span(span: ReadableSpan) -> SpanRecord | None:
    """A span of another instrumentation on our provider, without prompts, answers or error messages."""
    context = span.get_span_context()
    if context is None or span.start_time is None:
        return None
    parent, scope = span.parent, span.instrumentation_scope
    return SpanRecord(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=parent.span_id if parent else None,
        name=clean_text(span.name),
        kind=span.kind.name,
        start_ns=_time_ns(span.start_time),
        end_ns=_time_ns(span.end_time or span.start_time),
        attributes=_sendable(semconv.of_foreign_span(span.attributes or {})),
        events=[
            (
                clean_text(e.name),
                _time_ns(e.timestamp),
                _sendable(semconv.without_content(e.attributes or {})),
            )
            for e in span.events
        ],
        error=span.status.status_code is StatusCode.ERROR,
        sampled=context.trace_flags.sampled,
        scope_name=scope.name if scope else "",
        scope_version=(scope.version or "") if scope else "",
        links=[(link.context.trace_id, link.context.span_id) for link in span.links],
    )


def _time_ns(given: float) -> int:
    """A time that others chose, as OTLP and SQLite can both hold it: whole and not before 1970."""
    return min(max(int(given), 0), _MOST_INT) if math.isfinite(given) else 0


def _sendable(attributes: Mapping[str, object]) -> dict[str, Any]:
    """Attributes with integers past 64 bits as text."""
    return {name: _fitting(value) for name, value in attributes.items()}


def _fitting(value: object) -> object:
    if isinstance(value, list | tuple) and any(_too_big(item) for item in value):
        return [clean_text(item) for item in value]  # one type in a sequence
    return clean_text(value) if _too_big(value) else value


def _too_big(value: object) -> bool:
    return isinstance(value, int) and not -_MOST_INT <= value <= _MOST_INT


def to_json(record: SpanRecord) -> str:
    """One line of JSON, for the outbox."""
    text = json.dumps(asdict(record), separators=(",", ":"), default=clean_text, ensure_ascii=False)
    # One half of a surrogate pair in a foreign span would make its whole batch impossible to send.
    return text.encode("utf-8", "replace").decode()


def from_json(text: str) -> SpanRecord:
    """The reverse of `to_json`."""
    return SpanRecord(**json.loads(text))


def to_otel(record: SpanRecord, *, resource: Resource, **extra: Any) -> ReadableSpan:
    """An OpenTelemetry span that any exporter or processor takes; `extra` attributes are added."""
    # Exporters skip spans that are not marked as sampled; the attribute says what the sampler decided.
    flags = TraceFlags(TraceFlags.SAMPLED)

    def context(span_id: int, *, trace_id: int = record.trace_id) -> SpanContext:
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags)

    return ReadableSpan(
        name=record.name,
        context=context(record.span_id),
        parent=context(record.parent_span_id) if record.parent_span_id else None,
        resource=resource,
        attributes={**record.attributes, **extra},
        events=[Event(name, attributes=dict(attrs), timestamp=at) for name, at, attrs in record.events],
        links=[Link(context(span_id, trace_id=trace_id)) for trace_id, span_id in record.links],
        kind=SpanKind[record.kind],
        status=Status(StatusCode.ERROR) if record.error else Status(StatusCode.UNSET),
        start_time=record.start_ns,
        end_time=record.end_ns,
        instrumentation_scope=InstrumentationScope(record.scope_name, record.scope_version),
    )
