"""Every number that the rules record, judged by the real promtool, and that no rule goes without a judge."""

import pytest
import yaml
from budget_cases import BUDGETS
from value_cases import DAY, ILL, MORNING, SILENCE, SITUATIONS, SPIKE
from values import judge_values

from agentgauge.generate.rules import rules
from agentgauge.generate.thresholds import parse
from promtool import find_promtool

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
FAULTS = {  # of the rules, and the situation that has to notice
    "an hour of minutes": (DAY, "* 3600", "* 60"),
    "a window that is too short": (DAY, "[24h]", "[12h]"),
    "a missing numerator that is nothing": (DAY, "or 0 *", "and 0 *"),
    "a share of all services": (DAY, "group_left () (sum by (service_name, ", "group_left () (sum by ("),
    "tokens of one metric": (DAY, "or label_replace(rate(", "unless label_replace(rate("),
    "counters that never begin again": (DAY, "rate(", "deriv("),
    "a tool called never is one called": (DAY, "[24h])) > 0", "[24h])) >= 0"),
    "the usual of now": (SPIKE, "offset 10m", ""),
    "a spike of two calls": (SPIKE, "[10m])) >= 20", "[10m])) >= 2"),
    "the larger burn": (MORNING, '"budget_burn"} < ', '"budget_burn"} > '),
    "last month in this one": (MORNING, "year() * 100 + month()", "vector(196912)"),
    "the oldest of an outbox": (ILL, "max by (service_name)", "min by (service_name)"),
    "silence is no news": (SILENCE, "absent_over_time", "present_over_time"),
}


@pytest.fixture(scope="session")
def promtool():
    return find_promtool()


@pytest.fixture(scope="session")
def text():
    return rules(parse(BUDGETS, name="budgets"))


def test_every_indicator_has_the_right_value_over_every_window(promtool, tmp_path, text):
    code, said = judge_values(promtool, tmp_path, text, SITUATIONS)
    assert code == 0, said


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(promtool, tmp_path, text, fault):
    situation, right, wrong = FAULTS[fault]
    assert right in text
    code, said = judge_values(promtool, tmp_path, text.replace(right, wrong), [situation])
    assert code == 1
    assert "FAILED" in said


def test_every_recorded_indicator_is_asked_for():
    recorded = {
        (rule["record"], rule["labels"]["indicator"])
        for group in yaml.safe_load(rules(parse("", name="defaults")))["groups"]
        for rule in group["rules"]
        if rule.get("record", "").startswith("agentgauge:indicator") and "threshold" not in rule["record"]
    }
    asked = {(each.record, each.indicator) for found in SITUATIONS for each in found.asked if each.samples}
    assert asked == recorded
