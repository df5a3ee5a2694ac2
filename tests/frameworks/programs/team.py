"""What the programs share: each runs the same team in every way that its framework can be run.

A lead asks its helper through a tool, the helper asks for the weather. Both have the way's name in theirs,
and each has an API key of its own, by which the server keeps its books.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import agentgauge as ag

URL, STORE = sys.argv[1:]
MODEL = "gpt-4o-mini"
BASE_URL = f"{URL}/v1"
AT_ONCE = 3

os.environ.setdefault("OPENAI_API_KEY", "sim-nobody")  # what goes past the keys of the agents shows
if os.environ.get("AGENTGAUGE_AUTO") != "1":  # below `agentgauge run` nobody has to start it
    ag.init("frameworks", store=STORE, providers={URL.split("//")[1]: "openai"})


def key(agent):
    return f"sim-{agent}"


def run_all(*, sync, run_async, stream):
    """The ways: in the main thread, as a task, in several threads and tasks at once, as a stream."""
    sync("sync")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(sync, [f"threads{number}" for number in range(AT_ONCE)]))
    asyncio.run(_in_one_loop(run_async, stream))


async def _in_one_loop(run_async, stream):
    """In one, since some frameworks keep a client, and with it connections, for all of their agents."""
    await run_async("async")
    await asyncio.gather(*(run_async(f"tasks{number}") for number in range(AT_ONCE)))
    if (streaming := stream("stream")) is not None:
        await streaming
