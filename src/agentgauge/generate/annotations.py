"""What an alert says: one line with the numbers, and links to its dashboard, traces and runbook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from agentgauge.generate import promql, uids
from agentgauge.registry import metric
from agentgauge.registry_records import LABELS

if TYPE_CHECKING:
    from agentgauge.generate.thresholds import Links
    from agentgauge.registry_records import Alert, Indicator

_SHOWN = {
    "ratio": "humanizePercentage",
    "USD": 'printf "$%.2f"',
    "USD/h": 'printf "$%.2f"',
    "factor": 'printf "%.2f"',
    "count": 'printf "%.0f"',
    "s": "humanizeDuration",
}
_SHARES_OF_BUDGET = ("budget_spent", "budget_forecast")
"""They can be more than 1, and are read as percentages."""
_OF_SERVICE = "resource.service.name = %q"


def said(indicator: Indicator, alert: Alert, window: str, links: Links) -> dict[str, str]:
    """Of an alert's rule."""
    found = {
        "summary": _summary(indicator, alert.summary, window),
        "runbook_url": f"{links.runbooks}/{alert.name}.md",
        "dashboard_url": f"{links.grafana}/d/{uids.of_indicator(indicator.name)}{_variables(indicator)}",
    }
    if "agent" in indicator.by:
        found["traces_url"] = _traces(links.grafana)
    return found


def _label(name: str) -> str:
    return f"$labels.{LABELS[name]}"


def _variables(indicator: Indicator) -> str:
    names = [name for name in ("service", "agent", "tool") if name in indicator.by]
    # A budget of a service has no agent; an empty variable would select nothing.
    shown = [
        f"{{{{ with {_label(name)} }}}}&var-{name}={{{{ . | urlquery }}}}{{{{ end }}}}" for name in names
    ]
    return "".join(["?orgId=1", *shown])


def _traces(grafana: str) -> str:
    """Grafana's Explore on Tempo with the spans of the agent's calls in the last hour."""
    before, after = json.dumps(
        {
            "a": {
                "datasource": "tempo",
                "queries": [
                    {
                        "refId": "A",
                        "datasource": {"type": "tempo", "uid": "tempo"},
                        "queryType": "traceql",
                        "query": "TRACEQL",
                    }
                ],
                "range": {"from": "now-1h", "to": "now"},
            }
        },
        separators=(",", ":"),
    ).split('"TRACEQL"')
    service, agent = _label("service"), _label("agent")
    # Quoted twice: the names inside TraceQL, and the whole as a string of JSON.
    both = f"printf `{{ {_OF_SERVICE} && span.gen_ai.agent.name = %q }}` {service} {agent}"
    alone = f"printf `{{ {_OF_SERVICE} }}` {service}"
    quoted = "| printf `%q` | urlquery"
    query = (
        f"{{{{ if {agent} }}}}{{{{ {both} {quoted} }}}}{{{{ else }}}}{{{{ {alone} {quoted} }}}}{{{{ end }}}}"
    )
    return f"{grafana}/explore?schemaVersion=1&orgId=1&panes={quote(before)}{query}{quote(after)}"


def _summary(indicator: Indicator, text: str, window: str) -> str:
    name = "ratio" if indicator.name in _SHARES_OF_BUDGET else indicator.unit
    shown = _SHOWN[name]
    service, agent = _label("service"), _label("agent")
    named = {each: f"{{{{ {_label(each)} }}}}" for each in indicator.by}
    return text.format(
        value=f"{{{{ $value | {shown} }}}}",
        threshold=_looked_up(promql.APPLIED, indicator, shown),
        window=window,
        whom=f"{{{{ with {agent} }}}}Agent {{{{ . }}}} of {{{{ end }}}}{{{{ {service} }}}}",
        definition_cost=_definition_cost(window),
        **named,
    )


def _looked_up(series: str, indicator: Indicator, shown: str) -> str:
    labels = promql.labels_of(indicator)
    matchers = ", ".join([f'indicator="{indicator.name}"', *(f"{label}=%q" for label in labels)])
    values = " ".join(f"$labels.{label}" for label in labels)
    return _query(f"{series}{{{matchers}}}", values, shown)


def _definition_cost(window: str) -> str:
    cost = metric("agentgauge.tool.cost.usd").prometheus_name
    names = ("service", "environment", "agent", "tool")
    matchers = ", ".join(['agentgauge_tool_part="definition"', *(f"{LABELS[name]}=%q" for name in names)])
    query = f"sum(increase({cost}{{{matchers}}}[{window}]))"
    return _query(query, " ".join(_label(name) for name in names), 'printf "$%.4f"')


def _query(query: str, values: str, shown: str) -> str:
    """A value that is looked up when the alert fires."""
    asked = f"printf `{query}` {values} | query" if values else f"query `{query}`"
    return (
        f"{{{{ with {asked} }}}}{{{{ . | first | value | {shown} }}}}{{{{ else }}}}nothing known{{{{ end }}}}"
    )
