"""Runs one program with agentgauge and without: what it gets must be the same."""

import json
import os
import subprocess
import sys

from agentgauge.demo.simulated import SimulatedServer
from environments import SOURCES

# `use(name, function)` notes what the function gave, or raised, in a workflow whose id is the name.
PRELUDE = """
import contextlib, json, sys
from openai import OpenAI

url, store = sys.argv[1:]
got = {}
if store == "without":
    def scope(name): return contextlib.nullcontext()
else:
    import agentgauge as ag
    ag.init("both-ways", store=store, providers={url.split("//")[1]: "openai"})
    def scope(name): return ag.workflow("w", id=name)

def use(name, function):
    key = "sim-" + name.replace(" ", "-")
    with OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=20) as client:
        try:
            with scope(name):
                got[name] = repr(function(client))[:100_000]
        except Exception as error:
            got[name] = f"{type(error).__name__}: {error}"
"""


def run_both_ways(source, folder, *, rules):
    """What the program got by name, with and without agentgauge, and the store.

    `rules` is name -> rule of the simulated server, whose answers are the same both times.
    """
    program, store = folder / "program.py", folder / "store.sqlite"
    program.write_text(PRELUDE + source + "\nprint(json.dumps(got))\n")
    recorded, bare = (_run(program, to, rules) for to in (str(store), "without"))
    return recorded, bare, store


def _run(program, store, rules):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=5) as server:
        for name, rule in rules.items():
            server.script.load({"api_key": f"sim-{name.replace(' ', '-')}", "rules": [rule]})
        done = subprocess.run(
            [sys.executable, program, server.url, store],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr)
    return json.loads(done.stdout)
