"""Whole span trees, as they arrive by OTLP."""

import asyncio

import openai
import pytest
from inline_snapshot import snapshot
from opentelemetry import trace

import agentgauge as ag
from agentgauge.config import read_settings
from otlp import Receiver, tree

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
WHO = ("gen_ai.agent.name", "agentgauge.agent.role", "agentgauge.agent.path", "agentgauge.workflow.branch")


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def wired(server, store, receiver):
    """agentgauge with an endpoint."""
    host = server.url.split("//")[1]
    ag.init(
        settings=read_settings(
            {},
            service_name="wired",
            environment="test",
            release="1.2.3",
            store=str(store),
            endpoint=receiver.url,
            providers={host: "openai"},
            set_global=False,
        )
    )
    yield ag
    ag.shutdown()


def test_workflow_agents_tools_steps_and_calls(wired, client, receiver):
    @ag.tool
    def search(query):
        return f"results for {query}"

    @ag.agent("researcher", role="responder")
    def research(topic):
        client.chat.completions.create(**ASK)
        search(topic)
        with ag.role("memory"):
            client.embeddings.create(model="text-embedding-3-small", input=topic)

    with ag.workflow("ticket", id="T-42", tags={"team": "cs"}):
        with ag.agent("planner"), ag.step("think", planning=True):
            client.chat.completions.create(**ASK)
        with ag.step("research", index=1, count=2):
            research("refunds")

    assert wired.shutdown()
    assert tree(receiver.spans(), *WHO) == snapshot(
        """\
invoke_workflow ticket [INTERNAL]
  invoke_agent planner [INTERNAL] name=planner path=planner
    plan planner [INTERNAL] name=planner path=planner
      chat gpt-4o-mini [CLIENT] name=planner path=planner
  step research [INTERNAL]
    invoke_agent researcher [INTERNAL] name=researcher role=responder path=researcher
      chat gpt-4o-mini [CLIENT] name=researcher role=responder path=researcher
      execute_tool search [INTERNAL] name=researcher role=responder path=researcher
      embeddings text-embedding-3-small [CLIENT] name=researcher role=memory path=researcher
"""
    )


def test_a_failing_tool_a_failing_call_and_a_cancelled_stream(wired, server, client, receiver):
    server.script.load(
        {"api_key": "*", "rules": [{"status": 400}, {"stall_after_chunks": 2, "stream": True}]}
    )
    with ag.agent("writer"):
        with pytest.raises(ZeroDivisionError), ag.tool("divide"):
            _ = 1 / 0
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**ASK)
        with client.chat.completions.create(**ASK, stream=True) as stream:
            next(stream)

    wired.shutdown()
    assert tree(receiver.spans(), "agentgauge.outcome", "error.type") == snapshot(
        """\
invoke_agent writer [INTERNAL]
  execute_tool divide [INTERNAL] ERROR type=ZeroDivisionError
  chat gpt-4o-mini [CLIENT] ERROR outcome=error type=BadRequestError
  chat gpt-4o-mini [CLIENT] outcome=cancelled
"""
    )


def test_async_tasks_generators_and_branches_keep_their_agents(wired, async_client, receiver):
    @ag.agent("left")
    async def left():
        await async_client.chat.completions.create(**ASK)

    @ag.agent("right")
    async def right():
        for number in range(2):
            await async_client.chat.completions.create(**ASK)
            yield number

    async def main():
        async with async_client:
            with ag.workflow("trial") as run:
                with run.branch("b1"):
                    await left()
                with run.branch("b2"):
                    async for _ in right():
                        assert ag.current().name == "b2"

    asyncio.run(main())

    wired.shutdown()
    assert tree(receiver.spans(), *WHO) == snapshot(
        """\
invoke_workflow trial [INTERNAL]
  branch b1 [INTERNAL] branch=b1
    invoke_agent left [INTERNAL] name=left path=left branch=b1
      chat gpt-4o-mini [CLIENT] name=left path=left branch=b1
  branch b2 [INTERNAL] branch=b2
    invoke_agent right [INTERNAL] name=right path=right branch=b2
      chat gpt-4o-mini [CLIENT] name=right path=right branch=b2
      chat gpt-4o-mini [CLIENT] name=right path=right branch=b2
"""
    )


def test_a_call_span_has_the_contracts_attributes_and_no_others(wired, server, client, receiver):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    with ag.agent("planner"):
        client.chat.completions.create(**ASK, tools=tools)

    wired.shutdown()
    (span,) = [found for found in receiver.spans() if found["kind"] == "CLIENT"]
    assert sorted(span["attributes"]) == snapshot(
        [
            "agentgauge.agent.path",
            "agentgauge.call.action",
            "agentgauge.cost.input_nanousd",
            "agentgauge.cost.nanousd",
            "agentgauge.cost.output_nanousd",
            "agentgauge.cost.source",
            "agentgauge.cost.usd",
            "agentgauge.delivery",
            "agentgauge.has_tools",
            "agentgauge.input.chars",
            "agentgauge.outcome",
            "agentgauge.output.chars",
            "agentgauge.retry.count",
            "agentgauge.sampled",
            "agentgauge.tool.call_nanousd",
            "agentgauge.tool.call_tokens",
            "agentgauge.tool.calls",
            "agentgauge.tool.carried_call_nanousd",
            "agentgauge.tool.carried_call_tokens",
            "agentgauge.tool.carried_result_nanousd",
            "agentgauge.tool.carried_result_tokens",
            "agentgauge.tool.definition_nanousd",
            "agentgauge.tool.definition_tokens",
            "agentgauge.tool.names",
            "agentgauge.tool.new_result_nanousd",
            "agentgauge.tool.new_result_tokens",
            "agentgauge.tool.offers",
            "agentgauge.tool.source",
            "agentgauge.usage.source",
            "agentgauge.usage.tool_call_tokens",
            "agentgauge.usage.tool_definition_tokens",
            "agentgauge.usage.tool_result_tokens",
            "gen_ai.agent.name",
            "gen_ai.operation.name",
            "gen_ai.provider.name",
            "gen_ai.request.model",
            "gen_ai.response.finish_reasons",
            "gen_ai.response.id",
            "gen_ai.response.model",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.reasoning.output_tokens",
            "server.address",
            "server.port",
        ]
    )
    assert sorted(span["resource"]) == snapshot(
        [
            "deployment.environment.name",
            "service.name",
            "service.version",
            "telemetry.distro.name",
            "telemetry.distro.version",
            "telemetry.sdk.language",
            "telemetry.sdk.name",
        ]
    )
    assert span["events"] == []


def test_the_users_trees_stay_whole(wired, client, receiver):
    parent = trace.NonRecordingSpan(
        trace.SpanContext(trace_id=7, span_id=9, is_remote=True, trace_flags=trace.TraceFlags(1))
    )
    with trace.use_span(parent):
        client.chat.completions.create(**ASK)

    wired.shutdown()
    (span,) = receiver.spans()
    assert (int(span["trace"], 16), int(span["parent"], 16)) == (7, 9)
