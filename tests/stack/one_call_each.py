"""Many short lives: `one_call_each.py COUNT MODEL_SERVER` makes processes of one call each."""

import gc
import os
import sys

import openai
import openinference.instrumentation.openai._request  # noqa: F401  # loaded once and not in every life
import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401

import agentgauge as ag
from agentgauge.config import read_settings

AT_ONCE = 8
AGENTS = ("planner", "researcher", "writer")


def one_call(number, server):
    host = server.split("//")[1]
    ag.init(
        settings=read_settings(
            os.environ, service_name="short-lives", store="off", providers={host: "openai"}
        )
    )
    agent = AGENTS[number % len(AGENTS)]
    with openai.OpenAI(base_url=f"{server}/v1", api_key=f"sim-{agent}") as client, ag.agent(agent):
        client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"Question {number}"}]
        )


def main():
    count, server = int(sys.argv[1]), sys.argv[2]
    with openai.OpenAI(base_url=server, api_key="never used") as loaded:
        assert loaded.chat.completions  # its modules, once and not in every life
    gc.freeze()
    living, failed = set(), 0
    for number in range(count):
        if len(living) == AT_ONCE:
            failed += _ended(living)
        child = os.fork()
        if child == 0:
            one_call(number, server)
            sys.exit()  # as any program ends: what it recorded is sent at exit
        living.add(child)
    while living:
        failed += _ended(living)
    sys.exit(failed > 0)


def _ended(living):
    child, status = os.wait()
    living.discard(child)
    return status != 0


if __name__ == "__main__":
    main()
