"""Indicators as the rules record them, each with the thresholds of its alert as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import promql, uids
from agentgauge.generate import queries as q
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.panels import Query
from agentgauge.registry import INDICATORS
from agentgauge.registry_records import AGENT_LABEL, LABELS

if TYPE_CHECKING:
    from agentgauge.generate.grafana.fields import Link
    from agentgauge.generate.grafana.panel import Panel
    from agentgauge.registry_records import Indicator

_UNITS = {"ratio": p.RATIO, "USD": p.USD, "USD/h": p.USD, "s": p.SECONDS}
_OF_SERVICES = "One line for each service where more than one is chosen; whatever the role and model."
_PERCENTAGES = {"budget_spent", "budget_forecast", "retry_ratio"}
"""Factors that are read as percentages, though they can be more than 100 %."""
_DRAWN = {"cost_rate", "agent_cost_share", "agent_token_share", "tool_overhead_ratio"}
_DRAWN |= {"error_ratio", "retry_ratio", "wasted_ratio"}
"""Indicators with a place of their own among other panels."""
_NONE = {
    "tool_call_spike": "no tool is old enough: it compares with the day before",
    "unused_tool": "no tool was offered 200 times and never called",
    "outbox_age": "no program with an outbox runs",
    "series_overflow": "no series overflowed",
    "telemetry_stopped": "the Collector counts",
}
"""Why an indicator may have no series, where that is no fault."""
_NO_BUDGET = "no budget set"
_BESIDE = 3
_INSTANCE = LABELS["instance"]


def watched(title: str, description: str, name: str, *, links: tuple[Link, ...] = ()) -> Panel:
    """An indicator over time."""
    found = indicator(name)
    label = _finest(found)
    queries = [Query(_drawn(found, label), by=label, legend="" if label else found.name)]
    said = description
    if found.window:
        said += f" Over the rules' window ({found.window} unless thresholds.yaml says otherwise)."
    if found.alert is not None and not found.alert.fixed:
        applied = _recorded(promql.APPLIED, found)
        of = f" {{{{{label}}}}}" if label else ""
        queries.append(Query(applied, f"threshold{of}", threshold=True))
        said += " The dashed line is the threshold of its alert."
    if "service" in found.by and not _adds_up(found):
        said += f" {_OF_SERVICES}"
    unit = p.RATIO if name in _PERCENTAGES else _UNITS.get(found.unit, p.COUNT)
    none = _NO_BUDGET if name.startswith("budget") else _NONE.get(name, p.NOTHING)
    return p.lines(title, said, unit, *queries, links=links, none=none)


def _drawn(found: Indicator, label: str) -> str:
    """Its series, each with a name."""
    recorded = _recorded(promql.RATIO, found)
    if _adds_up(found):
        return f"sum by ({label}) ({recorded})"
    if label == _INSTANCE:
        return f'label_replace({recorded}, "{label}", "no Collector", "{label}", "")'
    if label == AGENT_LABEL and "environment" not in found.by:
        return of_whole_service(recorded)
    return recorded


def _adds_up(found: Indicator) -> bool:
    """USD of an agent in several services are one line; a ratio has a line for each service."""
    return found.unit.startswith("USD") and found.alert is None


def of_whole_service(query: str) -> str:
    """Words in place of the agent where a budget is the service's: its series have none."""
    return f'label_replace({query}, "{AGENT_LABEL}", "all agents", "{AGENT_LABEL}", "")'


def indicator(name: str) -> Indicator:
    """The registry's indicator of that name."""
    return next(found for found in INDICATORS if found.name == name)


def others(uid: str, *, folded: bool = False) -> tuple[Section, ...]:
    """A section with the indicators that belong to a dashboard and are not drawn among its other panels."""
    panels = [
        watched(found.name.replace("_", " ").capitalize(), f"{found.definition.capitalize()}.", found.name)
        for found in INDICATORS
        if found.name not in _DRAWN and uids.of_indicator(found.name) == uid
    ]
    lines = tuple(
        Line(panels=tuple(panels[first : first + _BESIDE]), places=_BESIDE)
        for first in range(0, len(panels), _BESIDE)
    )
    return (Section(title="Watched by alerts", lines=lines, folded=folded),) if lines else ()


def _finest(found: Indicator) -> str:
    """The label that tells the series of an indicator apart; empty where there is only one."""
    return LABELS[found.by[-1]] if found.by else ""


def _recorded(series: str, found: Indicator) -> str:
    chosen = [f'{label}=~"${name}"' for name, label in q.CHOICES.items() if name in found.by]
    return promql.selector(series, f'indicator="{found.name}"', *chosen)
