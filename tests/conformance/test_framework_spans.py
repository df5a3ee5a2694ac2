"""Spans of frameworks and other instrumentations: whose the calls inside are, and what counts once."""

import pytest
from inline_snapshot import snapshot
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.pipeline import runtime
from agentgauge.sources import names
from books import booked, recorded, rows
from otlp import Receiver, tree

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
GENAI_AGENT = (
    "invoke_agent writer",
    {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "writer"},
)
AGENTS = {
    "GenAI": GENAI_AGENT,
    "GenAI, attributes later": ("invoke_agent writer", {}),
    "OpenInference": ("writer.run", {"openinference.span.kind": "AGENT"}),
    "OpenLLMetry": ("w", {"traceloop.span.kind": "agent", "traceloop.entity.name": "writer"}),
}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5",
}
USAGE = {"gen_ai.usage.input_tokens": 1200, "gen_ai.usage.output_tokens": 80}
OPENINFERENCE_LLM = {
    "openinference.span.kind": "LLM",
    "llm.provider": "anthropic",
    "llm.model_name": "claude-sonnet-4-5",
    "llm.token_count.prompt": 1200,
    "llm.token_count.completion": 80,
}


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def wired(server, store, receiver):
    """agentgauge with an endpoint, and a tracer of a framework's instrumentation on its provider."""
    host = server.url.split("//")[1]
    ag.init(
        settings=read_settings(
            {}, store=str(store), endpoint=receiver.url, providers={host: "openai"}, set_global=False
        )
    )
    yield runtime.active().provider.get_tracer("some.framework")
    ag.shutdown()


def chat(client):
    client.chat.completions.create(**ASK)


def stored(store):
    ag.shutdown()
    return rows(store), rows(store, "SELECT * FROM scopes ORDER BY start_ns")


@pytest.mark.parametrize("words", AGENTS)
def test_a_call_inside_an_agents_span_is_that_agents(wired, client, store, words):
    name, attributes = AGENTS[words]
    with wired.start_as_current_span(name, attributes=attributes), wired.start_as_current_span("between"):
        chat(client)

    (call,), (scope,) = stored(store)

    assert (call["agent"], call["agent_path"]) == ("writer", "writer")
    assert (scope["kind"], scope["name"], scope["status"]) == ("agent", "writer", "ok")


def test_spans_and_scopes_nest_by_what_was_opened_inside_what(wired, client, store):
    name, attributes = GENAI_AGENT
    with ag.agent("desk") as desk, wired.start_as_current_span(name, attributes=attributes):
        chat(client)
        with ag.agent("editor"):
            chat(client)
        with ag.agent("writer"):  # the same as the span: it takes its place
            chat(client)
    chat(client)

    calls, scopes = stored(store)

    assert [c["agent_path"] for c in calls] == ["desk/writer", "desk/writer/editor", "desk/writer", ""]
    assert sorted(s["name"] for s in scopes) == ["desk", "editor", "writer"]
    assert {name: usage.calls for name, usage in desk.usage.by_agent.items()} == {"writer": 2, "editor": 1}


def test_a_tools_span_is_a_run_of_the_tool(wired, store):
    with pytest.raises(ValueError, match="no"), wired.start_as_current_span("t", attributes=TOOL):
        raise ValueError("no")

    _, (scope,) = stored(store)

    assert (scope["kind"], scope["name"], scope["status"]) == ("tool", "search", "error")
    assert scope["error_type"] == "ValueError"


def test_a_request_that_the_client_tells_of_counts_once(wired, server, client, store, receiver):
    name, attributes = GENAI_AGENT
    with wired.start_as_current_span(name, attributes=attributes) as agent:
        with wired.start_as_current_span("chat m", kind=SpanKind.CLIENT, attributes=CHAT) as span:
            chat(client)
            span.set_attributes(USAGE)
        agent.set_attributes(USAGE)  # some sum up on the agent what its requests have used

    (call,), _ = stored(store)

    assert recorded([call]) == booked(server.books.to_dict())
    sent = receiver.spans()
    assert [s["name"] for s in sent if "gen_ai.usage.input_tokens" in s["attributes"]] == ["chat gpt-4o-mini"]
    assert tree(sent, "gen_ai.operation.name", "gen_ai.agent.name") == snapshot(
        """\
invoke_agent writer [INTERNAL] name=invoke_agent name=writer
  chat m [CLIENT]
    chat gpt-4o-mini [CLIENT] name=chat name=writer
"""
    )


def test_an_agent_that_a_framework_and_its_instrumentation_tell_of_counts_once(wired, store, receiver):
    name, attributes = GENAI_AGENT
    tracer = runtime.active().provider.get_tracer("pydantic-ai")  # recognised by a hook
    with (
        ag.agent("writer"),
        tracer.start_as_current_span(name, attributes=attributes),
        tracer.start_as_current_span("t", attributes=TOOL),
    ):
        pass

    _, scopes = stored(store)

    assert [scope["name"] for scope in scopes] == ["writer"]
    assert tree(receiver.spans(), "gen_ai.operation.name") == snapshot(
        """\
invoke_agent writer [INTERNAL] name=invoke_agent
  invoke_agent writer [INTERNAL]
    t [INTERNAL]
"""
    )


