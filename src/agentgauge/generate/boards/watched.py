"""Indicators as the rules record them, each with the thresholds of its alert as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import promql
from agentgauge.generate import queries as q
from agentgauge.generate.panels import Query
from agentgauge.registry import INDICATORS

if TYPE_CHECKING:
    from agentgauge.generate.grafana.fields import Link
    from agentgauge.generate.grafana.panel import Panel
    from agentgauge.registry_records import Indicator

_THRESHOLD = f"threshold {{{{{promql.AGENT_LABEL}}}}}"
_WHERE = "One line for each service where more than one is chosen; whatever the role and model."


def watched(title: str, description: str, name: str, *, links: tuple[Link, ...] = ()) -> Panel:
    """An indicator over time."""
    found = indicator(name)
    queries = [Query(_recorded(promql.RATIO, name), by=promql.AGENT_LABEL)]
    said = f"{description} Over the rules' window ({found.window} unless thresholds.yaml says otherwise)."
    if found.alert is not None:
        queries.append(Query(_recorded(promql.APPLIED, name), _THRESHOLD, threshold=True))
        said += " The dashed line is the threshold of its alert."
    unit = p.RATIO if found.unit == "ratio" else p.USD
    return p.lines(title, f"{said} {_WHERE}", unit, *queries, links=links)


def indicator(name: str) -> Indicator:
    """The registry's indicator of that name."""
    return next(found for found in INDICATORS if found.name == name)


def _recorded(series: str, name: str) -> str:
    chosen = [f'{label}=~"${variable}"' for variable, label in list(q.CHOICES.items())[:3]]
    return promql.selector(series, f'indicator="{name}"', *chosen)
