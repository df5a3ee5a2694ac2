"""Alerts from a user's threshold to Alertmanager and a webhook, by the commands that a user has."""

import pytest
from eventually import eventually

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
QUICK = """
{indicator}:
  threshold: {threshold}
  window: 10m
  for: 2s
  min_tokens: 1000
"""


@pytest.fixture
def quick_alerts(stack):
    """Thresholds with a short hold, all out of reach, in effect."""
    path = stack.config / "dashboards" / "thresholds.yaml"
    path.parent.mkdir(exist_ok=True)
    text = [
        QUICK.format(indicator=name, threshold=1.0)
        for name in ("tool_overhead_ratio", "agent_token_share", "agent_cost_share")
    ]
    path.write_text("".join(["query_offset: 1s\n", *text]))
    stack.run("generate")
    stack.up()
    return stack


@pytest.mark.parametrize(
    ("indicator", "alert", "agent"),
    [
        ("tool_overhead_ratio", "ToolOverheadHigh", "researcher"),
        ("agent_token_share", "AgentShareHigh", "researcher"),
        ("agent_cost_share", "AgentShareHigh", "writer"),
    ],
)
def test_a_lowered_threshold_alerts_and_a_raised_one_silences(
    quick_alerts, reports, webhook, indicator, alert, agent
):
    stack, service = quick_alerts, "agentgauge-demo"
    whom = ("--service", service, "--agent", agent)

    def fired():
        return [found["labels"]["gen_ai_agent_name"] for found in stack.alerts(alert)]

    webhook.received.clear()
    eventually(lambda: len(fired()) == 0)

    stack.run("thresholds", "set", indicator, "0.001", *whom)
    stack.up()
    eventually(fired, [agent])
    assert "above 0.1%" in stack.alerts(alert)[0]["annotations"]["summary"]
    assert stack.alerts(alert)[0]["generatorURL"].startswith(stack.url("prometheus"))
    eventually(lambda: webhook.statuses(alert, agent=agent), ["firing"])

    stack.run("thresholds", "set", indicator, "0.99", *whom)
    stack.up()
    eventually(lambda: len(fired()) == 0)
    eventually(lambda: webhook.statuses(alert, agent=agent), ["firing", "resolved"])


def test_a_budget_that_is_spent_alerts_until_it_is_raised(quick_alerts, reports, webhook):
    stack, alert = quick_alerts, "BudgetSpent"
    path = stack.config / "dashboards" / "thresholds.yaml"
    before = path.read_text()

    def severities():
        return {found["labels"]["severity"] for found in stack.alerts(alert)}

    def budget(usd):
        given = f"budgets: [{{service: agentgauge-demo, usd_per_month: {usd}}}]\nbudget_spent: {{for: 2s}}\n"
        path.write_text(before + given)
        stack.run("generate")
        stack.up()

    budget(0.001)
    eventually(lambda: "warning" in severities())
    assert "agentgauge-demo has spent" in stack.alerts(alert)[0]["annotations"]["summary"]
    assert stack.alerts(alert)[0]["labels"]["service_name"] == "agentgauge-demo"

    budget(1000)
    eventually(lambda: severities() == set())


def test_the_watchdog_shows_that_alerts_arrive(stack):
    eventually(lambda: stack.alerts("Watchdog"))
    assert stack.alerts("TelemetryStopped") == []
