"""What counters did and which alerts that has to raise, as a file for promtool."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import yaml

WHO = {"service_name": "shop", "deployment_environment_name": "prod", "gen_ai_agent_name": "planner"}
PER_CALL = {"gen_ai_provider_name": "openai", "gen_ai_request_model": "m"}


@dataclass(frozen=True, kw_only=True)
class Fires:
    """An alert that is active: the labels besides its name, and its summary."""

    summary: str
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Series (selector -> values, in promtool's notation) and, by time, the alerts that are active then."""

    name: str
    alert: str
    series: dict[str, str]
    active: dict[str, list[Fires]]
    samples: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    step: str = "1m"


def series(name, values, **labels):
    """One series as promtool reads it."""
    inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return {f"{name}{{{inside}}}": values}


def rising(per_step, steps=60, *, then_still=0):
    """A counter from 0, and then so many steps without a change."""
    still = f" {per_step * steps}x{then_still}" if then_still else ""
    return f"0+{per_step}x{steps}{still}"


def judge(promtool, folder, rules, scenarios, *, groups, every):
    """(exit status, what promtool said), with some groups of the rules, evaluated so often.

    Links have a test of their own, so only the summary is compared.
    """
    content = yaml.safe_load(rules)
    content["groups"] = [group for group in content["groups"] if group["name"] in groups]
    assert len(content["groups"]) == len(groups)
    for group in content["groups"]:
        group.pop("interval", None)
        for rule in group["rules"]:
            if "annotations" in rule:
                rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    (folder / "rules.yaml").write_text(yaml.safe_dump(content, width=10_000))
    tests = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": every,
        "tests": [_written(found) for found in scenarios],
    }
    path = folder / "tests.yaml"
    path.write_text(yaml.safe_dump(tests, sort_keys=False))
    done = subprocess.run(
        [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def _written(found):
    return {
        "name": found.name,
        "interval": found.step,
        "input_series": [{"series": name, "values": values} for name, values in found.series.items()],
        "alert_rule_test": [
            {
                "alertname": found.alert,
                "eval_time": at,
                "exp_alerts": [
                    {"exp_labels": each.labels, "exp_annotations": {"summary": each.summary}}
                    for each in active
                ],
            }
            for at, active in found.active.items()
        ],
    }
