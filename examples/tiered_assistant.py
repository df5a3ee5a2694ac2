"""A coding assistant that picks a small model first and shows what every answer took.

Needs OPENAI_API_KEY. Run it: python examples/tiered_assistant.py; then: agentgauge report --format statistics
"""
# ruff: noqa: INP001, T201  # a program, which prints

from openai import OpenAI

import agentgauge as ag
from agentgauge import formats, routing

TIERS = [("gpt-4.1-nano", 0), ("gpt-4o-mini", 1), ("gpt-4o", 2)]
STEPS = {"Plan the files": "planning", "Write the code": "code_generation"}


def ask(client: OpenAI, task: str, purpose: str) -> str:
    """The first model that answers in its tier's time."""
    answer = ""
    for attempt in routing.fallback(TIERS, purpose=purpose, apply_timeouts=True):
        with attempt:
            print(formats.routing_lines(attempt.choice))
            said = client.chat.completions.create(
                model=attempt.model, messages=[{"role": "user", "content": task}]
            )
            answer = said.choices[0].message.content or ""
    return answer


def main() -> None:
    """Two steps, each with its banner, and a checklist between them."""
    ag.init("tiered-assistant")
    with (
        OpenAI() as client,
        ag.workflow("task", id="files-1") as task,
        ag.agent("assistant") as assistant,
        formats.on_call(lambda event: print(formats.call_line(event.call))),
    ):
        task.plan(list(STEPS))
        for index, (step, purpose) in enumerate(STEPS.items(), start=1):
            print(formats.step_lines(step, index=index, count=len(STEPS)))
            with ag.step(step, index=index, count=len(STEPS)):
                ask(client, step, purpose)
            print(formats.checklist(task))
        task.note_file("app.py", "created")
    print(formats.execution_statistics())
    usage = assistant.usage
    print(f"assistant: {usage.input_tokens} in, {usage.output_tokens} out, {usage.cost_usd} USD")


if __name__ == "__main__":
    main()
