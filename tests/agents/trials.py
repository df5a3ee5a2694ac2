"""Runs an agent as trials that overlap, each in a workflow of its own: all that a benchmark adds to it.

    python trials.py AGENT serial|threads|tasks|processes TRIAL...

A trial's id is its API key. What each has used, and what the store says of it, goes to stdout as JSON.
"""

import asyncio
import contextlib
import importlib
import json
import multiprocessing
import os
import sys
import threading

import agentgauge as ag
from agentgauge import formats

ag.init("benchmark", providers={os.environ["OPENAI_BASE_URL"].split("/")[2]: "openai"})
agent, how, keys = importlib.import_module(sys.argv[1]), sys.argv[2], sys.argv[3:]
used, together = {}, threading.Barrier(len(keys))


@contextlib.contextmanager
def trial(key):
    with ag.workflow("trial", id=key) as opened, ag.agent(agent.__name__):
        yield
    used[key] = formats.llm_usage(opened, details=True)


def run(key, wait=lambda: None):
    wait()
    with trial(key):
        agent.run(key)


async def run_tasks():
    async def one(key):
        with trial(key):
            await agent.run_async(key)

    await asyncio.gather(*map(one, keys))


def run_in_child(key, results):
    run(key)
    results.put((key, used[key]))


def run_processes():
    forking = multiprocessing.get_context("fork")
    results = forking.SimpleQueue()
    children = [forking.Process(target=run_in_child, args=(key, results)) for key in keys]
    for child in children:
        child.start()
    used.update(results.get() for _ in children)
    for child in children:
        child.join()


def run_threads():
    threads = [threading.Thread(target=run, args=(key, together.wait)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


out = os.dup(1)
os.dup2(2, 1)  # libraries print; stdout is for the result
if how == "serial":
    for key in keys:
        run(key)
elif how == "threads":
    run_threads()
elif how == "tasks":
    asyncio.run(run_tasks())
else:
    run_processes()
found = {
    "ledger": ag.current().usage.to_dict() | {"by_agent": None},
    "used": used,
    "stored": {row.pop("id"): row for row in formats.trials(details=True)},
}
ag.shutdown()
with os.fdopen(out, "w") as stdout:
    json.dump(found, stdout)
