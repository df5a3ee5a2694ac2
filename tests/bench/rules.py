"""What the rules cost a Prometheus with 10,000 series of ours: CPU time of evaluating every group, printed.

Run it with `make bench-rules`. A fleet's series go to a real Prometheus by remote write, a sample each 15 s:
a day of what the rules read, a month of what budgets read, an hour of the rest. Then it evaluates one group
at a time, as often as it can, and its CPU time is read before and after, less what it takes without rules;
and once more the alerts alone, without recording rules. What else runs on the machine hardly shows in that.
"""

import calendar
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import yaml
from local_stack import cached_binaries
from many_series import BUDGETS, fleet, months
from naive_rules import naive
from one_service import Prometheus
from remote_write import encoded_labels, encoded_samples, write

from agentgauge.generate.rules import rules
from agentgauge.generate.thresholds import parse
from agentgauge.stack.answers import get
from agentgauge.stack.reload import reload_service

SERIES = int(os.environ.get("SERIES", "10000"))
EVALUATIONS = int(os.environ.get("EVALUATIONS", "3"))
STEP_S, BLOCK_S = 15, 1800
DAY_S, MONTH_S, HOUR_S = 25 * 3600, 32 * 86400, 3600
AHEAD_S = 540
"""Remote write takes samples of up to 10 minutes ahead: time to measure in, with nothing to send."""
SHAPES = 16
PER_REQUEST = 500
USUAL_S, MEASURED = 15, "100ms"
POLL_S, LEAST_S = 0.5, 3
_SECONDS = {"s": 1, "m": 60}


