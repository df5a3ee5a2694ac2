"""A program with a tracing set-up of its own; run with agentgauge and without, it says what it saw.

    application.py SERVER_URL STORE SET_UP ORDER

SET_UP is a module beside this one, with `begin()` and `seen()`. ORDER is `alone`, or which of the two
starts first: `theirs` or `ours`; with `apart`, ours second and with spans of its own kept to itself.
"""

import asyncio
import contextlib
import importlib
import json
import random
import sys
from dataclasses import replace

url, store, set_up, order = sys.argv[1:]
theirs = importlib.import_module(set_up)
agent = contextlib.nullcontext
if order != "alone":
    import agentgauge as ag
    from agentgauge.config import read_settings

    agent = ag.agent


def start_ours():
    settings = read_settings(service_name="app", store=store, providers={url.split("//")[1]: "openai"})
    ag.init(settings=replace(settings, forward_spans=order != "apart"))


random.seed(7)
if order == "ours":
    start_ours()
theirs.begin()
if order in {"theirs", "apart"}:
    start_ours()

import openai  # noqa: E402  # after both, as programs do
from opentelemetry import trace  # noqa: E402

tracer = trace.get_tracer("app")
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say PROMPT-7"}]}


def hook(request):
    with tracer.start_as_current_span("http", attributes={"path": request.url.path}):
        pass


async def async_hook(request):
    hook(request)


async def ask_async():
    http = openai.DefaultAsyncHttpxClient(event_hooks={"request": [async_hook]})
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sim-async", http_client=http) as client:
        await client.chat.completions.create(**ASK)


def main():
    http = openai.DefaultHttpxClient(event_hooks={"request": [hook]})
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="sim-app", http_client=http) as client,
        tracer.start_as_current_span("request", attributes={"order": 7}),
        agent("researcher"),
    ):
        trace.get_current_span().set_attribute("customer", "c-1")
        with tracer.start_as_current_span("look up"):
            pass
        client.chat.completions.create(**ASK)
        usage = {"stream": True, "stream_options": {"include_usage": True}}
        for _ in client.chat.completions.create(**ASK, **usage):
            pass
        asyncio.run(ask_async())


main()
drawn = random.random()
if order != "alone":
    ag.shutdown()
with (
    tracer.start_as_current_span("afterwards"),  # what is theirs goes on without us
    openai.OpenAI(base_url=f"{url}/v1", api_key="sim-after") as client,
):
    client.chat.completions.create(**ASK)
if order != "alone":
    start_ours()
with agent("again"), openai.OpenAI(base_url=f"{url}/v1", api_key="sim-again") as client:
    client.chat.completions.create(**ASK)
if order != "alone":
    ag.shutdown()
json.dump({"seen": theirs.seen(), "random": drawn}, sys.stdout)
