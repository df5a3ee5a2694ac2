"""Budgets: 600 USD for the service and 300 for one agent, in a month of 31 days."""

from scenario import WHO, Fires, Scenario, series

BUDGETS = """
budgets:
  - {service: shop, usd_per_month: 600}
  - {service: shop, agent: planner, usd_per_month: 300}
"""
SERVICE, AGENT = {"service_name": "shop"}, {"service_name": "shop", "gen_ai_agent_name": "planner"}


def cost(values, agent="planner"):
    return series("agentgauge_cost_usd_total", values, **WHO | {"gen_ai_agent_name": agent})


def spend(values, agent="planner", period="197001"):
    who = WHO | {"gen_ai_agent_name": agent}
    return series("agentgauge_spend_usd_total", values, **who, agentgauge_period=period)


def fires(indicator, severity, labels, summary):
    return Fires(labels={"severity": severity, "indicator": indicator} | labels, summary=summary)


# 600 USD in 31 days are 0.8065 an hour: 24 an hour are 29.76 times as much, and 59.52 times the agent's.
BURNING = "0+0.4x120"
LATE = series("agentgauge_late_calls_total", "0+1x120", service_name="shop")
FAST = [
    fires(
        "budget_burn_fast",
        "critical",
        SERVICE,
        "shop spends 29.76 times what its monthly budget allows, over 1 hour and 5 minutes, above 14.40.",
    ),
    fires(
        "budget_burn_fast",
        "critical",
        AGENT,
        "Agent planner of shop spends 59.52 times what its monthly budget allows, over 1 hour and 5 minutes, "
        "above 14.40.",
    ),
]
BURN_SLOW = [
    fires(
        "budget_burn_slow",
        "warning",
        AGENT,
        "Agent planner of shop spends 7.44 times what its monthly budget allows, over 6 hours and 30 "
        "minutes, above 6.00.",
    ),
]
SPENT_80 = fires(
    "budget_spent",
    "warning",
    AGENT,
    "Agent planner of shop has spent 90% of its budget of this month, above 80%.",
)
SPENT_AGENT = [
    fires(
        "budget_spent",
        "warning",
        AGENT,
        "Agent planner of shop has spent 110% of its budget of this month, above 80%.",
    ),
    fires(
        "budget_spent",
        "critical",
        AGENT,
        "Agent planner of shop has spent 110% of its budget of this month: all of it.",
    ),
]
BURN_SCENARIOS = [
    Scenario(
        name="both budgets burn fast, until nothing is spent any more",
        alert="BudgetBurnFast",
        series=cost("0+0.4x120 48x60"),
        active={"70m": FAST, "2h30m": []},
    ),
    Scenario(
        name="the last five minutes have to burn too",
        alert="BudgetBurnFast",
        series=cost("0+0.4x120 48x60"),
        active={"2h10m": []},
    ),
    Scenario(
        name="a rate that the budget allows",
        alert="BudgetBurnFast",
        series=cost("0+0.01x120"),
        active={"2h": []},
    ),
    Scenario(
        name="a backlog that arrives late is no burn",
        alert="BudgetBurnFast",
        series=cost(BURNING) | LATE,
        active={"70m": []},
    ),
    Scenario(
        name="6 hours at 3 USD an hour are too fast for the agent alone",
        alert="BudgetBurnSlow",
        series=cost("0+0.05x420"),
        active={"2h": [], "6h20m": BURN_SLOW},
    ),
    Scenario(name="no traffic", alert="BudgetBurnSlow", series={}, active={"1h": []}),
]
SPENT_SCENARIOS = [
    Scenario(
        name="80 % of the agent's, then all of it; last month does not count",
        alert="BudgetSpent",
        series=spend("0 270x100 330x100") | spend("0 900x200", period="196912"),
        active={"30m": [SPENT_80], "2h30m": SPENT_AGENT},
    ),
    Scenario(
        name="silent at 80 %", alert="BudgetSpent", series=spend("0 240x100"), active={"30m": [], "90m": []}
    ),
    Scenario(
        name="spent by a Collector that is gone counts on",
        alert="BudgetSpent",
        series=spend("0 270x20 _x100"),
        active={"90m": [SPENT_80]},
    ),
]
# Half a dollar an hour: 107.50 USD by the last sample, and 22 days to come: 371.5.
FORECAST_SCENARIOS = [
    Scenario(
        name="the agent's month would cost more than its budget",
        alert="BudgetForecastExceeded",
        series=spend("0+0.5x240"),
        step="1h",
        active={
            "24h": [],
            "216h": [
                fires(
                    "budget_forecast",
                    "warning",
                    AGENT,
                    "Agent planner of shop will have spent 123.8% of its budget at the end of the "
                    "month, at the rate of the last 7 days, above 100%.",
                )
            ],
        },
    ),
    Scenario(
        name="a month that ends within it",
        alert="BudgetForecastExceeded",
        series=spend("0+0.4x240"),
        step="1h",
        active={"216h": []},
    ),
]
