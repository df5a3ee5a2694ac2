"""Budgets: what of them is spent, and what they will be at the month's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.generate import panels as p
from agentgauge.generate import promql
from agentgauge.generate import queries as q
from agentgauge.generate.boards.layout import Line
from agentgauge.generate.boards.watched import indicator, of_whole_service
from agentgauge.generate.panels import Column
from agentgauge.registry_records import AGENT_LABEL, SERVICE_LABEL

if TYPE_CHECKING:
    from agentgauge.generate.grafana.fields import Step

NONE = "no budget set"
_KEYS = (SERVICE_LABEL, AGENT_LABEL)
_CHOSEN = (q.SERVICES, f'{AGENT_LABEL}=~"$agent"')


def budgets() -> Line:
    """One row a budget of thresholds.yaml: of a service, or of one agent of it."""
    spent = f"{_recorded('budget_spent')}\n* on ({', '.join(_KEYS)}) {_each(promql.BUDGET)}"
    return Line(
        height=6,
        panels=(
            p.table(
                "Budgets of this month",
                "Of the calendar month (UTC), whatever the environment, role and model; that of `all agents` "
                "is the whole service's. Burn is the spending of the last hour, over what would spend "
                "the budget in just a month. Colours change at the default thresholds of the alerts. "
                "Budgets are set in thresholds.yaml.",
                {SERVICE_LABEL: "Service", AGENT_LABEL: "Agent"},
                Column("Used", _recorded("budget_spent"), p.RATIO, bar=True, steps=_steps("budget_spent")),
                Column("Spent", spent, p.USD),
                Column("Budget", _each(promql.BUDGET), p.USD),
                Column(
                    "At month's end", _recorded("budget_forecast"), p.RATIO, steps=_steps("budget_forecast")
                ),
                Column(
                    "Burn", _recorded("budget_burn"), p.COUNT, decimals=1, steps=_steps("budget_burn_slow")
                ),
                none=NONE,
            ),
        ),
    )


def _each(series: str, *only: str) -> str:
    """The series of each budget; the labels by which the rules tell their series apart are dropped."""
    return of_whole_service(f"max by ({', '.join(_KEYS)}) ({promql.selector(series, *only, *_CHOSEN)})")


def _recorded(name: str) -> str:
    return _each(promql.RATIO, f'indicator="{name}"')


def _steps(name: str) -> tuple[Step, ...]:
    """Orange above the alert's threshold, red above its escalation's."""
    found = indicator(name)
    alerts = [alert.threshold for alert in (found.alert, found.escalation) if alert is not None]
    return p.bad_from(*alerts)
