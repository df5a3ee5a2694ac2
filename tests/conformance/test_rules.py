"""The rules, judged by the real promtool: they load, they fire, and they stay silent."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from agentgauge.generate import files
from agentgauge.generate.boards import dashboards
from agentgauge.generate.rules import rules
from agentgauge.generate.thresholds import parse
from promtool import find_promtool

pytestmark = pytest.mark.timeout(3000)  # where there is no promtool yet, the first waits for its build

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "dashboards" / "tests").glob("*.yaml"))
GRAFANA = {"$__rate_interval": "1m", "$__range": "1h"}
TESTED = {
    f"agentgauge.{name}"
    for name in ("tool_overhead_ratio", "agent_token_share", "agent_cost_share", "cost_rate")
}
FAULTS = {  # of the rules, and the file of tests that has to notice
    "a guard on tokens that is gone": ("tool_overhead", ">= 10000", ">= 0"),
    "a guard on agents that is gone": ("agent_share", ">= 3", ">= 0"),
    "unattributed calls counted as an agent": ("agent_share", 'gen_ai_agent_name!="unattributed"', ""),
    "an alert at its threshold": ("tool_overhead", 'ratio"} > agentgauge', 'ratio"} >= agentgauge'),
    "an alert that does not wait": ("tool_overhead", "for: 2m", "for: 0s"),
    "calls of tools counted as overhead": ("tool_overhead", "definition|new_result|carried_result", ".*"),
    "carried results forgotten": (
        "tool_overhead",
        "definition|new_result|carried_result",
        "definition|new_result",
    ),
    "overrides of a service forgotten": ("overrides", "on (service_name) group_left", "on (job) group_left"),
    "a share of all services": (
        "agent_share",
        " by (service_name, deployment_environment_name) (rate",
        " by () (rate",
    ),
}


@pytest.fixture(scope="session")
def promtool():
    return find_promtool()


@pytest.fixture
def project(tmp_path):
    """The rules that dashboards/tests are about, of the default thresholds, beside those tests."""
    content = yaml.safe_load(rules(parse("", name="defaults")))
    content["groups"] = [group for group in content["groups"] if group["name"] in TESTED]
    write_rules(tmp_path, yaml.safe_dump(content, width=10_000))
    shutil.copytree(ROOT / "dashboards" / "tests", tmp_path / "dashboards" / "tests")
    return tmp_path


def write_rules(folder, text):
    path = folder / files.RULES
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(promtool, *arguments):
    done = subprocess.run(
        [promtool, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_the_committed_rules_load(promtool):
    code, said = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", ROOT / files.RULES)
    assert code == 0, said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_alerts_fire_and_stay_silent_as_written(promtool, project, case):
    code, said = run(promtool, "test", "rules", project / "dashboards" / "tests" / case.name)
    assert code == 0, said


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(promtool, project, fault):
    tests, right, wrong = FAULTS[fault]
    path = project / files.RULES
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")

    code, said = run(promtool, "test", "rules", project / "dashboards" / "tests" / f"{tests}.yaml")
    assert code == 1, said
    assert "FAILED" in said


def test_rules_with_overrides_of_odd_names_load(promtool, tmp_path):
    text = yaml.safe_dump(
        {
            "tool_overhead_ratio": {
                "overrides": [{"service": 'a "b" {{c}}', "agent": "ä: #1", "threshold": 0.5}]
            }
        }
    )
    path = write_rules(tmp_path, rules(parse(text, name="odd")))

    code, said = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", path)
    assert code == 0, said


def test_every_query_of_the_dashboards_is_promql(promtool, tmp_path):
    panels = [panel for text in dashboards().values() for panel in json.loads(text)["panels"]]
    targets = [target for panel in panels for target in panel.get("targets", [])]
    queries = [target["expr"] for target in targets if "expr" in target]
    recorded = [
        {
            "record": f"query:{number}",
            "expr": re.sub("|".join(map(re.escape, GRAFANA)), lambda m: GRAFANA[m[0]], query),
        }
        for number, query in enumerate(queries)
    ]
    path = write_rules(tmp_path, yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))

    code, said = run(promtool, "check", "rules", "--lint=none", path)
    assert code == 0, said
    assert f"{len(queries)} rules found" in said
