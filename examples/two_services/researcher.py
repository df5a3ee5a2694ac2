"""The service that is called: its calls belong to the agent and the workflow of the caller.

Needs OPENAI_API_KEY, fastapi and uvicorn.
Run it: uvicorn --app-dir examples/two_services --port 8001 researcher:app
"""
# ruff: noqa: INP001  # a program

from fastapi import FastAPI
from openai import AsyncOpenAI

import agentgauge as ag
from agentgauge.asgi import Middleware

ag.init("researcher")
client = AsyncOpenAI()
app = FastAPI()
app.add_middleware(Middleware)


async def ask(text: str) -> str:
    """One question to the model."""
    answer = await client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": text}]
    )
    return answer.choices[0].message.content or ""


@app.get("/facts")
async def facts(topic: str) -> dict[str, str]:
    """Sums a topic up, then checks it."""
    question = await ask(f"Put in five words: {topic}")  # outside any agent here: it is the caller's
    with ag.agent("researcher", role="responder"):
        found = await ask(f"What is known about this? {question}")
    return {"facts": found}
