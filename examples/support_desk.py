"""A workflow of two agents and a tool, and what each of them cost.

Needs OPENAI_API_KEY. Run it: python examples/support_desk.py; then: agentgauge report
"""
# ruff: noqa: INP001, T201  # a program, which prints

from openai import OpenAI

import agentgauge as ag

ag.init("support-desk")
client = OpenAI()


def ask(text: str) -> str:
    """One question to the model."""
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": text}], max_completion_tokens=100
    )
    return answer.choices[0].message.content or ""


@ag.tool
def look_up(topic: str) -> str:
    """What the handbook says."""
    return f"About {topic}: refunds take 14 days."


@ag.agent("researcher", role="responder")
def research(topic: str) -> str:
    """Reads the handbook."""
    return ask(f"Sum up in one sentence: {look_up(topic)}")


@ag.agent("writer", role="responder")
def write(facts: str) -> str:
    """Writes to the customer."""
    return ask(f"Write two friendly sentences to a customer: {facts}")


def main() -> None:
    """Answers one ticket, and says what it cost."""
    with ag.workflow("ticket", id="T-42", tags={"team": "support"}) as run, ag.budget(usd=0.50):
        write(research("refunds"))
    for name, usage in run.usage.by_agent.items():
        print(f"{name}: {usage.input_tokens} in, {usage.output_tokens} out, {usage.cost_usd} USD")


if __name__ == "__main__":
    main()
