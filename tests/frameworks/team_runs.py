"""Runs a framework's program against the simulated server, and tells what was recognised in it."""

import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from environments import SOURCES, listed

PROGRAMS = Path(__file__).parent / "programs"
WAYS = {
    "sync": ("sync",),
    "async": ("async",),
    "threads": ("threads0", "threads1", "threads2"),
    "tasks": ("tasks0", "tasks1", "tasks2"),
    "stream": ("stream",),
}
"""Each way to run a framework, and the teams that run in it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program left: its output, what agentgauge stored, the server's books by API key."""

    done: subprocess.CompletedProcess
    calls: list
    scopes: list
    books: dict

    def tools(self):
        """(tool, agent, status) of each run of a tool, and how many there were."""
        ran = [scope for scope in self.scopes if scope["kind"] == "tool"]
        return Counter((scope["name"], scope["agent"], scope["status"]) for scope in ran)

    def agents(self):
        """How often each agent ran."""
        return Counter(scope["name"] for scope in self.scopes if scope["kind"] == "agent")

    def paths(self):
        """The agents' paths that calls have, and how many calls each."""
        return Counter(call["agent_path"] for call in self.calls)

    def wrongly_booked(self):
        """Agents whose calls differ from the server's book of their key; key `sim-x` is agent x's."""
        agents = {call["agent"] for call in self.calls} | {key.removeprefix("sim-") for key in self.books}
        return {
            agent: (mine, theirs)
            for agent in agents
            if (mine := recorded([call for call in self.calls if call["agent"] == agent]))
            != (theirs := booked(self.books[f"sim-{agent}"]) if f"sim-{agent}" in self.books else None)
        }


def run(framework, program, folder, *, rules=None, below=(), **variables):
    """Runs `programs/{program}.py` in the framework's environment, below the command `below`.

    `rules` are the server's by API key, `variables` of the environment.
    """
    store = folder / f"{program}.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    python = listed(framework)
    path = os.pathsep.join([str(SOURCES), str(PROGRAMS)])
    with SimulatedServer(seed=5) as server:
        for key, some in (rules or {}).items():
            server.script.load({"api_key": key, "rules": some})
        done = subprocess.run(
            [python, *below, *([python] if below else []), PROGRAMS / f"{program}.py", server.url, store],
            env=kept | {"PYTHONPATH": path, "AGENTGAUGE_STORE": str(store)} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    assert done.returncode == 0, done.stderr[-4000:]
    return Ran(done, rows(store), rows(store, "SELECT * FROM scopes ORDER BY start_ns"), books)


def run_teams(framework, folder, **options):
    """Runs the framework's team in every way."""
    program = f"use_{framework.replace('-', '_')}"
    rules = _answers() if framework == "smolagents" else None
    return run(framework, program, folder, rules=rules, **options)


def _answers():
    """smolagents wants its end as a call as well, and asks for it under a tool of its own."""
    asks = {"lead": ("ask_helper", {"question": "?"}), "helper": ("weather", {"city": "Oslo"})}
    end = {"tool_calls": [{"name": "final_answer", "arguments": {"answer": "sunny"}}]}
    return {
        f"sim-{team}_{who}": [{"tool_calls": [{"name": tool, "arguments": arguments}]}, end]
        for teams in WAYS.values()
        for team in teams
        for who, (tool, arguments) in asks.items()
    }


def seen(ran):
    """Way -> which of agent, tool and calls were seen as they were, in all of its teams."""
    wrong = ran.wrongly_booked()
    return {way: _seen_in(teams, ran, wrong) for way, teams in WAYS.items()}


def _seen_in(teams, ran, wrong):
    agents, tools, paths = ran.agents(), ran.tools(), ran.paths()
    claims = {
        "agent": lambda t: (
            (agents[f"{t}_lead"], agents[f"{t}_helper"]) == (1, 1)
            and (paths[f"{t}_lead"], paths[f"{t}_lead/{t}_helper"]) == (2, 2)
        ),
        "tool": lambda t: (
            tools["ask_helper", f"{t}_lead", "ok"] == 1 and tools["weather", f"{t}_helper", "ok"] == 1
        ),
        "calls": lambda t: f"{t}_lead" not in wrong and f"{t}_helper" not in wrong,
    }
    return [name for name, holds in claims.items() if all(holds(team) for team in teams)]
