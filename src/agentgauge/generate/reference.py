"""`docs/reference.md`: metrics, the attributes they read, indicators, and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import promql
from agentgauge.generate.environment import OWN_VARIABLES, TAIL_VARIABLES, VARIABLES
from agentgauge.generate.text import NOTICE
from agentgauge.generate.thresholds import FILE, GRAFANA, LONGEST_INTERVAL, RUNBOOKS
from agentgauge.registry import CALL_LABELS, INDICATORS, METRICS, OPERATION
from agentgauge.registry_records import ENVIRONMENT, SERVICE, prometheus_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentgauge.registry_records import Indicator, Metric

_WRITERS = {
    "spans": "",
    "sdk": " Told by the SDK; its `service_instance_id` is the outbox's.",
}

_MANY = 5
_CALL = tuple(label.name for label in CALL_LABELS)
_METRICS = (
    "Name in OpenTelemetry, then in Prometheus. Counters are cumulative and equal the sum over distinct "
    "spans since the Collector's storage folder began: restarts go on from the same sums. Each series "
    "has the labels of its resource: `service_name`, `deployment_environment_name` where it is set, and "
    '`service_instance_id`, which is the Collector\'s. "of calls" stands for '
    + ", ".join(f"`{prometheus_label(name)}`" for name in _CALL)
    + "."
)
_INDICATORS = (
    f'Each is a series `{promql.RATIO}{{indicator="…"}}` over its first window; further ones are '
    f"`{promql.RATIO}:1h` and so on. Budgets are `{promql.BUDGET}`, in USD a month. The threshold that "
    f"applies to an indicator is `{promql.APPLIED}`; those that are set are `{promql.THRESHOLD}`."
)


def reference() -> str:
    """The page as Markdown."""
    parts = [f"<!-- {NOTICE} -->", "# Reference", *_metrics(), *_attributes(), *_indicators(), *_settings()]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _metrics() -> list[str]:
    rows = (
        (
            f"`{found.name}`<br>`{found.prometheus_name}`",
            found.unit,
            found.kind,
            _labels(found),
            found.description + _WRITERS[found.written_by],
        )
        for found in METRICS
    )
    return [
        "## Metrics",
        _METRICS,
        _table(("metric", "unit", "type", "labels", "what it counts"), rows),
    ]


def _labels(found: Metric) -> str:
    own = [name for name in found.label_names if name not in {SERVICE, ENVIRONMENT}]
    if not set(_CALL) <= set(own):
        return _code(map(prometheus_label, own))
    extra = _code(prometheus_label(name) for name in own if name not in _CALL)
    return ", ".join(filter(None, ("of calls", extra)))


def _attributes() -> list[str]:
    read: dict[str, list[str]] = {}
    for found in METRICS:
        for attribute in dict.fromkeys(_read_by(found)):
            read.setdefault(attribute, []).append(found.name)
    rows = (
        (f"`{attribute}`", _code(names) if len(names) <= _MANY else f"{len(names)} metrics")
        for attribute, names in sorted(read.items())
    )
    return ["## Span attributes that metrics read", _table(("attribute", "read by"), rows)]


def _read_by(found: Metric) -> list[str]:
    if found.where is None:
        return []
    where = found.where
    names = [OPERATION, *(name for name, _ in where.among), *where.present, *where.missing]
    names += [label.attribute for label in found.labels if label.attribute]
    names += [value.attribute for value in found.values if value.attribute]
    return names + ([found.fan_out.names] if found.fan_out else [])


def _indicators() -> list[str]:
    return [
        "## Indicators",
        _INDICATORS,
        _table(
            ("indicator", "definition", "unit", "window", "alert", "fires"),
            (_indicator(found) for found in INDICATORS),
        ),
    ]


def _indicator(found: Indicator) -> tuple[str, ...]:
    windows = ", ".join(dict.fromkeys(filter(None, (found.window, *found.windows))))
    start = (f"`{found.name}`", found.definition, found.unit, windows)
    alert = found.alert
    if alert is None:
        return (*start, "none", "")
    fires = f"above {alert.threshold:g} for {alert.hold}"
    fires += f", at least {alert.least_calls} calls" if alert.least_calls else ""
    fires += f", {found.escalation.severity} from {found.escalation.threshold:g}" if found.escalation else ""
    fires += ", not after late calls" if alert.not_after_late else ""
    fires += f", at least {alert.least_tokens:,} tokens" if alert.least_tokens else ""
    fires += f" and {alert.least_agents} active agents" if alert.least_agents else ""
    return (*start, f"[{alert.name}](runbooks/{alert.name}.md) ({alert.severity})", fires)


def _settings() -> list[str]:
    keys = (
        ("`threshold`", "a number; a ratio is between 0 and 1", "the alert fires above it"),
        ("`window`", "a duration such as `15m`, at least `1m`", "what the indicator looks back over"),
        ("`for`", "a duration, at least two flushes of the Collector", "how long it has to be above"),
        ("`min_tokens`", "a whole number", "tokens in the window below which the alert is silent"),
        ("`min_calls`", "a whole number", "calls in the window below which the alert is silent"),
        ("`min_agents`", "a whole number; shares only", "active agents below which the alert is silent"),
        (
            "`overrides`",
            "list of `{service, agent, tool, threshold}`",
            "one or several names; the most specific holds: a tool before an agent before a service",
        ),
        (
            "`budgets`",
            "list of `{service, agent, usd_per_month}`",
            "what a service, or one agent of it, may spend in a calendar month (UTC)",
        ),
        ("`query_offset`", "a duration, at least one flush; `1m`", "how far behind now the rules look"),
        (
            "`longest_interval`",
            f"a duration up to `{LONGEST_INTERVAL}`, the default",
            "the longest time between two evaluations of a rule; those that look far back have 1m or 2m",
        ),
        ("`links.grafana`", f"a URL, `{GRAFANA}`", "where alerts link to the dashboard"),
        ("`links.runbooks`", f"a URL, `{RUNBOOKS}`", "where alerts link to their runbook"),
    )
    return [
        f"## Thresholds: `{FILE}`",
        "Per indicator; `agentgauge thresholds set` changes a threshold: [how](alerts.md).",
        _table(("key", "value", "meaning"), keys),
        "## Environment of the Collector",
        _table(
            ("variable", "default", "meaning"),
            (
                (f"`{found.name}`", f"`{found.default}`", found.meaning)
                for found in (*VARIABLES, *OWN_VARIABLES, *TAIL_VARIABLES)
            ),
        ),
    ]
