"""Three agents at once, with a tool that the model may call and a limit for each of them.

Needs OPENAI_API_KEY. Run it: python examples/async_team.py; then: agentgauge report
"""
# ruff: noqa: INP001, T201  # a program, which prints

import asyncio
import json
from typing import Any

from openai import AsyncOpenAI

import agentgauge as ag

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "population",
            "description": "How many people live in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]
TURNS = 4


@ag.tool
async def population(city: str) -> str:
    """A number, as text for the model."""
    return json.dumps({"city": city, "people": 1_000_000})


async def talk(client: AsyncOpenAI, question: str) -> str:
    """Asks, runs the tools that the model asks for, and asks again."""
    messages: list[Any] = [{"role": "user", "content": question}]
    for _ in range(TURNS):
        answer = await client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            city = json.loads(call.function.arguments).get("city", "")
            result = await population(city)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return "No answer yet."


async def agent(client: AsyncOpenAI, city: str) -> str:
    """One agent; what it may spend is its own."""
    with ag.agent(f"scout-{city}", role="researcher"), ag.budget(tokens=20_000):
        try:
            return await talk(client, f"Is {city} a large city?")
        except ag.BudgetExceeded as stopped:
            return f"Stopped at {stopped.spent}."


async def main() -> None:
    """Asks about three cities at once, and says what each cost."""
    ag.init("async-team")
    async with AsyncOpenAI() as client:
        with ag.workflow("cities") as run:
            await asyncio.gather(*(agent(client, city) for city in ("lima", "oslo", "pune")))
    for name, usage in sorted(run.usage.by_agent.items()):
        print(f"{name}: {usage.input_tokens} in, {usage.output_tokens} out, {usage.cost_usd} USD")


if __name__ == "__main__":
    asyncio.run(main())
