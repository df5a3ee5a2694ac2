"""A ReAct loop over LangChain: tools bound to the model, `.invoke` on the client itself."""

import os

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

MODEL = "gpt-4o-mini"
MOST_TURNS = 4


@tool
def look_up(topic: str) -> str:
    """Looks a topic up in the memory."""
    return f"Nothing is known about {topic}."


look_up.handle_validation_error = True  # what a model gets wrong is told to it


def run(key):
    model = ChatOpenAI(
        model=os.environ.get("AGENT_MODEL", MODEL), base_url=os.environ["OPENAI_BASE_URL"], api_key=key
    )
    plan = model.invoke("Plan how to find out who Ana is.")
    with_tools = model.bind_tools([look_up])
    messages = [HumanMessage("Who is Ana?"), plan]
    for _ in range(MOST_TURNS):
        answer = with_tools.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            break
        messages += [
            ToolMessage(look_up.invoke(call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls
        ]
    for _ in model.stream(messages):
        pass


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
