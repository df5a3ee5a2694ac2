import asyncio

from langchain.agents import create_agent
from langchain_core.tools import ToolException, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, interrupt
from openai import AsyncOpenAI, OpenAI
from openinference.instrumentation.langchain import LangChainInstrumentor
from team import BASE_URL, MODEL, ag, key
from use_langchain import HELLO, model


@tool
@ag.tool
def lookup(city: str) -> str:
    """Looks up."""
    return "found"


@tool
def broken(city: str) -> str:
    """Fails."""
    raise ToolException(city)


broken.handle_tool_error = True  # the model is told, and the run goes on


@tool
def approve(city: str) -> str:
    """Asks a human."""
    return interrupt("?")


def node(name):
    return lambda state: {"messages": [model(name).invoke(state["messages"])]}


def graph(*names, **options):
    """Functions, one for each name, that all run at once, then `editor`, an agent without a name."""
    made = StateGraph(MessagesState)
    made.add_node("editor", create_agent(model("editor"), []))
    made.add_edge("editor", END)
    for name in names:
        made.add_node(name, node(name))
        made.add_edge(START, name)
        made.add_edge(name, "editor")
    return made.compile(**options)


def ask_by_itself(name):
    with OpenAI(base_url=BASE_URL, api_key=key(name)) as client:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])


async def ask_by_itself_async(name):
    async with AsyncOpenAI(base_url=BASE_URL, api_key=key(name)) as client:
        await client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])


async def in_one_task():
    """LangGraph runs a lone node in the caller's task, and tells of its end in another."""
    await graph("planner", "writer").ainvoke(HELLO)
    bot = create_agent(model("bot"), [lookup], name="bot")
    with ag.workflow("async", id="A-1"), ag.agent("mine"):
        await bot.ainvoke(HELLO)
        await ask_by_itself_async("mine")
        for mode in ("updates", "values", "messages"):
            async for _ in bot.astream(HELLO, stream_mode=mode):
                await ask_by_itself_async("mine")
        with ag.budget(tokens=1):
            for ask in (bot.ainvoke(HELLO), ask_by_itself_async("mine")):
                try:
                    await ask
                except ag.BudgetExceeded:
                    with ag.step("stopped by the budget"):
                        pass


graph("planner", "writer").invoke(HELLO)
asyncio.run(in_one_task())  # LangChain keeps its asynchronous client, which stays with its loop
create_agent(model("clumsy"), [broken], name="clumsy").invoke(HELLO)
for _ in create_agent(model("streamer"), [lookup], name="streamer").stream(HELLO):
    ask_by_itself("unattributed")  # between the graph's steps it is the program's own code that runs
with ag.agent("desk"):
    create_agent(model("desk"), [lookup], name="desk").invoke(HELLO)
    create_agent(model("desk"), [lookup]).invoke(HELLO)
with ag.agent("office"):
    graph("team", name="team").invoke(HELLO)
asker = create_agent(model("asker"), [approve], name="asker", checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "1"}}
asker.invoke(HELLO, thread)
asker.invoke(Command(resume="yes"), thread)
LangChainInstrumentor().instrument()
create_agent(model("traced"), [lookup], name="traced").invoke(HELLO)
