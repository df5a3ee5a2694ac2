"""What rules have to record, as a file for promtool."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import yaml

ROUNDED = 1e-6
_NEEDED = ("agentgauge:indicator", "agentgauge:rate", "agentgauge:budget", "agentgauge:kept")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A recorded series of an indicator, and all its samples: labels besides the indicator's -> value."""

    record: str
    indicator: str
    samples: dict[tuple[tuple[str, str], ...], float]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Series (selector -> values, in promtool's notation), and what is recorded of them at a time."""

    name: str
    series: dict[str, str]
    step: str
    every: str
    at: str
    asked: list[Asked]


def labelled(labels):
    """Labels as `Asked.samples` has them."""
    return tuple(sorted(labels.items()))


def judge_values(promtool, folder, rules, situations):
    """(exit status, what promtool said); it evaluates only the rules whose indicators are asked for."""
    files = []
    for number, found in enumerate(situations):
        wanted = {asked.indicator for asked in found.asked}
        kept = [_only(group, wanted) for group in yaml.safe_load(rules)["groups"]]
        (folder / f"{number}-rules.yaml").write_text(yaml.safe_dump({"groups": kept}, width=10_000))
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(_written(found, f"{number}-rules.yaml"), width=10_000))
    return run_promtool(promtool, files)


def run_promtool(promtool, files):
    """Runs the tests in these files."""
    command = [promtool, "test", "rules", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def _only(group, indicators):
    indicators = {*indicators, None}  # budgets and sums belong to none
    rules = [
        rule
        for rule in group["rules"]
        if rule.get("record", "").startswith(_NEEDED) and rule["labels"].get("indicator") in indicators
    ]
    return {"name": group["name"], "query_offset": group["query_offset"], "rules": rules}


def _written(found, rules):
    return {
        "rule_files": [rules],
        "evaluation_interval": found.every,
        "tests": [
            {
                "name": found.name,
                "interval": found.step,
                "input_series": [{"series": name, "values": values} for name, values in found.series.items()],
                "promql_expr_test": [_question(asked, found.at) for asked in found.asked],
            }
        ],
    }


def _question(asked, at):
    """Rounded, since promtool compares to the last bit."""
    of = f'indicator="{asked.indicator}"'
    expected = [
        {"labels": f"{{{_text({'indicator': asked.indicator} | dict(labels))}}}", "value": round(value, 6)}
        for labels, value in asked.samples.items()
    ]
    return {
        "expr": f"round({asked.record}{{{of}}}, {ROUNDED:.6f})",
        "eval_time": at,
        "exp_samples": expected,
    }


def _text(labels):
    return ",".join(f'{name}="{text}"' for name, text in labels.items())
