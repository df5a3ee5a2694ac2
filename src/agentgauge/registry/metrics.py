"""Every metric, once.

Names are OpenTelemetry's GenAI conventions where they have one. `Metric.prometheus_name` is what
Prometheus' default translation makes of a name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agentgauge.call import UNATTRIBUTED
from agentgauge.registry_records import FanOut, Label, Metric, Sum, Value, Where

AGENT, TOOL, MODEL = "gen_ai.agent.name", "gen_ai.tool.name", "gen_ai.request.model"
OPERATION = "gen_ai.operation.name"
CALL_OPERATIONS = ("chat", "text_completion", "generate_content", "embeddings")
SCALE_NANO = 1e-9
LATE_AFTER = "10m"


def _text(name: str, default: str = "", *, attribute: str = "") -> Label:
    return Label(name=name, attribute=attribute or name, default=default)


_AGENT = _text(AGENT, UNATTRIBUTED)
_CALL_PARTS = (_text("gen_ai.provider.name", "unknown"), _text(MODEL, "unknown"), _text(OPERATION))
CALL_LABELS = (_AGENT, _text("agentgauge.agent.role"), *_CALL_PARTS)
"""Of every counter of calls."""
_TIMED_LABELS = (_AGENT, *_CALL_PARTS)
_ERROR = _text("error.type")
_SOURCE = _text("agentgauge.usage.source", "none")
_TOOL_SOURCE = _text("agentgauge.tool.source")

_CALLS = Where(operations=CALL_OPERATIONS, kind="client")
_WASTED = replace(_CALLS, among=(("agentgauge.outcome", ("error", "cancelled")),))
WITHOUT_USAGE = replace(_CALLS, missing=("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"))
"""Calls of which nobody knows what they used; the connector's own metrics count them."""
_ONE = Value(one=True)
_COST = Value(attribute="agentgauge.cost.nanousd")
_TIME = (Value(duration=True),)
_BOTH_TOKENS = (Value(attribute="gen_ai.usage.input_tokens"), Value(attribute="gen_ai.usage.output_tokens"))
_TOOLS = FanOut(names="agentgauge.tool.names", label=TOOL)

TOOL_PARTS = ("definition", "new_result", "carried_result", "call", "carried_call")
PART = "agentgauge.tool.part"

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
_FIRST_SECONDS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_LONG_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


def _counter(
    name: str,
    unit: str,
    description: str,
    *values: Value,
    labels: tuple[Label, ...] = CALL_LABELS,
    where: Where = _CALLS,
    fan_out: FanOut | None = None,
) -> Metric:
    """A counter over calls; one of USD sums nano-USD."""
    return Metric(
        name=name,
        unit=unit,
        kind="counter",
        description=description,
        labels=labels,
        values=values,
        where=where,
        fan_out=fan_out,
        scale=SCALE_NANO if name.endswith(".usd") else 1,
    )


def _scope_seconds(operation: str, description: str, *labels: Label) -> Metric:
    return Metric(
        name=f"gen_ai.{operation}.duration",
        unit="s",
        kind="histogram",
        description=description,
        labels=(*labels, _ERROR),
        values=_TIME,
        where=Where(operations=(operation,)),
        buckets=_LONG_SECONDS,
    )


def _tool_parts(unit: str) -> tuple[Value, ...]:
    return tuple(
        Value(attribute=f"agentgauge.tool.{part}_{unit}", labels=((PART, part),)) for part in TOOL_PARTS
    )


def _of_sdk(
    name: str, unit: str, kind: Literal["counter", "gauge"], description: str, *labels: Label
) -> Metric:
    return Metric(name=name, unit=unit, kind=kind, description=description, labels=labels, written_by="sdk")


_USAGE = tuple(
    _counter(
        f"gen_ai.client.inference.usage.{part}",
        "{token}",
        description,
        Value(attribute=f"gen_ai.usage.{part}"),
        labels=(*CALL_LABELS, _SOURCE),
    )
    for part, description in (
        ("input_tokens", "Input tokens of model calls, cached ones included."),
        ("output_tokens", "Output tokens of model calls, reasoning included."),
        ("cache_read.input_tokens", "Input tokens read from the provider's cache; of which input."),
        ("cache_write.input_tokens", "Input tokens written to the provider's cache; of which input."),
        ("reasoning.output_tokens", "Output tokens spent on reasoning; of which output."),
    )
)

_DURATIONS = (
    Metric(
        name="gen_ai.client.inference.duration",
        unit="s",
        kind="histogram",
        description="Duration of model calls, retries included.",
        labels=(*_TIMED_LABELS, _ERROR),
        values=_TIME,
        where=_CALLS,
        buckets=_SECONDS,
    ),
    Metric(
        name="gen_ai.client.inference.time_to_first_chunk",
        unit="s",
        kind="histogram",
        description="Time to the first chunk of a stream; streams only.",
        labels=_TIMED_LABELS,
        values=(Value(attribute="gen_ai.response.time_to_first_chunk"),),
        where=replace(_CALLS, present=("gen_ai.response.time_to_first_chunk",)),
        buckets=_FIRST_SECONDS,
    ),
    _scope_seconds("invoke_agent", "Duration of an agent's turn or task.", _AGENT),
    _scope_seconds("invoke_workflow", "Duration of a workflow.", _text("gen_ai.workflow.name", "unknown")),
    _scope_seconds("execute_tool", "Duration of a tool's own run.", _AGENT, _text(TOOL, "unknown")),
)

