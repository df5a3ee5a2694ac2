"""The config for a stock otelcol-contrib: approximate numbers without a Collector of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.generate import environment as env
from agentgauge.generate.collector import OUTBOXES, base, service
from agentgauge.generate.redaction import redaction
from agentgauge.generate.text import Flow, to_yaml
from agentgauge.registry import METRICS, OPERATION
from agentgauge.registry_records import ENVIRONMENT, SERVICE

if TYPE_CHECKING:
    from agentgauge.registry_records import Metric, Value, Where

_LOSES = (
    "For a stock otelcol-contrib 0.161 that cannot be replaced by agentgauge's own Collector. What it loses:",
    "- exactness: a span delivered twice counts twice, and concurrent senders lose up to 3 % of tokens",
    "  (points that arrive out of order are dropped);",
    "- restarts: totals begin again from zero, so `increase()` misses what came in between;",
    "- the first value of a series: a process that calls a few times and exits is not seen by `increase()`;",
    "- every agentgauge.tool.* metric, hence tool overhead: lists are not fanned out;",
    "- agentgauge.late.calls, agentgauge.uncertain.calls and agentgauge.spend.usd, which need the time of",
    "  arrival, what was counted before, and the month;",
    "- the label agentgauge.action, which keeps its attribute's name agentgauge.call.action;",
    "- names and prices of foreign instrumentations; the removal of what people and models said; the limit",
    "  on series.",
)


def contrib_config() -> str:
    """`collector/config.contrib.yaml`."""
    content = {
        **base(),
        "connectors": {
            "signal_to_metrics": {"spans": [rule for m in METRICS if _can(m) for rule in _rules(m)]}
        },
        "service": service(
            {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "redaction"],
                    "exporters": ["signal_to_metrics", "forward"],
                },
                "traces/tempo": {
                    "receivers": ["forward"],
                    "processors": ["filter/sampled"],
                    "exporters": ["otlp_grpc/tempo"],
                },
                "metrics": {
                    "receivers": ["signal_to_metrics"],
                    "processors": ["delta_to_cumulative", "interval"],
                    "exporters": ["otlp_http/prometheus"],
                },
                **OUTBOXES,
            }
        ),
    }
    content["connectors"]["forward"] = {}
    content["processors"] |= {
        "redaction": redaction(),
        "delta_to_cumulative": {"max_stale": "168h", "max_streams": str(env.SERIES_LIMIT)},
        "interval": {"interval": str(env.FLUSH_INTERVAL)},
        "filter/sampled": {
            "error_mode": "ignore",
            "traces": {"span": ['attributes["agentgauge.sampled"] == false']},
        },
    }
    return to_yaml(content, *_LOSES)


def _can(metric: Metric) -> bool:
    late = metric.where is not None and (metric.where.arrived_after or metric.where.uncertain)
    by_month = any(label.reading == "end_month" for label in metric.labels)
    return metric.written_by == "spans" and metric.fan_out is None and not late and not by_month


def _rules(metric: Metric) -> list[dict[str, Any]]:
    """One rule a value: values of one metric and the same labels add up behind the connector."""
    return [_rule(metric, value) for value in metric.values]


def _rule(metric: Metric, value: Value) -> dict[str, Any]:
    assert metric.where is not None
    rule: dict[str, Any] = {
        "name": metric.name,
        "description": metric.description,
        "unit": metric.unit,
        "include_resource_attributes": [
            Flow(key=SERVICE, default_value="unknown_service"),
            Flow(key=ENVIRONMENT, optional=True),
        ],
        "attributes": _attributes(metric, value),
        "conditions": [_condition(metric.where, value)],
    }
    return rule | _aggregate(metric, value)


def _attributes(metric: Metric, value: Value) -> list[Flow]:
    # A key that no span has makes its default a constant.
    constant = [Flow(key=name, default_value=text) for name, text in value.labels]
    read = [
        Flow(key=label.attribute, default_value=label.default)
        if label.default
        else Flow(key=label.attribute, optional=True)
        for label in metric.labels
    ]
    return read + constant


def _condition(where: Where, value: Value) -> str:
    def among(name: str, values: tuple[str, ...]) -> str:
        return "(" + " or ".join(f'attributes["{name}"] == "{text}"' for text in values) + ")"

    parts = [among(OPERATION, where.operations)]
    if where.kind:
        parts.insert(0, f"kind == SPAN_KIND_{where.kind.upper()}")
    parts += [among(name, values) for name, values in where.among]
    parts += [f'attributes["{name}"] != nil' for name in where.present]
    parts += [f'attributes["{name}"] == nil' for name in where.missing]
    if value.attribute and value.attribute not in where.present:
        parts.append(f'attributes["{value.attribute}"] != nil')
    return " and ".join(parts)


def _aggregate(metric: Metric, value: Value) -> dict[str, Any]:
    attribute = f'attributes["{value.attribute}"]'
    if metric.kind == "histogram":
        read = "Seconds(end_time - start_time)" if value.duration else attribute
        return {"histogram": {"buckets": list(metric.buckets), "count": "1", "value": read}}
    if value.one:
        return {"sum": {"value": "1", "monotonic": True}}
    if metric.scale != 1:
        # Division, since 1e-9 is no literal of OTTL.
        return {"sum": {"value": f"Double({attribute}) / 1000000000.0", "monotonic": True}}
    return {"sum": {"value": f"Int({attribute})", "monotonic": True}}
