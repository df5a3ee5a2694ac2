"""Services that OpenTelemetry's own instrumentations trace already: agentgauge joins in."""

import subprocess

import pytest

import services
from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from receiver import members, receiving

THEIRS = """
from opentelemetry import baggage, context, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())

def instrument():
    HTTPXClientInstrumentor().instrument()
    RequestsInstrumentor().instrument()
"""
FRONT = """
import sys
import httpx, requests
from openai import OpenAI
import agentgauge as ag
from theirs import baggage, context, instrument, trace

back, host, order = sys.argv[1:]
if order == "theirs first":
    instrument()
ag.init("front", propagate_to=[host])
if order == "ours first":
    instrument()
context.attach(baggage.set_baggage("customer", "c 1"))

with ag.workflow("ticket", id="T-1"), ag.agent("planner", role="boss"):
    with trace.get_tracer("theirs").start_as_current_span("theirs"):
        print(httpx.get(back + "/work", timeout=60).raise_for_status().json()["trace"])
        print(requests.get(back + "/work", timeout=60).json()["trace"])
        print(httpx.get(back + "/in-a-thread", timeout=60).raise_for_status().json()["trace"])
"""
BACK = """
import os
import httpx
from fastapi import FastAPI
from openai import AsyncOpenAI, OpenAI
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
import agentgauge as ag
from agentgauge.asgi import Middleware
from theirs import instrument, trace

ag.init("back")
instrument()
app = FastAPI()
app.add_middleware(Middleware)
app.add_middleware(OpenTelemetryMiddleware)  # the outer one: added last
client = AsyncOpenAI()
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}

def seen():
    return {"trace": f"{trace.get_current_span().get_span_context().trace_id:032x}"}

@app.get("/work")
async def work():
    with ag.agent("researcher"):
        await client.chat.completions.create(**ASK)
    async with httpx.AsyncClient() as http:
        await http.get(os.environ["STRANGER"])
    return seen()

@app.get("/in-a-thread")
def in_a_thread():
    OpenAI().chat.completions.create(**ASK)
    return seen()
"""
pytestmark = pytest.mark.xdist_group("services")


@pytest.fixture(scope="module", params=["theirs first", "ours first"])
def ran(request, tmp_path_factory):
    """The traces that the services saw, their store, the books, and what a third service was sent."""
    folder = tmp_path_factory.mktemp("traced")
    for name, source in (("theirs", THEIRS), ("front", FRONT), ("back", BACK)):
        (folder / f"{name}.py").write_text(source)
    store = folder / "store.sqlite"
    with SimulatedServer(seed=5) as server, receiving() as stranger:
        there = services.settings(server, store, key="sim-back") | {"STRANGER": stranger.url}
        with services.serving("back:app", folder=folder, env=there) as url:
            done = subprocess.run(
                [services.python(), folder / "front.py", url, url.split("//")[1], request.param],
                env=services.settings(server, store, key="sim-front"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert (done.returncode, done.stderr) == (0, "")
        yield done.stdout.split(), store, server.books.to_dict()["by_api_key"], stranger.seen


def test_calls_have_the_path_over_both_services(ran):
    _, store, books, _ = ran
    calls = rows(store)

    assert [(c["service"], c["agent_path"], c["role"], c["workflow_id"]) for c in calls] == [
        ("back", "planner/researcher", "boss", "T-1"),
        ("back", "planner/researcher", "boss", "T-1"),
        ("back", "planner", "boss", "T-1"),
    ]
    assert recorded(calls) == booked(books["sim-back"])


def test_it_is_one_trace_theirs_and_ours(ran):
    traces, store, _, _ = ran
    scopes = rows(store, "SELECT * FROM scopes")

    assert len(set(traces)) == 1
    assert {row["trace_id"] for row in [*scopes, *rows(store)]} == set(traces)


def test_their_baggage_goes_on_and_ours_ends_at_the_list(ran):
    *_, seen = ran

    assert [members(headers) for headers in seen] == [{"customer": "c+1"}] * 2
    assert all("traceparent" in headers for headers in seen)  # their own instrumentation's
