"""Runs the programs of tests/agents as trials, with the client and the libraries that each needs."""

import json
import os
import subprocess
import sys

from environments import ROOT, SOURCES, with_libraries

AGENTS = ROOT / "tests" / "agents"
# Newest openai with Mem0 2, and openai 2 with Mem0 1, which works in a thread pool that carries no context.
CLIENTS = {"openai 3": (None, "2.2.1"), "openai 2": ("2.54.0", "1.0.11")}
NAMES = (
    "provider_wrapper",
    "responder_updater",
    "langchain_react",
    "mem0_memory",
    "amem_memory",
    "lightmem_like",
)
LIBRARIES = {"langchain_react", "mem0_memory", "amem_memory"}
TRIALS = ("sim-trial-1", "sim-trial-2", "sim-trial-3")


def interpreter(client, agent):
    if agent not in LIBRARIES and client == "openai 3":
        return sys.executable  # which has that client
    openai, mem0 = CLIENTS[client]
    return with_libraries("memory-agents", f"mem0ai=={mem0}", openai=openai)


def program_environment(url, folder, **more):
    """Without any setting of whoever runs the tests; a key that no trial has is what a leak would use."""
    foreign = ("AGENTGAUGE", "OTEL", "OPENAI", "PYTHON", "MEM0", "LANGSMITH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": "sim-nobody",
        "AGENTGAUGE_STORE": str(folder / "store.sqlite"),
        "LANGSMITH_TRACING": "false",
        **more,
    }


def run_trials(python, agent, how, keys, *, url, folder, **more):
    """What trials.py says of each trial."""
    environment = program_environment(url, folder, PYTHONPATH=str(SOURCES), **more)
    done = subprocess.run(
        [python, AGENTS / "trials.py", agent, how, *keys],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
