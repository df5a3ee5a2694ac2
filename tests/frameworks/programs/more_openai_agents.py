import asyncio

from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from team import ag
from use_openai_agents import SETTINGS, model

import agents
from agents import Agent, Runner, function_tool


class Theirs(agents.TracingProcessor):
    """A tracing processor of the user's."""

    heard = 0

    def on_span_start(self, span):
        type(self).heard += 1

    def on_trace_start(self, trace): ...
    def on_trace_end(self, trace): ...
    def on_span_end(self, span): ...
    def shutdown(self): ...
    def force_flush(self): ...


@function_tool
def broken(city: str) -> str:
    """Fails."""
    raise ValueError(city)


@function_tool
@ag.tool
def lookup(city: str) -> str:
    """Looks up."""
    return "found"


def agent(name, **options):
    return Agent(name, model=model(name), model_settings=SETTINGS, **options)


async def main():
    billing = agent("billing")
    await Runner.run(agent("triage", handoffs=[billing]), "Hello")
    await Runner.run(agent("clumsy", tools=[broken]), "Hello")
    with ag.agent("desk", role="responder"):
        await Runner.run(agent("desk", tools=[lookup]), "Hello")
    with ag.agent("office"):
        await Runner.run(agent("clerk"), "Hello")

    agents.set_tracing_disabled(False)
    agents.set_trace_processors([Theirs()])
    await Runner.run(agent("traced", tools=[lookup]), "Hello")
    OpenAIAgentsInstrumentor().instrument(tracer_provider=None, exclusive_processor=False)
    await Runner.run(agent("twice_traced", tools=[lookup]), "Hello")


asyncio.run(main())
print(Theirs.heard)
