"""Alerts from a user's threshold to Alertmanager and a webhook, by the commands that a user has."""

import pytest
from eventually import eventually
from local_stack import PULSE

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
    path.write_text("".join([PULSE, *text]))
    stack.run("generate")
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

    said = stack.run("thresholds", "set", indicator, "0.001", *whom).stdout
    assert "In effect: Prometheus has read the new rules." in said
    eventually(fired, [agent])
    assert "above 0.1%" in stack.alerts(alert)[0]["annotations"]["summary"]
    assert stack.alerts(alert)[0]["generatorURL"].startswith(stack.url("prometheus"))
    eventually(lambda: webhook.statuses(alert, agent=agent), ["firing"])

    stack.run("thresholds", "set", indicator, "0.99", *whom)
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

    budget(0.001)
    eventually(lambda: "warning" in severities())
    assert "agentgauge-demo has spent" in stack.alerts(alert)[0]["annotations"]["summary"]
    assert stack.alerts(alert)[0]["labels"]["service_name"] == "agentgauge-demo"

    budget(1000)
    eventually(lambda: severities() == set())


def test_refused_rules_leave_all_as_it_was_and_right_ones_take_effect_when_told(quick_alerts, tmp_path):
    stack, mine = quick_alerts, quick_alerts.config / "dashboards" / "rules" / "mine.yaml"
    files = [stack.config / "dashboards" / name for name in ("thresholds.yaml", "rules/indicators.yaml")]
    before = [path.read_bytes() for path in files]
    mine.write_text("groups: [{name: mine, rules: [{record: one, expr: vector(}]}]")
    command = ("thresholds", "set", "tool_overhead_ratio", "0.5")

    by_promtool = stack.run(*command, check=False)
    by_prometheus = stack.run(*command, check=False, XDG_CACHE_HOME=str(tmp_path), PATH="")
    mine.unlink()

    assert (by_promtool.returncode, by_prometheus.returncode) == (2, 2)
    assert "mine.yaml" in by_promtool.stderr
    assert "Nothing was written" in by_promtool.stderr
    assert "prometheus did not take its new config" in by_prometheus.stderr
    assert "The old rules stay in effect" in by_prometheus.stderr
    assert [path.read_bytes() for path in files] == before
    assert stack.query('agentgauge:threshold{indicator="tool_overhead_ratio"}')[0][1] == 1.0
    assert "Not in effect yet" in stack.run(*command, "--no-reload").stdout
    assert "In effect: Prometheus has read the new rules." in stack.run(*command).stdout


def test_the_watchdog_shows_that_alerts_arrive(stack):
    eventually(lambda: stack.alerts("Watchdog"))
    assert stack.alerts("TelemetryStopped") == []
