"""Spans that went over the wire once, sent again as another service's, whole or with a planted fault."""

import secrets

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otlp import attributes


def replayed(bodies, service, *, fault=None):
    """One export request of all spans, in a trace of its own; `fault` changes the list of call spans."""
    whole = ExportTraceServiceRequest()
    for body in bodies:
        whole.MergeFromString(body)
    trace = secrets.token_bytes(16)
    for group in whole.resource_spans:
        for pair in group.resource.attributes:
            if pair.key == "service.name":
                pair.value.string_value = service
        for scope in group.scope_spans:
            for span in scope.spans:
                span.trace_id = trace
    if fault:
        fault(*_first_call_of("planner", whole))
    return whole.SerializeToString()


def _first_call_of(agent, request):
    """(the spans of a scope, one call span among them)."""
    return next(
        (scope.spans, span)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
        if "gen_ai.usage.input_tokens" in attributes(span.attributes)
        and attributes(span.attributes)["gen_ai.agent.name"] == agent
    )


def dropped(spans, span):
    spans.remove(span)


def doubled(spans, span):
    """Counted twice: the copy has an id of its own."""
    spans.add().CopyFrom(span)
    spans[-1].span_id = secrets.token_bytes(8)


def one_token_more(spans, span):
    _value(span, "gen_ai.usage.input_tokens").int_value += 1


def on_the_wrong_agent(spans, span):
    _value(span, "gen_ai.agent.name").string_value = "writer"


def _value(span, name):
    return next(pair.value for pair in span.attributes if pair.key == name)