def test_spans_of_a_framework_whose_hook_is_not_known_are_read(wired, store, monkeypatch):
    monkeypatch.setattr(names, "without_hook", {"pydantic-ai"})
    name, attributes = GENAI_AGENT
    with (
        runtime.active().provider.get_tracer("pydantic-ai").start_as_current_span(name, attributes=attributes)
    ):
        pass

    _, (scope,) = stored(store)

    assert (scope["kind"], scope["name"]) == ("agent", "writer")


@pytest.mark.parametrize("told", [CHAT | USAGE, OPENINFERENCE_LLM], ids=["GenAI", "OpenInference"])
def test_a_request_that_only_the_framework_tells_of_is_a_call(wired, store, told):
    with (
        ag.agent("writer"),
        wired.start_as_current_span(
            "chat", attributes={k: v for k, v in told.items() if "usage" not in k}
        ) as span,
    ):
        span.set_attributes(told)

    (call,), _ = stored(store)

    assert (call["agent"], call["provider"]) == ("writer", "anthropic")
    assert (call["input_tokens"], call["output_tokens"], call["usage_source"]) == (1200, 80, "provider")
    assert call["cost_nanousd"] == 1200 * 3000 + 80 * 15000


def test_a_client_request_that_is_no_call_leaves_the_framework_its_own(wired, client, store):
    with wired.start_as_current_span("chat", attributes=CHAT | USAGE):
        client.models.list()

    (call,), _ = stored(store)

    assert (call["provider"], call["input_tokens"]) == ("anthropic", 1200)


def test_spans_that_have_the_clients_not_inside_count_once_as_well(wired, client, store):
    apart = wired.start_span("chat", attributes=CHAT)  # never the current one
    with ag.agent("writer") as writer:
        chat(client)
    used = writer.usage
    apart.set_attributes(
        {"gen_ai.usage.input_tokens": used.input_tokens, "gen_ai.usage.output_tokens": used.output_tokens}
    )
    apart.end()

    calls, _ = stored(store)

    assert [call["agent"] for call in calls] == ["writer"]


def test_a_model_that_stands_in_for_one_in_tests_makes_no_call(wired, store):
    with wired.start_as_current_span("chat", attributes=CHAT | USAGE | {"gen_ai.provider.name": "test"}):
        pass

    assert stored(store)[0] == []


def test_nothing_that_was_said_is_sent(wired, client, receiver):
    said = {
        "pydantic_ai.all_messages": "CANARY",
        "final_result": "CANARY",
        "tool_arguments": "CANARY",
        "gen_ai.tool.call.result": "CANARY",
        "logfire.msg": "CANARY",
        "tool.description": "CANARY",
    }
    name, attributes = GENAI_AGENT
    with (
        wired.start_as_current_span(name, attributes=attributes | said),
        wired.start_as_current_span("t", attributes=TOOL | said),
        wired.start_as_current_span("chat", attributes=CHAT | said) as span,
    ):
        span.set_status(Status(StatusCode.ERROR, "CANARY"))
        chat(client)

    ag.shutdown()
    assert len(receiver.spans()) == 4
    assert b"CANARY" not in b"".join(receiver.bodies)


def test_agents_on_a_provider_of_the_users_are_read_there(server, client, store, monkeypatch):
    theirs, exporter = TracerProvider(), InMemorySpanExporter()
    theirs.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", theirs)
    for _ in range(2):  # a second start reads it no second time
        ag.init(settings=read_settings({}, store=str(store), providers={server.url.split("//")[1]: "openai"}))
        name, attributes = GENAI_AGENT
        with trace.get_tracer("framework").start_as_current_span(name, attributes=attributes):
            chat(client)
        calls, scopes = stored(store)

    assert [call["agent"] for call in calls] == ["writer", "writer"]
    assert [scope["name"] for scope in scopes] == ["writer", "writer"]
    names = [span.name for span in exporter.get_finished_spans()]
    assert sorted(names) == ["chat gpt-4o-mini"] * 2 + ["invoke_agent writer"] * 2


def test_spans_that_nobody_ends_are_forgotten(wired):
    name, attributes = GENAI_AGENT
    span = wired.start_span(name, attributes=attributes)
    assert runtime.active().pipeline.foreign._open

    del span

    assert not runtime.active().pipeline.foreign._open


def test_it_can_be_switched_off(server, client, store):
    host = server.url.split("//")[1]
    ag.init(
        settings=read_settings(
            {}, store=str(store), frameworks=[], providers={host: "openai"}, set_global=False
        )
    )
    name, attributes = GENAI_AGENT
    with runtime.active().provider.get_tracer("f").start_as_current_span(name, attributes=attributes):
        chat(client)

    (call,), scopes = stored(store)

    assert (call["agent"], scopes) == ("unattributed", [])
