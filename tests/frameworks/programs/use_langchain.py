import os

os.environ["LANGSMITH_TRACING"] = "false"

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from team import BASE_URL, MODEL, key, run_all

HELLO = {"messages": [("user", "Hello")]}


def model(agent):
    return ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key=key(agent), max_retries=0, stream_usage=True)


@tool
def weather(city: str) -> str:
    """The weather."""
    return "sunny"


def team(way, *, in_async=False):
    helper = create_agent(model(f"{way}_helper"), [weather], name=f"{way}_helper")
    if in_async:

        @tool
        async def ask_helper(question: str) -> str:
            """Asks the helper."""
            return (await helper.ainvoke(HELLO))["messages"][-1].text
    else:

        @tool
        def ask_helper(question: str) -> str:
            """Asks the helper."""
            return helper.invoke(HELLO)["messages"][-1].text

    return create_agent(model(f"{way}_lead"), [ask_helper], name=f"{way}_lead")


def sync(way):
    team(way).invoke(HELLO)


async def run_async(way):
    await team(way, in_async=True).ainvoke(HELLO)


def stream(way):
    for _ in team(way).stream(HELLO, stream_mode="messages"):
        pass


if __name__ == "__main__":
    run_all(sync=sync, run_async=run_async, stream=stream)
