"""Two hours of a service's cost as they were a week ago, written into Prometheus' storage by promtool."""

import random
import subprocess
import time

SERVICE, AGENTS = "a-week-ago", ("planner", "researcher")
STEP_S, LASTS_S, WEEK_S = 15, 7200, 7 * 24 * 3600
NAME = "agentgauge_cost_usd_total"


def begin_s():
    """When they began: an hour before this time a week ago."""
    return int(time.time()) - WEEK_S - LASTS_S // 2


def backfill(promtool, data, begin):
    """Writes the blocks; {agent: [(time, sum)]}."""
    found = {agent: list(_course(agent, begin)) for agent in AGENTS}
    lines = [f"# TYPE {NAME.removesuffix('_total')} counter"]
    lines += [_line(agent, at, value) for agent, points in found.items() for at, value in points]
    data.mkdir(parents=True, exist_ok=True)
    source = data.parent / "week-ago.txt"
    source.write_text("\n".join([*lines, "# EOF\n"]))
    words = [promtool, "tsdb", "create-blocks-from", "openmetrics", source, data]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return found


def _course(agent, begin):
    """A sum that grows unevenly, and not at all in some minutes."""
    chance, value = random.Random(agent), 0.0
    for at in range(begin, begin + LASTS_S, STEP_S):
        yield at, value
        value += chance.choice((0, 0, 0.001, 0.004, 0.02))


def _line(agent, at, value):
    labels = {
        "service_name": SERVICE,
        "gen_ai_agent_name": agent,
        "gen_ai_request_model": "gpt-4o",
        "agentgauge_token_type": "input",
        "agentgauge_agent_role": "responder",
    }
    inside = ",".join(f'{name}="{text}"' for name, text in labels.items())
    return f"{NAME}{{{inside}}} {value!r} {at}"
