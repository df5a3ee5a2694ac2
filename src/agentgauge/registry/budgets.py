"""Spending against the calendar month's budgets, which thresholds.yaml sets per service and agent.

A budget of a service is a series without an agent; it holds for the service in all environments together.
"""

from __future__ import annotations

from agentgauge.registry.metrics import COST, metric
from agentgauge.registry_records import AGENT_LABEL as _A
from agentgauge.registry_records import ENVIRONMENT_LABEL as _E
from agentgauge.registry_records import SERVICE_LABEL as _S
from agentgauge.registry_records import Alert, Dimension, Indicator

_GROUP = "month"
_OF_BUDGET: tuple[Dimension, ...] = ("service", "agent")
_SPEND = metric("agentgauge.spend.usd").prometheus_name
SPEND_KEPT = f"last_over_time({_SPEND}[32d])"
"""What is recorded as `agentgauge:kept`: the last value of each spend counter, of those too that have ended.

A series that a week passed by, or of a Collector's folder that is gone, has ended but was spent. To read 32
days takes long, so it is done every quarter of an hour; what ended within the hour is read directly.
"""
_SPENT = (
    f'(last_over_time({_SPEND}[1h]) or ignoring (of) last_over_time(agentgauge:kept{{{{of="spend"}}}}[1d]))'
)
_RATE = f"rate({metric(COST.metrics[0]).prometheus_name}[{{window}}])"
_NOW = 'count_values("agentgauge_period", year() * 100 + month())'
"""One series whose label is the current month, as the spend counters have it."""
_MONTH_S = "scalar(days_in_month()) * 86400"
_LEFT_S = "scalar((days_in_month() - day_of_month() + 1) * 86400 - hour() * 3600 - minute() * 60)"
_SO_FAR, _FORECAST = (
    f'agentgauge:indicator{{{{indicator="{name}"}}}}' for name in ("month_spend", "cost_forecast")
)


def _of_budget(spent: str) -> str:
    """What is spent, over the budget of the service and over that of the agent."""
    return (
        f'sum by ({_S}) ({spent}) / on ({_S}) max by ({_S}) (agentgauge:budget{{{{{_A}=""}}}})\n'
        f"or\nsum by ({_S}, {_A}) ({spent}) / on ({_S}, {_A}) "
        f'max by ({_S}, {_A}) (agentgauge:budget{{{{{_A}!=""}}}})'
    )


def _least(long: str, short: str) -> str:
    """The smaller of two recorded burns; nothing where one is missing."""
    first, second = (f'agentgauge:indicator:{w}{{{{indicator="budget_burn"}}}}' for w in (long, short))
    return f"{first} < {second}\nor\n{second} <= {first}"


def _burn(speed: str, long: str, short: str, alert: Alert) -> Indicator:
    return Indicator(
        name=f"budget_burn_{speed}",
        unit="factor",
        definition=f"the smaller budget_burn of {long} and {short}",
        query=_least(long, short),
        by=_OF_BUDGET,
        group=_GROUP,
        alert=alert,
    )


BUDGETS = (
    Indicator(
        name="month_spend",
        unit="USD",
        definition="an agent's cost since the month began (UTC)",
        query=f"sum by ({_S}, {_E}, {_A}) ({_SPENT} * on (agentgauge_period) group_left () {_NOW})",
        group=_GROUP,
    ),
    Indicator(
        name="cost_forecast",
        unit="USD",
        definition="month_spend + the rate of the last 7 days x the seconds left in the month",
        query=f"{_SO_FAR}\n"
        f"+ on ({_S}, {_E}, {_A}) sum by ({_S}, {_E}, {_A}) (rate({_SPEND}[7d])) * {_LEFT_S}",
        group=_GROUP,
    ),
    Indicator(
        name="budget_burn",
        unit="factor",
        definition="the rate of spending / the rate that spends the budget in a month",
        query=f"({_of_budget(_RATE)}) * {_MONTH_S}",
        window="1h",
        windows=("5m", "30m", "1h", "6h"),
        by=_OF_BUDGET,
        group=_GROUP,
    ),
    _burn(
        "fast",
        "1h",
        "5m",
        Alert(
            name="BudgetBurnFast",
            severity="critical",
            summary="{whom} spends {value} times what its monthly budget allows, over 1 hour and 5 "
            "minutes, above {threshold}.",
            threshold=14.4,
            hold="2m",
            not_after_late="1h",
        ),
    ),
    _burn(
        "slow",
        "6h",
        "30m",
        Alert(
            name="BudgetBurnSlow",
            severity="warning",
            summary="{whom} spends {value} times what its monthly budget allows, over 6 hours and 30 "
            "minutes, above {threshold}.",
            threshold=6,
            hold="5m",
            not_after_late="6h",
        ),
    ),
    Indicator(
        name="budget_spent",
        unit="factor",
        definition="month_spend / the budget",
        query=_of_budget(_SO_FAR),
        by=_OF_BUDGET,
        group=_GROUP,
        alert=Alert(
            name="BudgetSpent",
            severity="warning",
            summary="{whom} has spent {value} of its budget of this month, above {threshold}.",
            threshold=0.80,
            hold="2m",
        ),
        escalation=Alert(
            name="BudgetSpent",
            severity="critical",
            summary="{whom} has spent {value} of its budget of this month: all of it.",
            threshold=1,
            hold="2m",
            fixed=True,
        ),
    ),
    Indicator(
        name="budget_forecast",
        unit="factor",
        definition="cost_forecast / the budget",
        query=_of_budget(_FORECAST),
        by=_OF_BUDGET,
        group=_GROUP,
        alert=Alert(
            name="BudgetForecastExceeded",
            severity="warning",
            summary="{whom} will have spent {value} of its budget at the end of the month, at the rate of "
            "the last 7 days, above {threshold}.",
            threshold=1,
            hold="15m",
        ),
    ),
)
