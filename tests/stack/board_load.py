"""A load that gives every panel something to show: what the demo does, and what goes wrong elsewhere."""

import secrets

import doctored
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

SERVICE = "every-case"
LATE_NS = 20 * 60 * 10**9
PARTS = ("definition", "new_result", "carried_result", "call", "carried_call")
COSTS = tuple(f"agentgauge.cost.{name}" for name in ("nanousd", "input_nanousd", "output_nanousd", "usd"))
TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")


def every_case(bodies):
    """An export request: the spans of a run as another service's, and a copy of a call for each case."""
    request = ExportTraceServiceRequest.FromString(doctored.replayed(bodies, SERVICE, fault=_add_cases))
    for group in request.resource_spans:
        group.resource.attributes.append(_pair("deployment.environment.name", "test"))
    return request.SerializeToString()


def _add_cases(spans, span):
    _copy(spans, span, {"agentgauge.outcome": "error", "error.type": "RateLimitError"})
    _copy(spans, span, {"gen_ai.request.model": "mystery-1"}, without=COSTS)
    _copy(spans, span, {"agentgauge.usage.source": "estimated"})
    _copy(spans, span, {"agentgauge.usage.source": "none"}, without=(*COSTS, *TOKENS))
    _copy(spans, span, {"gen_ai.usage.cache_write.input_tokens": 10})
    _copy(spans, span, _unused_tool(), without=("agentgauge.agent.role",))
    late = _copy(spans, span, {})
    late.start_time_unix_nano -= LATE_NS
    late.end_time_unix_nano -= LATE_NS


def _unused_tool():
    """A tool that is offered, paid for, and never called."""
    found = {"agentgauge.tool.names": ["unused"], "agentgauge.tool.offers": [1], "agentgauge.tool.calls": [0]}
    for part in PARTS:
        found[f"agentgauge.tool.{part}_tokens"] = [50 if part == "definition" else 0]
        found[f"agentgauge.tool.{part}_nanousd"] = [100 if part == "definition" else 0]
    return found


def _copy(spans, span, changed, *, without=()):
    made = spans.add()
    made.CopyFrom(span)
    made.span_id = secrets.token_bytes(8)
    kept = [pair for pair in made.attributes if pair.key not in {*changed, *without}]
    del made.attributes[:]
    made.attributes.extend([*kept, *(_pair(name, value) for name, value in changed.items())])
    return made


def _pair(name, value):
    return KeyValue(key=name, value=_value(value))


def _value(value):
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(one) for one in value]))
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
