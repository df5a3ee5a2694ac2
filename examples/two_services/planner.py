"""The service that calls another: one trace, one workflow and one agent path go over both.

Needs OPENAI_API_KEY, httpx, and researcher.py beside it running.
Run it: python examples/two_services/planner.py; then: agentgauge report --since 1h
"""
# ruff: noqa: INP001, T201  # a program, which prints

import os
from urllib.parse import urlsplit

import httpx
from openai import OpenAI

import agentgauge as ag

RESEARCHER = os.environ.get("RESEARCHER_URL", "http://127.0.0.1:8001")

# Only this host is told which agent and workflow is calling.
ag.init("planner", propagate_to=[urlsplit(RESEARCHER).netloc])
client = OpenAI()


def ask(text: str) -> str:
    """One question to the model."""
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


@ag.agent("planner", role="planner")
def plan(topic: str) -> str:
    """Asks the other service for facts, and makes a plan of them."""
    reply = httpx.get(f"{RESEARCHER}/facts", params={"topic": topic}, timeout=60)
    return ask(f"Plan a report from these facts: {reply.json()['facts']}")


def main() -> None:
    """Plans one report; what the other service used for it is in the report of both, not in `run`."""
    with ag.workflow("report", id="R-7") as run:
        plan("refunds")
    print(f"{run.usage.input_tokens} in, {run.usage.output_tokens} out in this process")


if __name__ == "__main__":
    main()
