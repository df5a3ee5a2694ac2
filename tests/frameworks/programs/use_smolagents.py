import asyncio

from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import OpenAIServerModel, ToolCallingAgent, tool
from team import BASE_URL, MODEL, key, run_all

SmolagentsInstrumentor().instrument()


def model(agent):
    return OpenAIServerModel(MODEL, api_base=BASE_URL, api_key=key(agent))


@tool
def weather(city: str) -> str:
    """The weather.

    Args:
        city: where.
    """
    return "sunny"


def agent(name, tools):
    return ToolCallingAgent(tools, model(name), name=name, description="An agent.", verbosity_level=0)


def team(way):
    helper = agent(f"{way}_helper", [weather])

    @tool
    def ask_helper(question: str) -> str:
        """Asks the helper.

        Args:
            question: what.
        """
        return str(helper.run(question))

    return agent(f"{way}_lead", [ask_helper])


def sync(way):
    team(way).run("Hello")


async def run_async(way):
    await asyncio.to_thread(sync, way)  # it has no run of its own for coroutines


def stream(way):
    for _ in team(way).run("Hello", stream=True):
        pass


if __name__ == "__main__":
    run_all(sync=sync, run_async=run_async, stream=stream)
