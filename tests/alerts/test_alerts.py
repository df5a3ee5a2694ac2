"""Every alert, judged by the real promtool: fires, stays silent, resolves, and the edge of its threshold."""

import pytest
from budget_cases import BUDGETS, BURN_SCENARIOS, FORECAST_SCENARIOS, SPENT_SCENARIOS
from health_cases import HEALTH_SCENARIOS
from ratio_cases import ABOVE, scenarios
from scenario import judge
from tool_cases import SPIKE_SCENARIOS, UNUSED_SCENARIOS

from agentgauge.generate.rules import rules
from agentgauge.generate.thresholds import parse
from agentgauge.registry import INDICATORS
from promtool import find_promtool

pytestmark = pytest.mark.timeout(3000)  # where there is no promtool yet, the first waits for its build

CASES = {name: list(scenarios(name)) for name in ABOVE} | {
    "burn": BURN_SCENARIOS,
    "spent": SPENT_SCENARIOS,
    "forecast": FORECAST_SCENARIOS,
    "health": HEALTH_SCENARIOS,
    "spikes": SPIKE_SCENARIOS,
    "unused": UNUSED_SCENARIOS,
}
EVERY = {"forecast": "1h", "spikes": "3m", "unused": "6m", "burn": "1m"}
"""How often rules are evaluated where the time that a case spans makes the usual too slow."""


FAULTS = {  # of the rules, and the cases that have to notice
    "a guard on calls that is gone": ("error_ratio", ">= 20", ">= 0"),
    "an alert at its threshold": ("retry_ratio", 'retry_ratio"} > agentgauge', 'retry_ratio"} >= agentgauge'),
    "waste against calls": ("wasted_ratio", "agentgauge_wasted_cost_usd_total", "agentgauge_cost_usd_total"),
    "tokens counted in part are no estimates": ("estimated_ratio", "estimated|mixed", "estimated"),
    "a budget in days": ("burn", "scalar(days_in_month()) * 86400", "86400"),
    "the long window alone": ("burn", ':5m{indicator="budget_burn"}', ':1h{indicator="budget_burn"}'),
    "late calls forgotten": ("burn", "agentgauge_late_calls_total", "nothing"),
    "the month forgotten": ("spent", "year() * 100 + month()", "vector(196912)"),
    "a Collector that is gone forgotten": (
        "spent",
        "last_over_time(agentgauge:kept",
        "last_over_time(nothing",
    ),
    "the rest of the month forgotten": ("forecast", "day_of_month() + 1", "day_of_month() - 30"),
    "first values forgotten": ("health", "unless otelcol_usage_overflow_values offset 15m", "* 0"),
    "a still heart": ("health", "== bool 0", "== bool 1"),
    "tools that are new": ("spikes", "offset 24h", ""),
    "the definition's cost of all parts": ("unused", 'agentgauge_tool_part="definition", ', ""),
}


@pytest.fixture(scope="session")
def promtool():
    return find_promtool()


@pytest.fixture(scope="session")
def text():
    return rules(parse(BUDGETS, name="budgets"))


def judged(promtool, folder, text, name):
    return judge(promtool, folder, text, CASES[name], every=EVERY.get(name, "30s"))


@pytest.mark.parametrize("name", CASES)
def test_alerts_fire_and_stay_silent(promtool, tmp_path, text, name):
    code, said = judged(promtool, tmp_path, text, name)
    assert code == 0, said


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(promtool, tmp_path, text, fault):
    name, right, wrong = FAULTS[fault]
    assert right in text
    code, said = judged(promtool, tmp_path, text.replace(right, wrong), name)
    assert code == 1
    assert "FAILED" in said


def test_every_alert_has_a_case_that_fires_and_one_that_stays_silent():
    fires, silent = {"ToolOverheadHigh", "AgentShareHigh"}, {"ToolOverheadHigh", "AgentShareHigh", "Watchdog"}
    for found in (each for cases in CASES.values() for each in cases):
        fires |= {found.alert for active in found.active.values() if active}
        silent |= {found.alert for active in found.active.values() if not active}
    alerts = {found.alert.name for found in INDICATORS if found.alert}
    assert fires == alerts
    assert silent == alerts
