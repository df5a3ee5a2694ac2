"""The edges of the alerts on tools, judged by the real promtool with the few rules that they read."""

import pytest
import yaml
from scenario import _written
from tool_edges import SPIKE_EDGES, UNUSED_EDGES
from values import run_promtool

from agentgauge.generate.rules import rules
from agentgauge.generate.thresholds import parse
from promtool import find_promtool

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
READ = {  # the indicators whose rules an alert needs; sums belong to none
    "spike": ({"tool_calls_per_call", "tool_call_spike", None}, SPIKE_EDGES),
    "unused": ({"unused_tool"}, UNUSED_EDGES),
}


@pytest.mark.parametrize("name", READ)
def test_alerts_on_tools_fire_just_above_their_edges_and_not_at_them(tmp_path, name):
    indicators, edges = READ[name]
    found = [
        rule
        for group in _groups()
        for rule in group["rules"]
        if rule["labels"].get("indicator") in indicators
    ]
    for rule in found:
        if "alert" in rule:  # links have a test of their own
            rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    group = {"name": name, "query_offset": "1m", "rules": found}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}, width=10_000))
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": "3m", "tests": list(map(_written, edges))}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(tests))

    code, said = run_promtool(find_promtool(), [tmp_path / "tests.yaml"])
    assert code == 0, said


def _groups():
    return yaml.safe_load(rules(parse("", name="defaults")))["groups"]
