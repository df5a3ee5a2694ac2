"""A small team of agents that writes a market report, every call of it counted.

Read it as the example: what agentgauge needs is `ag.init` in the caller, and the `ag.` lines below. The rest
is a program as anybody would write it with the `openai` client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI, OpenAI

import agentgauge as ag
from agentgauge.demo.desk import TOOLS, run_tool
from agentgauge.demo.memory_library import Memory

Say = Callable[[str, str, Any], None]
"""Told as each agent finishes: its name, what it did, the usage of the whole workflow so far."""

MAX_TURNS = 4
MAX_QUESTIONS = 2
DRAFT_CHUNKS = 12
"""The writer reads so much of its first draft before it starts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Which model each job gets."""

    planner: str = "gpt-4.1"
    researcher: str = "gpt-4o-mini"
    writer: str = "gpt-4o"
    memory: str = "gpt-4.1-nano"
    embedding: str = "text-embedding-3-small"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Where the models are, and who may use them.

    Attributes:
        api_key: an agent's name -> its key, so that a server can keep its books by agent.
        base_url: None is the client's own, OPENAI_BASE_URL or OpenAI.
        stream_options: what the writer asks of its streams.
        say: told as each agent finishes.
    """

    api_key: Callable[[str], str | None]
    base_url: str | None = None
    models: Models = Models()
    stream_options: dict[str, bool]
    say: Say


def market_report(topic: str, team: Team, *, report_id: str) -> str:
    """Plans, researches and writes a report; returns its text."""
    with ag.workflow("market-report", id=report_id, tags={"team": "demo"}) as run:
        with ag.step("plan", index=1, count=3):
            questions = plan(topic, team)
        team.say("planner", f"asked {len(questions)} questions", run.usage)

        with ag.step("research", index=2, count=3):
            findings = []
            for number, question in enumerate(questions, start=1):
                findings.append(research(question, team))
                team.say("researcher", f"answered question {number} of {len(questions)}", run.usage)

        with ag.step("write", index=3, count=3):
            text = asyncio.run(write(topic, findings, team))
            team.say("writer", "threw one draft away and wrote another", run.usage)
            verdict = review(text, team)
        team.say("planner", f"reviewed it: {verdict}", run.usage)
    return text


@ag.agent("planner", role="planner")
def plan(topic: str, team: Team) -> list[str]:
    """Questions whose answers make the report."""
    client = OpenAI(base_url=team.base_url, api_key=team.api_key("planner"))
    answer = client.chat.completions.create(
        model=team.models.planner,
        response_format={"type": "json_object"},
        messages=[
            {"role": "system", "content": 'You plan reports. Answer in JSON: {"questions": ["...", "..."]}'},
            {"role": "user", "content": f"Which two questions must a report on {topic} answer?"},
        ],
    )
    try:
        questions = [
            str(question) for question in json.loads(answer.choices[0].message.content or "")["questions"]
        ]
    except (ValueError, KeyError, TypeError):
        questions = []
    return questions[:MAX_QUESTIONS] or [f"What is new in {topic}?"]


@ag.agent("planner", role="planner")
def review(text: str, team: Team) -> str:
    """One word of approval, or not."""
    client = OpenAI(base_url=team.base_url, api_key=team.api_key("planner"))
    answer = client.chat.completions.create(
        model=team.models.planner,
        messages=[{"role": "user", "content": f"Approve or reject this report, in one word:\n\n{text}"}],
    )
    return (answer.choices[0].message.content or "no answer").strip()[:40]


@ag.agent("researcher", role="responder")
def research(question: str, team: Team) -> str:
    """An answer found with tools; what was learned goes into memory."""
    client = OpenAI(base_url=team.base_url, api_key=team.api_key("researcher"))
    messages: list[Any] = [
        {"role": "system", "content": "You answer in two sentences and use the tools for every number."},
        {"role": "user", "content": question},
    ]
    finding = ""
    for _ in range(MAX_TURNS):
        answer = client.chat.completions.create(model=team.models.researcher, messages=messages, tools=TOOLS)
        message = answer.choices[0].message
        finding = message.content or finding
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            break
        messages += [run_tool(call) for call in message.tool_calls]
    with ag.role("memory"):
        # The library makes model calls of its own, which nobody sees here; they are counted all the same.
        memory = Memory(base_url=team.base_url, api_key=team.api_key("researcher"), model=team.models.memory)
        memory.remember(finding, embedding_model=team.models.embedding)
    return finding


@ag.agent("writer", role="responder")
async def write(topic: str, findings: list[str], team: Team) -> str:
    """A headline and a text, streamed; the first draft is given up in the middle."""
    async with AsyncOpenAI(base_url=team.base_url, api_key=team.api_key("writer")) as client:
        headline = await client.chat.completions.create(
            model=team.models.writer,
            messages=[{"role": "user", "content": f"A headline for a report on {topic}."}],
        )
        brief = f"Write three sentences on {topic} from these findings: {' '.join(findings)}"
        await draft(client, brief, team, chunks=DRAFT_CHUNKS)
        text = await draft(client, f"{brief} Plainer, please.", team)
    return f"{headline.choices[0].message.content}\n\n{text}"


async def draft(client: AsyncOpenAI, brief: str, team: Team, *, chunks: int | None = None) -> str:
    """Text as it streams in; after `chunks` chunks the stream is closed, and with it the call."""
    stream: Any = await client.chat.completions.create(  # type: ignore[call-overload]  # options are a plain dict
        model=team.models.writer,
        messages=[{"role": "user", "content": brief}],
        stream=True,
        stream_options=team.stream_options,
    )
    text, seen = "", 0
    async for chunk in stream:
        seen += 1
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        if seen == chunks:
            break
    await stream.close()
    return text
