import asyncio

from openai import AsyncOpenAI
from team import BASE_URL, MODEL, key, run_all

import agents
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool

agents.set_tracing_disabled(True)  # as everybody does whose traces are not to go to OpenAI
SETTINGS = ModelSettings(include_usage=True)


def model(agent):
    return OpenAIChatCompletionsModel(MODEL, AsyncOpenAI(base_url=BASE_URL, api_key=key(agent)))


@function_tool
def weather(city: str) -> str:
    """The weather."""
    return "sunny"


def team(way):
    helper = Agent(f"{way}_helper", model=model(f"{way}_helper"), tools=[weather], model_settings=SETTINGS)
    ask = helper.as_tool("ask_helper", "Asks the helper.")
    return Agent(f"{way}_lead", model=model(f"{way}_lead"), tools=[ask], model_settings=SETTINGS)


def sync(way):
    asyncio.set_event_loop(asyncio.new_event_loop())  # run_sync wants one, also in a thread
    Runner.run_sync(team(way), "Hello")


async def run_async(way):
    await Runner.run(team(way), "Hello")


async def streamed(way):
    async for _ in Runner.run_streamed(team(way), "Hello").stream_events():
        pass


if __name__ == "__main__":
    run_all(sync=sync, run_async=run_async, stream=streamed)
