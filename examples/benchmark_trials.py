"""Trials of a memory agent side by side, each with its own `llm_usage` for the result file.

Needs OPENAI_API_KEY. Run it: python examples/benchmark_trials.py; then: agentgauge report --format llm-usage
"""
# ruff: noqa: INP001, T201  # a program, which prints

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openai import OpenAI

import agentgauge as ag
from agentgauge import formats


def ask(client: OpenAI, text: str, model: str = "gpt-4o-mini") -> None:
    """One call."""
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])


def trial(number: int) -> tuple[dict[str, Any], ag.Usage]:
    """A shared beginning, then two ways on; what the memory does stands apart."""
    with OpenAI() as client, ag.workflow("trial", id=f"trial-{number}") as run, ag.agent("responder"):
        ask(client, "My name is Ana.")
        with ag.role("memory"):
            ask(client, "Note down: the user is called Ana.", model="gpt-4.1-nano")
        for branch in ("with-memory", "without-memory"):
            with run.branch(branch):
                ask(client, "What is my name?")
    return formats.llm_usage(run, details=True), run.usage


def main() -> None:
    """Four trials in threads."""
    ag.init("memory-benchmark")
    with ThreadPoolExecutor(max_workers=4) as pool:
        for told, usage in pool.map(trial, range(1, 5)):
            parts = {name: told["llm_usage_details"][name] for name in ("before_fork", "memory")}
            apart = {name: part["total_tokens"] for name, part in parts.items()}
            print(json.dumps({"llm_usage": told["llm_usage"], **apart}))
            print(f"{usage.input_tokens} in, {usage.output_tokens} out, {usage.cost_usd} USD")


if __name__ == "__main__":
    main()
