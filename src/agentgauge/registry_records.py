"""The records of the registry: what a metric is, and what an indicator is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

SERVICE, ENVIRONMENT = "service.name", "deployment.environment.name"
"""Attributes of the resource that become labels of every series."""

_UNIT_SUFFIXES = {"s": "_seconds", "By": "_bytes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label of a metric.

    Attributes:
        name: of the label.
        attribute: of the span; empty for `end_month`.
        default: stands in where the attribute is missing; without one the label is left out.
        reading: how: `text`, or `end_month` (YYYYMM of the span's end, UTC).
    """

    name: str
    attribute: str = ""
    default: str = ""
    reading: Literal["text", "end_month"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What one span adds: an attribute's number, 1 (`one`), or its own duration, under labels of its own."""

    attribute: str = ""
    one: bool = False
    duration: bool = False
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which spans count: operations of `gen_ai.operation.name`, and what else has to hold.

    Where `uncertain` is set, only spans that may have been counted before; otherwise none of those.
    """

    operations: tuple[str, ...]
    kind: Literal["client", "internal"] | None = None
    among: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    arrived_after: str = ""
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """List attributes that run parallel to a list of names become one series a name."""

    names: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: OpenTelemetry's.
        unit: UCUM, as sent.
        kind: counters are cumulative and monotonic.
        description: one sentence, for people.
        written_by: `spans` (the usage connector, from spans) or `sdk`.
        scale: multiplies the integer sum when it is sent: money is nano-USD inside.
    """

    name: str
    unit: str
    kind: Literal["counter", "histogram", "gauge"]
    description: str
    labels: tuple[Label, ...] = ()
    values: tuple[Value, ...] = ()
    where: Where | None = None
    fan_out: FanOut | None = None
    scale: float = 1
    buckets: tuple[float, ...] = ()
    written_by: Literal["spans", "sdk"] = "spans"

    @property
    def prometheus_name(self) -> str:
        """Under Prometheus' default translation of OTLP (`UnderscoreEscapingWithSuffixes`)."""
        suffix = _UNIT_SUFFIXES.get(self.unit, "") + ("_total" if self.kind == "counter" else "")
        return prometheus_label(self.name) + suffix

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label that a series may have, those of the resource first."""
        fanned = (self.fan_out.label,) if self.fan_out else ()
        constant = (name for value in self.values for name, _ in value.labels)
        own = (label.name for label in self.labels)
        return tuple(dict.fromkeys((SERVICE, ENVIRONMENT, *own, *fanned, *constant)))


def prometheus_label(name: str) -> str:
    """A label's or metric's name as Prometheus' default translation writes it."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


SERVICE_LABEL, ENVIRONMENT_LABEL, AGENT_LABEL, TOOL_LABEL = map(
    prometheus_label, (SERVICE, ENVIRONMENT, "gen_ai.agent.name", "gen_ai.tool.name")
)
LABELS = {
    "service": SERVICE_LABEL,
    "environment": ENVIRONMENT_LABEL,
    "agent": AGENT_LABEL,
    "tool": TOOL_LABEL,
    **{name: name for name in ("reason", "queue", "metric", "instance")},
}
"""The label of each dimension of an indicator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of counters, of series where each label in `only` has one of its values."""

    metrics: tuple[str, ...]
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert on an indicator.

    Attributes:
        name: also the name of its runbook.
        severity: `none` is of an alert that always fires.
        summary: one line; `{value}`, `{threshold}`, `{agent}` and so on are filled in when it fires.
        threshold: the default; it fires above.
        hold: how long it has to be above (`for` in the rule); at least two flushes of the Collector.
        fixed: the threshold is what the alert means, and cannot be set.
        least_tokens: input and output tokens in the window, of what the denominator sums.
        least_calls: model calls in the window, by service and agent.
        least_agents: that made calls in the window, in the service; `unattributed` is not counted.
        not_after_late: silent while calls arrived late in this time, since a rate then shows their arrival.
    """

    name: str
    severity: Literal["none", "info", "warning", "critical"]
    summary: str
    threshold: float
    hold: str
    fixed: bool = False
    least_tokens: int = 0
    least_calls: int = 0
    least_agents: int = 0
    not_after_late: str = ""


Unit = Literal["ratio", "USD", "USD/h", "factor", "count", "s"]
Dimension = Literal["service", "environment", "agent", "tool", "reason", "queue", "metric", "instance"]
Subject = Literal["service", "agent", "tool"]
OF_AGENTS: tuple[Dimension, ...] = ("service", "environment", "agent")
OF_TOOLS: tuple[Dimension, ...] = (*OF_AGENTS, "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A number that the rules record; those with an alert have a threshold.

    Attributes:
        name: the `indicator` label of its series.
        unit: a `ratio` is 0 to 1; a `factor` may be more.
        window: that it looks back over; empty where it is part of the definition.
        windows: further ones, recorded apart.
        numerator: summed `by`.
        denominator: None for a rate per hour.
        whole: the denominator is the service's, not the agent's.
        query: PromQL in place of both, with `{window}`.
        by: what its series are told apart by.
        dimensions: by which a threshold can be overridden.
        alert: above its threshold.
        escalation: a second alert of the same indicator, whose threshold is fixed.
        group: of rules that see the same moment; its own where empty.
    """

    name: str
    unit: Unit
    definition: str
    window: str = ""
    windows: tuple[str, ...] = ()
    numerator: Sum | None = None
    denominator: Sum | None = None
    whole: bool = False
    query: str = ""
    by: tuple[Dimension, ...] = OF_AGENTS
    dimensions: tuple[Subject, ...] = ("service", "agent")
    alert: Alert | None = None
    escalation: Alert | None = None
    group: str = ""
