"""OpenTelemetry spans as plain values, without ids and times."""

from opentelemetry.sdk.trace import ReadableSpan


def plain(spans):
    """Name, parent's name and all that was noted, in the order in which they ended."""
    names = {span.context.span_id: span.name for span in spans}
    return [_plain(span, names) for span in spans]


def _plain(span: ReadableSpan, names):
    parent = span.parent and names.get(span.parent.span_id, "of somebody else")
    return {
        "name": span.name,
        "scope": span.instrumentation_scope.name,
        "kind": span.kind.name,
        "parent": parent,
        "status": span.status.status_code.name,
        "attributes": dict(span.attributes),
        "events": [[event.name, dict(event.attributes or {})] for event in span.events],
        "links": len(span.links),
        "resource": {k: v for k, v in span.resource.attributes.items() if k.startswith("telemetry")},
    }