_CALL_COUNTERS = (
    _counter(
        "agentgauge.calls",
        "{call}",
        "Model calls, whatever the number of HTTP attempts.",
        _ONE,
        labels=(
            *CALL_LABELS,
            _text("agentgauge.has_tools", "false"),
            _text("agentgauge.outcome", "ok"),
            _text("agentgauge.action", attribute="agentgauge.call.action"),
            _SOURCE,
        ),
    ),
    _counter(
        "agentgauge.cost.usd",
        "1",
        "Cost of priced model calls, in USD.",
        *(
            Value(attribute=f"agentgauge.cost.{part}_nanousd", labels=(("agentgauge.token.type", part),))
            for part in ("input", "output")
        ),
        labels=(*CALL_LABELS, _SOURCE),
    ),
    _counter(
        "agentgauge.spend.usd",
        "1",
        "Cost by calendar month (UTC, YYYYMM of the call's end), in USD.",
        _COST,
        labels=(_AGENT, Label(name="agentgauge.period", reading="end_month")),
    ),
    _counter(
        "agentgauge.unpriced.tokens",
        "{token}",
        "Input and output tokens of calls that have no known price.",
        *_BOTH_TOKENS,
        where=replace(_CALLS, missing=("agentgauge.cost.nanousd",)),
    ),
    _counter(
        "agentgauge.retries",
        "{retry}",
        "HTTP attempts after the first.",
        Value(attribute="agentgauge.retry.count"),
    ),
    _counter(
        "agentgauge.wasted.tokens",
        "{token}",
        "Tokens of calls that ended in an error or were cancelled.",
        *_BOTH_TOKENS,
        where=_WASTED,
    ),
    _counter(
        "agentgauge.wasted.cost.usd",
        "1",
        "Cost of calls that ended in an error or were cancelled, in USD.",
        _COST,
        where=_WASTED,
    ),
    _counter(
        "agentgauge.late.calls",
        "{call}",
        f"Model calls that arrived more than {LATE_AFTER} after their end.",
        _ONE,
        labels=(),
        where=replace(_CALLS, arrived_after=LATE_AFTER),
    ),
    _counter(
        "agentgauge.uncertain.calls",
        "{call}",
        "Model calls sent again beyond the reach of deduplication: they may have been counted, so no other "
        "metric has them.",
        _ONE,
        labels=(),
        where=replace(_CALLS, uncertain=True),
    ),
)

_TOOL_COUNTERS = (
    _counter(
        "agentgauge.tool.tokens",
        "{token}",
        "Tokens of each tool, by part: definition, results and carried calls are of which input, "
        "calls of which output.",
        *_tool_parts("tokens"),
        labels=(*CALL_LABELS, _TOOL_SOURCE),
        fan_out=_TOOLS,
    ),
    _counter(
        "agentgauge.tool.cost.usd",
        "1",
        "Cost of each tool's tokens, by part, in USD; of which cost.",
        *_tool_parts("nanousd"),
        labels=(*CALL_LABELS, _TOOL_SOURCE),
        fan_out=_TOOLS,
    ),
    _counter(
        "agentgauge.tool.calls",
        "{call}",
        "Calls of a tool that a model asked for.",
        Value(attribute="agentgauge.tool.calls"),
        fan_out=_TOOLS,
    ),
    _counter(
        "agentgauge.tool.offers",
        "{call}",
        "Model calls whose request carried the tool's definition.",
        Value(attribute="agentgauge.tool.offers"),
        fan_out=_TOOLS,
    ),
)

OUTBOX_REASON = Label(name="agentgauge.outbox.reason")
"""Of `agentgauge.store.telling.REASONS`."""
_OUTBOX = (
    _of_sdk("agentgauge.outbox.spans", "{span}", "gauge", "Spans that wait on a machine to be sent."),
    _of_sdk("agentgauge.outbox.age", "s", "gauge", "Age of the oldest span that waits, 0 where none does."),
    _of_sdk(
        *("agentgauge.outbox.dropped", "{span}", "counter", "Spans that an outbox gave up."), OUTBOX_REASON
    ),
)

METRICS = (*_USAGE, *_DURATIONS, *_CALL_COUNTERS, *_TOOL_COUNTERS, *_OUTBOX)
"""All of them, in the order of the reference page."""

TOKENS = Sum(
    metrics=("gen_ai.client.inference.usage.input_tokens", "gen_ai.client.inference.usage.output_tokens")
)
COST = Sum(metrics=("agentgauge.cost.usd",))
CALLS = Sum(metrics=("agentgauge.calls",))


def metric(name: str) -> Metric:
    """The metric of that OpenTelemetry name; KeyError where there is none."""
    return _BY_NAME[name]


_BY_NAME = {found.name: found for found in METRICS}