class Measured(Prometheus):
    """A Prometheus that takes remote write, with no rules at first.

    It scrapes nothing: with a sample of now in its head, it would refuse those of a month ago as too old.
    """

    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        flag = "--web.enable-remote-write-receiver"
        self.service = replace(self.service, command=(*self.service.command, flag))
        config = folder / "config" / "prometheus.yml"
        content = yaml.safe_load(config.read_text())
        del content["scrape_configs"]
        config.write_text(yaml.safe_dump(content))
        self.rules = folder / "config" / "rules"
        for path in self.rules.glob("*.yaml"):
            path.unlink()

    def load(self, text):
        """Gives it these rules instead of those it has."""
        (self.rules / "measured.yaml").write_text(text)
        reload_service(self.running, port=int(self.prometheus_url.rpartition(":")[2]))

    def own(self, name):
        """The sum of one of its own metrics over its labels."""
        lines = get(f"{self.prometheus_url}/metrics")[1].splitlines()
        found = (line for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def cpu_s(self):
        return self.own("process_cpu_seconds_total")

    def evaluated(self):
        """How often its group of rules was evaluated to the end."""
        return self.own("prometheus_rule_group_duration_seconds_count")


def main():
    binary = cached_binaries()["prometheus"]
    if binary is None:
        sys.exit("There is no Prometheus yet. Run: make stack")
    text = rules(parse(BUDGETS, name="budgets"))
    folder = Path(tempfile.mkdtemp(prefix="bench-rules-"))
    try:
        with Measured(binary, folder) as prometheus:
            fill(prometheus, text)
            ours, theirs = evaluations(prometheus, text), evaluations(prometheus, naive(text))
            show(text, ours, theirs)
    finally:
        shutil.rmtree(folder)


def fill(prometheus, text):
    """Sends what was before now, oldest first, up to as far ahead as Prometheus takes it."""
    labels = fleet(SERIES)
    read = re.compile("|".join({each["__name__"] for each in labels if each["__name__"] in text}))
    end = begun = time.time()
    plan = [(_reach(each, read), encoded_labels(each), number % SHAPES) for number, each in enumerate(labels)]
    samples, at = 0, (end - MONTH_S) // BLOCK_S * BLOCK_S
    limit = time.time() + AHEAD_S
    while at < limit:
        limit = time.time() + AHEAD_S
        times = range(int(at), int(min(at + BLOCK_S, limit)), STEP_S)
        shapes = [encoded_samples([(t * 1000, _value(shape, t)) for t in times]) for shape in range(SHAPES)]
        ago = end - at
        now = [(name, shapes[shape]) for (begin, stop), name, shape in plan if stop <= ago <= begin]
        for first in range(0, len(now), PER_REQUEST):
            write(prometheus.prometheus_url, now[first : first + PER_REQUEST])
        samples += len(now) * len(times)
        at += BLOCK_S
    said = f"{len(labels):,} series, {samples / 1e6:.0f} million samples in {time.time() - begun:.0f} s"
    print(said, file=sys.stderr, flush=True)


def _reach(labels, read):
    """How far back a series goes, and how long ago it ended, in seconds."""
    this, _ = months()
    month_began = time.time() - calendar.timegm(time.strptime(this + "01", "%Y%m%d"))
    if "agentgauge_period" in labels:
        old = labels["agentgauge_period"] != this
        return (MONTH_S, month_began - 7 * 86400) if old else (month_began, -HOUR_S)
    return (DAY_S if read.fullmatch(labels["__name__"]) else HOUR_S, -HOUR_S)


def _value(shape, at):
    """A counter: each shape grows at a pace of its own, and in bursts."""
    steps = int(at - 1.7e9) // STEP_S
    return float(steps * (shape + 1) + steps // (7 + shape) * 40)


def evaluations(prometheus, text):
    """{group: CPU seconds of an evaluation}, one group at a time."""
    prometheus.load("groups: []")
    idle = min(_per_second(measured(prometheus, evaluated=0)) for _ in range(4))
    found = {}
    for group in yaml.safe_load(text)["groups"]:
        prometheus.load(yaml.safe_dump({"groups": [group | {"interval": MEASURED}]}, width=10_000))
        took, times, seconds = measured(prometheus, evaluated=EVALUATIONS)
        found[group["name"]] = max(0, took - idle * seconds) / times
        print(f"{group['name']}: {found[group['name']]:.4f}", file=sys.stderr, flush=True)
        rules = prometheus.prometheus("rules")["groups"][0]["rules"]
        broken = [rule["name"] for rule in rules if rule["health"] == "err"]
        assert not broken, broken
    return found


def _per_second(found):
    took, _, lasted = found
    return took / lasted


def measured(prometheus, *, evaluated):
    """(CPU seconds, evaluations, seconds) from the end of an evaluation to that of one some time later."""
    before = prometheus.evaluated()
    while prometheus.evaluated() < before + min(evaluated, 1):
        time.sleep(POLL_S)
    begun, cpu, first = time.monotonic(), prometheus.cpu_s(), prometheus.evaluated()
    while prometheus.evaluated() < first + evaluated or time.monotonic() < begun + LEAST_S:
        time.sleep(POLL_S)
    return prometheus.cpu_s() - cpu, prometheus.evaluated() - first, time.monotonic() - begun


def show(text, ours, theirs):
    """The table, as docs/alerts.md has it."""
    print("| group | rules | CPU ms | every | CPU ms a minute | alerts alone: CPU ms | CPU ms a minute |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    total = theirs_total = 0
    for group in yaml.safe_load(text)["groups"]:
        name, every = group["name"], group.get("interval", f"{USUAL_S}s")
        each_s = int(every[:-1]) * _SECONDS[every[-1]]
        minute, theirs_minute = ours[name] * 60 / each_s, theirs.get(name, 0) * 60 / USUAL_S
        total, theirs_total = total + minute, theirs_total + theirs_minute
        naive_cells = f"{theirs[name] * 1e3:.1f} | {theirs_minute * 1e3:.0f}" if name in theirs else " | "
        cells = (
            f"{len(group['rules'])} | {ours[name] * 1e3:.1f} | {every} | {minute * 1e3:.0f} | {naive_cells}"
        )
        print(f"| {name.removeprefix('agentgauge.')} | {cells} |")
    whole, their_whole = sum(ours.values()) * 1e3, sum(theirs.values()) * 1e3
    print(f"| all | | {whole:.0f} | | {total * 1e3:.0f} | {their_whole:.0f} | {theirs_total * 1e3:.0f} |")
    print(f"A minute of all groups takes {total:.2f} s of a core; of the alerts alone {theirs_total:.2f} s:")
    print(f"{theirs_total / total:.2f} times as much.")


if __name__ == "__main__":
    main()
