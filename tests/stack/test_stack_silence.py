"""What people, models and tools said is found nowhere behind the Collector: no file, no answer, no log."""

import json

import openai
import pytest
from eventually import eventually

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.demo.simulated import SimulatedServer

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
CANARY = "canary-51c9"
SAID_IN_THE_DEMO = (
    "You plan reports",
    "heat pumps",
    "Searches an archive",
    "10,260 EUR",
    "cannot be reached",
)


@pytest.fixture(scope="module")
def said(stack):
    """Runs a program full of canaries through the stack; returns when its spans are counted."""
    with SimulatedServer(seed=3) as server:
        host = server.url.split("//")[1]
        settings = read_settings(
            {},
            service_name="canaries",
            store="off",
            endpoint=stack.url("otlp_http"),
            providers={host: "openai"},
            set_global=False,
        )
        ag.init(settings=settings)
        _program(server)
        assert ag.shutdown()
    calls = 'sum(agentgauge_calls_total{service_name="canaries"})'
    eventually(lambda: [value for _, value in stack.query(calls)], [3.0])


def _program(server):
    rules = [
        {"tool_calls": [{"name": "search", "arguments": {"q": f"{CANARY} arguments"}}]},
        {"answer": f"{CANARY} answer"},
        {"status": 400},
    ]
    server.script.load({"api_key": "*", "rules": rules})
    function = {"name": "search", "description": f"{CANARY} schema", "parameters": {"type": "object"}}
    tools = [{"type": "function", "function": function}]
    asked = [{"role": "user", "content": f"{CANARY} prompt"}]

    @ag.tool("search")
    def search():
        raise ValueError(f"{CANARY} tool error")

    with (
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="sim-a", max_retries=0) as client,
        ag.workflow("w"),
        ag.agent("a"),
    ):
        ask = client.chat.completions.create
        first = ask(model="gpt-4o-mini", messages=asked, tools=tools).choices[0].message
        with pytest.raises(ValueError, match="tool error"):
            search()
        result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": f"{CANARY} result"}
        ask(model="gpt-4o-mini", messages=[*asked, first, result], tools=tools)
        with pytest.raises(openai.BadRequestError):
            ask(model="gpt-4o-mini", messages=asked, user=f"{CANARY} user")


def test_nothing_that_was_said_is_in_the_kept_spans(kept, reports, said):
    text = eventually(lambda: kept.spans("canaries") and kept.text())

    assert [word for word in (CANARY, *SAID_IN_THE_DEMO) if word in text] == []


def test_nothing_that_was_said_is_in_any_file_of_the_stack(stack, reports, said):
    files = [path for path in stack.root.rglob("*") if path.is_file()]
    found = {
        (word, path.name)
        for path in files
        for word in (CANARY, *SAID_IN_THE_DEMO)
        if word.encode() in path.read_bytes()
    }

    assert {path.parent.name for path in files} >= {"logs", "wal"}
    assert found == set()


def test_nothing_that_was_said_is_in_what_prometheus_answers(stack, reports, said):
    answers = [
        stack.prometheus("series", **{"match[]": '{__name__=~".+"}'}),
        stack.prometheus("metadata"),
        *(stack.prometheus(f"label/{name}/values") for name in stack.prometheus("labels")),
    ]
    text = json.dumps(answers, ensure_ascii=False)

    assert "canaries" in text
    assert [word for word in (CANARY, *SAID_IN_THE_DEMO) if word in text] == []
