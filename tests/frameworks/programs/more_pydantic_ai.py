import asyncio

import logfire
from openai import AsyncOpenAI
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.models.instrumented import InstrumentationSettings
from team import BASE_URL, MODEL, ag, key
from use_pydantic_ai import agent


def with_tool(name, tool):
    made = agent(name)
    made.tool_plain(tool)
    return made


@ag.tool
def lookup(city: str) -> str:
    return "found"


def broken(city: str) -> str:
    raise ModelRetry(city)


async def ask_by_itself(name):
    async with AsyncOpenAI(base_url=BASE_URL, api_key=key(name)) as client:
        await client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])


async def main():
    await with_tool("clumsy", broken).run("Hello")
    async with agent("impatient").iter("Hello") as run:
        async for _ in run:
            break
    await ask_by_itself("unattributed")
    with ag.agent("desk", role="responder"):
        await with_tool("desk", lookup).run("Hello")
        nameless = agent("desk")
        nameless.name = None
        await nameless.run("Hello", infer_name=False)
    with ag.agent("office"):
        await agent("clerk").run("Hello")

    Agent.instrument_all(InstrumentationSettings(include_content=True))
    await with_tool("traced", lookup).run("Hello")
    async with with_tool("traced", lookup).run_stream("Hello") as result:
        await result.get_output()
    Agent.instrument_all(False)
    logfire.configure(send_to_logfire=False, console=False, inspect_arguments=False)
    logfire.instrument_pydantic_ai()
    await with_tool("logged", lookup).run("Hello")


asyncio.run(main())
