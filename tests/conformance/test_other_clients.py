"""The oldest client, the last 2.x and the newest: the store equals the server's books."""

import os
import subprocess

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from environments import SOURCES, with_openai

PROGRAM = """
import asyncio, sys
from openai import AsyncOpenAI, OpenAI
import agentgauge as ag

url, store = sys.argv[1:]
host = url.split("//")[1]
named = host.replace("127.0.0.1", "localhost")  # whose streams are asked for their usage
ag.init("other-client", store=store, providers={host: "openai", named: "openai"})
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
USAGE = {"stream": True, "stream_options": {"include_usage": True}}
TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]

def chat(client): client.chat.completions.create(**ASK)
def raw(client): client.chat.completions.with_raw_response.create(**ASK).parse()
def tools(client): client.chat.completions.create(**ASK, tools=TOOLS)
def stream(client): list(client.chat.completions.create(**ASK, **USAGE))
def stream_of_unknown_usage(client): list(client.chat.completions.create(**ASK, stream=True))
def stream_asked(client):
    with client.with_options(base_url=f"http://{named}/v1") as asked:
        assert all(chunk.choices for chunk in asked.chat.completions.create(**ASK, stream=True))
def responses(client): client.responses.create(model="gpt-4.1", input="Hello")
def responses_stream(client): list(client.responses.create(model="gpt-4.1", input="Hello", stream=True))
def embeddings(client): client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
def completions(client): client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello")
def retry(client): client.chat.completions.create(**ASK)

def background(client):
    response = client.responses.create(model="gpt-4.1", input="Hello", background=True)
    while response.status in ("queued", "in_progress"):
        response = client.responses.retrieve(response.id)

def cancelled(client):
    chunks = client.chat.completions.create(
        model=ASK["model"], messages=ASK["messages"], stream=True,
        stream_options={"include_usage": True, "continuous_usage_stats": True})
    for chunk in chunks:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    chunks.close()

async def async_chat(client): await client.chat.completions.create(**ASK)
async def async_stream(client):
    async for _ in await client.chat.completions.create(**ASK, **USAGE):
        pass

async def run_async(use):
    async with AsyncOpenAI(base_url=url + "/v1", api_key="sim-" + use.__name__) as client:
        await use(client)

for use in (chat, raw, tools, stream, stream_of_unknown_usage, stream_asked, responses,
            responses_stream, embeddings, completions, retry, background, cancelled):
    with ag.agent(use.__name__), OpenAI(base_url=url + "/v1", api_key="sim-" + use.__name__) as client:
        use(client)
for use in (async_chat, async_stream):
    with ag.agent(use.__name__):
        asyncio.run(run_async(use))
"""
RULES = {
    "sim-tools": [{"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]}],
    "sim-retry": [{"status": 429, "retry_after_ms": 1}, {"status": 500, "retry_after_ms": 1}],
    "sim-cancelled": [{"stall_after_chunks": 2}],
    "sim-background": [{"polls": 3}],
}


def _of(version):
    return pytest.param(version, marks=pytest.mark.xdist_group(f"openai-{version}"))


@pytest.fixture(scope="module", params=[_of("2.8.0"), _of("2.54.0"), _of("3.57.0")])
def ran(request, tmp_path_factory):
    """The program's output, its calls by agent, their tools, and the server's books by API key."""
    folder = tmp_path_factory.mktemp("client")
    program, store = folder / "program.py", folder / "store.sqlite"
    program.write_text(PROGRAM)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=5) as server:
        for key, rules in RULES.items():
            server.script.load({"api_key": key, "rules": rules})
        port = server.server_address[1]
        done = subprocess.run(
            [with_openai(request.param), program, server.url, store],
            env=kept | {"PYTHONPATH": str(SOURCES), "AGENTGAUGE_STREAM_USAGE": f"localhost:{port}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    calls = {call["agent"]: call for call in rows(store)} if store.exists() else {}
    tools = rows(store, "SELECT * FROM call_tools ORDER BY calls") if store.exists() else []
    return done, calls, tools, books


def test_the_program_ends_well_and_prints_nothing(ran):
    done, *_ = ran

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_use_is_one_call_with_the_booked_numbers(ran):
    _, calls, _, books = ran
    # Nobody told the usage of this stream: it is counted here.
    estimated = calls.pop("stream_of_unknown_usage")
    silent = books.pop("sim-stream_of_unknown_usage")

    assert {f"sim-{agent}": recorded([call]) for agent, call in calls.items()} == {
        key: booked(book) for key, book in books.items()
    }
    assert {call["usage_source"] for call in calls.values()} == {"provider"}
    assert (silent["requests"], silent["input_tokens"]) == (1, 0)
    assert estimated["usage_source"] == "estimated"
    assert estimated["input_tokens"] > 0


def test_outcomes_and_retries_are_told(ran):
    _, calls, _, _ = ran

    assert {agent for agent, call in calls.items() if call["outcome"] != "ok"} == {"cancelled"}
    assert {agent: call["retries"] for agent, call in calls.items() if call["retries"]} == {"retry": 2}


def test_the_tool_has_its_part(ran):
    _, _, (tool,), _ = ran

    assert (tool["tool"], tool["offered"], tool["calls"]) == ("weather", 1, 1)
    assert tool["definition_tokens"] > 0
    assert tool["call_tokens"] > 0
