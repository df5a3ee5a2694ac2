import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from team import BASE_URL, MODEL, key, run_all


def agent(name):
    provider = OpenAIProvider(base_url=BASE_URL, api_key=key(name))
    return Agent(OpenAIChatModel(MODEL, provider=provider), name=name)


def team(way):
    helper, lead = agent(f"{way}_helper"), agent(f"{way}_lead")

    @helper.tool_plain
    def weather(city: str) -> str:
        return "sunny"

    @lead.tool_plain
    async def ask_helper(question: str) -> str:
        return (await helper.run(question)).output

    return lead


def sync(way):
    asyncio.set_event_loop(asyncio.new_event_loop())  # run_sync wants one, also in a thread
    team(way).run_sync("Hello")


async def run_async(way):
    await team(way).run("Hello")


async def streamed(way):
    async with team(way).run_stream("Hello") as result:
        async for _ in result.stream_text():
            pass


if __name__ == "__main__":
    run_all(sync=sync, run_async=run_async, stream=streamed)
