"""What all dashboards share: variables, links to each other, annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafanalib import core

from agentgauge.generate import queries as q
from agentgauge.generate.boards.layout import Section, placed
from agentgauge.generate.grafana.board import HIDDEN, SHOWN, Board, Choice, Given
from agentgauge.generate.grafana.fields import Link
from agentgauge.generate.grafana.target import PROMETHEUS
from agentgauge.generate.text import NOTICE
from agentgauge.registry import metric
from agentgauge.registry_records import AGENT_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable

TAG = "agentgauge"
_LABELS = {
    "service": "Service",
    "environment": "Environment",
    "agent": "Agent",
    "role": "Role",
    "model": "Model",
    "tool": "Tool",
}
_PASSED_ON = ("datasource", "traces", *_LABELS)


def board(  # a dashboard has that much
    uid: str,
    title: str,
    description: str,
    sections: tuple[Section, ...],
    *,
    choices: Iterable[str] = tuple(_LABELS),
    more: Iterable[core.Template] = (),
    start: str = "now-6h",
) -> str:
    """A dashboard's JSON.

    Args:
        uid: stays, since alerts and bookmarks link to it.
        title: starts with `agentgauge`.
        description: one or two sentences.
        sections: what is on it.
        choices: the variables that its queries use; the others are hidden, and passed on by links.
        more: variables that only it has.
        start: of the time that it opens with.
    """
    made = Board(
        title=title,
        uid=uid,
        description=f"{NOTICE} {description}",
        tags=[TAG],
        timezone="browser",
        refresh="1m",
        time=core.Time(start, "now"),
        graphTooltip=1,
        links=[_others()],
        annotations=core.Annotations(list=_annotations()),
        templating=core.Templating(list=[*_variables(frozenset(choices)), *more]),
        panels=placed(sections),
    )
    return made.text()


def _others() -> core.DashboardLink:
    """The other dashboards, with this one's variables and time."""
    return core.DashboardLink(
        title="agentgauge",
        type="dashboards",
        tags=[TAG],
        asDropdown=False,
        includeVars=True,
        keepTime=True,
    )


def _variables(shown: frozenset[str]) -> list[core.Template]:
    calls, tools = metric("agentgauge.calls"), metric("agentgauge.tool.offers")
    found: list[core.Template] = [
        _source("datasource", "Data source", "Prometheus", hide=SHOWN),
        _source("traces", "Traces", "Tempo", hide=HIDDEN),
    ]
    chosen: list[str] = []
    for name, label in q.CHOICES.items():
        series = tools if name == "tool" else calls
        selector = f"{series.prometheus_name}{{{','.join(chosen)}}}" if chosen else series.prometheus_name
        found.append(choice(name, _LABELS[name], f"label_values({selector}, {label})", shown=name in shown))
        if name in ("service", "environment"):
            chosen.append(f'{label}=~"${name}"')
    return found


def _source(name: str, label: str, preferred: str, *, hide: int) -> Given:
    """A data source of a kind: ours where it is provisioned, else the first that there is."""
    kind = preferred.lower()
    current = {"text": preferred, "value": kind}
    return Given(name=name, label=label, type="datasource", query=kind, hide=hide, preset=current)


def choice(name: str, label: str, query: str, *, shown: bool = True, many: bool = True) -> Choice:
    """A variable over a label's values: many of them, all at first, or one."""
    return Choice(
        name=name,
        label=label,
        query=query,
        includeAll=many,
        multi=many,
        allValue=".*",
        sort=1,
        hide=SHOWN if shown else HIDDEN,
    )


def text(name: str, label: str, value: str) -> Given:
    """A variable that the user types."""
    preset = {"text": value, "value": value}
    return Given(name=name, label=label, type="textbox", query=value, hide=SHOWN, preset=preset)


_FIRING = f'ALERTS{{alertstate="firing",alertname!="Watchdog",{q.SERVICES}}}'


def _annotations() -> list[dict[str, Any]]:
    return [
        {
            "builtIn": 1,
            "datasource": {"type": "grafana", "uid": "-- Grafana --"},
            "enable": True,
            "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)",
            "name": "Annotations & Alerts",
            "type": "dashboard",
        },
        {
            "datasource": PROMETHEUS,
            "enable": True,
            "hide": False,
            "iconColor": "red",
            "name": "Alerts that fire",
            "tagKeys": "severity",
            "target": {"expr": _FIRING, "interval": "60s", "refId": "Anno"},
            "textFormat": f"{{{{{AGENT_LABEL}}}}} {{{{{q.TOOL_LABEL}}}}}",
            "titleFormat": "{{alertname}}",
        },
    ]


def to(uid: str, title: str, **values: str) -> Link:
    """A link to another dashboard with the same variables and time, some of them set to fields."""
    kept = [f"${{{name}:queryparam}}" for name in _PASSED_ON if name not in values]
    given = [f"var-{name}={value}" for name, value in values.items()]
    return Link(title=title, url=f"/d/{uid}?{'&'.join([*given, *kept])}&${{__url_time_range}}")


THIS_SERIES = "${__field.name:percentencode}"
"""The name of a series, in a link."""
THIS_CELL = "${__value.text:percentencode}"
"""The text of a table's cell, in a link."""
