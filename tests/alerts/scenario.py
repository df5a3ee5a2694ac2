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


def judge(promtool, folder, rules, scenarios, *, every):
    """(exit status, what promtool said), with the rules evaluated so often.

    promtool evaluates all rules that it is given, at every step of every scenario, so an alert gets a file of
    its own with the rules that it reads. Links have a test of their own: only the summary is compared.
    """
    groups, files = yaml.safe_load(rules)["groups"], []
    found = [rule for group in groups for rule in group["rules"]]
    (offset,) = {group["query_offset"] for group in groups}
    for alert in sorted({each.alert for each in scenarios}):
        read = [_without_links(rule) for rule in needed(found, alert)]
        group = {"name": alert, "query_offset": offset, "rules": read}
        (folder / f"{alert}.rules.yaml").write_text(yaml.safe_dump({"groups": [group]}, width=10_000))
        tests = {
            "rule_files": [f"{alert}.rules.yaml"],
            "evaluation_interval": every,
            "tests": [_written(each) for each in scenarios if each.alert == alert],
        }
        files.append(folder / f"{alert}.yaml")
        files[-1].write_text(yaml.safe_dump(tests, sort_keys=False))
    done = subprocess.run(
        [promtool, "test", "rules", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def needed(rules, alert):
    """An alert's rules and all that they read, in the order in which they are evaluated."""
    found, more = [], [rule for rule in rules if rule.get("alert") == alert]
    while more != found:
        found, said = more, str([(rule["expr"], rule.get("annotations")) for rule in more])
        more = [rule for rule in rules if rule in found or ("record" in rule and _series(rule) in said)]
    assert found
    return found


def _series(rule):
    """How a query of what it records begins."""
    names = [name for name in ("of", "indicator") if name in rule["labels"]]
    return f"{rule['record']}{{" + "".join(f'{name}="{rule["labels"][name]}"' for name in names)


def _without_links(rule):
    kept = {"summary": rule["annotations"]["summary"]} if "annotations" in rule else None
    return rule | ({"annotations": kept} if kept else {})


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
