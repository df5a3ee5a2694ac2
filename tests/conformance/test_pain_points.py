"""What other tools get wrong, each by its name: with a real client, against the simulated server's books."""

import asyncio
import gc
import json
import logging

import openai
import pytest
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import agentgauge as ag
from agentgauge import ledger
from agentgauge.config import read_settings
from agentgauge.pipeline import runtime
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import booked, recorded, rows
from otlp import Receiver

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
TOLD = {"stream": True, "stream_options": {"include_usage": True}}
CACHED = {
    "prompt_tokens": 2000,
    "completion_tokens": 100,
    "total_tokens": 2100,
    "prompt_tokens_details": {"cached_tokens": 1500},
    "completion_tokens_details": {"reasoning_tokens": 40},
}
CACHED_NANOUSD = 500 * 150 + 1500 * 75 + 100 * 600  # of gpt-4o-mini, with cached input at half of 0.15 USD/M


def rules(server, *given):
    server.script.load({"api_key": "*", "rules": list(given)})


def stored(store):
    ag.shutdown()
    return rows(store)


def test_parent_and_child_both_carrying_usage(gauge, server, client, store):
    tracer = runtime.active().provider.get_tracer("a.framework")
    said = {"gen_ai.usage.input_tokens": 9000, "gen_ai.usage.output_tokens": 900}
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "writer"}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}
    with tracer.start_as_current_span("invoke_agent writer", attributes=agent | said):
        for _ in range(2):
            with tracer.start_as_current_span("chat gpt-4o-mini", attributes=chat | said):
                client.chat.completions.create(**ASK)

    calls = stored(store)

    assert recorded(calls) == booked(server.books.to_dict())
    assert [call["agent"] for call in calls] == ["writer", "writer"]


def test_cache_tokens_added_to_inclusive_input(gauge, server, client, store):
    rules(server, {"usage": CACHED})
    client.chat.completions.create(**ASK)

    (call,) = stored(store)

    assert (call["input_tokens"], call["cache_read_tokens"]) == (2000, 1500)
    assert (call["output_tokens"], call["reasoning_tokens"]) == (100, 40)
    assert ledger.root.usage().total_tokens == 2100


def test_cache_reads_at_full_price(gauge, server, client, store):
    rules(server, {"usage": CACHED})
    client.chat.completions.create(**ASK)

    (call,) = stored(store)

    assert call["cost_nanousd"] == CACHED_NANOUSD


@pytest.mark.parametrize("helper", [False, True])
def test_cost_wrong_only_when_streaming(gauge, server, client, store, helper):
    rules(server, {"usage": CACHED, "times": 2})
    client.chat.completions.create(**ASK)
    if helper:
        with client.chat.completions.stream(**ASK, stream_options=TOLD["stream_options"]) as stream:
            stream.until_done()
    else:
        list(client.chat.completions.create(**ASK, **TOLD))

    plain, streamed = stored(store)

    assert plain["cost_nanousd"] == streamed["cost_nanousd"] == CACHED_NANOUSD
    assert plain["cache_read_tokens"] == streamed["cache_read_tokens"] == 1500


def test_early_break(gauge, server, client, store):
    rules(server, {"stall_after_chunks": 3})
    for chunk in client.chat.completions.create(**ASK, stream=True):
        if chunk.choices[0].delta.content:
            break
    gc.collect()

    (call,) = stored(store)

    assert (call["outcome"], call["usage_source"]) == ("cancelled", "estimated")
    assert call["input_tokens"] > 0
    assert call["output_tokens"] > 0
    assert ledger.root.usage().wasted_tokens == call["input_tokens"] + call["output_tokens"]


def test_detached_context_in_async_generators(gauge, server, async_client, store, caplog):
    async def words():
        with ag.agent("inner"):
            async with await async_client.chat.completions.create(**ASK, **TOLD) as stream:
                async for chunk in stream:
                    yield chunk

    async def main():
        async with async_client:
            with ag.agent("outer"):
                generator = words()
                await anext(generator)
                await asyncio.create_task(generator.aclose())  # where its scope was never attached
                await async_client.chat.completions.create(**ASK)
            await async_client.chat.completions.create(**ASK)

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())

    assert [call["agent_path"] for call in stored(store)] == ["outer/inner", "outer", ""]
    assert [record.getMessage() for record in caplog.records] == []


def test_retries_hidden(gauge, server, client, store):
    rules(server, {"status": 429, "retry_after_ms": 1}, {"status": 500, "retry_after_ms": 1})
    client.chat.completions.create(**ASK)

    (call,) = stored(store)

    assert (call["retries"], call["outcome"]) == (2, "ok")
    assert recorded([call]) == booked(server.books.to_dict())


def test_a_polled_background_response_counted_four_times(gauge, server, client, store):
    rules(server, {"endpoint": "responses", "polls": 3})
    response = client.responses.create(model="gpt-4.1", input="Hello", background=True)
    polls = 0
    while response.status in {"queued", "in_progress"}:
        response = client.responses.retrieve(response.id)
        polls += 1
    client.responses.retrieve(response.id)

    (call,) = stored(store)

    assert polls >= 3
    assert call["response_id"] == response.id
    assert recorded([call]) == booked(server.books.to_dict())
    assert call["usage_source"] == "provider"


def test_a_stream_left_by_break_and_still_referenced(gauge, server, client, store):
    rules(server, {"stall_after_chunks": 3})
    stream = client.chat.completions.create(**ASK, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break

    (call,) = stored(store)  # nobody has closed it, and nobody can collect it

    assert (call["outcome"], call["usage_source"]) == ("cancelled", "estimated")
    assert call["output_tokens"] > 0
    stream.close()


def test_price_unknown_becoming_0(gauge, server, client, store):
    client.chat.completions.create(model="a-model-nobody-knows", messages=ASK["messages"])

    (call,) = stored(store)
    report = build_report(store, Selection())

    assert (call["cost_nanousd"], call["cost_source"]) == (None, "unpriced")
    assert report["totals"]["cost_nanousd"] is None
    assert report["totals"]["unpriced_tokens"] == call["input_tokens"] + call["output_tokens"]
    assert [row["model"] for row in report["unpriced"]] == ["a-model-nobody-knows"]
    assert ledger.root.usage().cost_usd is None


def test_invented_tokens_unmarked(gauge, server, client, store):
    list(client.chat.completions.create(**ASK, stream=True))
    rules(server, {"usage": "prompt_only"}, {"status": 400})
    client.chat.completions.create(**ASK)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**ASK)

    calls = stored(store)

    assert [call["usage_source"] for call in calls] == ["estimated", "mixed", "none"]
    assert [call["output_tokens"] is None for call in calls] == [False, False, True]
    assert build_report(store, Selection())["totals"]["usage_sources"] == {
        "provider": 0,
        "estimated": 1,
        "mixed": 1,
        "none": 1,
    }


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_two_instrumentors_on_one_client(server, client, store, first):
    theirs, seen = TracerProvider(), InMemorySpanExporter()
    theirs.add_span_processor(SimpleSpanProcessor(seen))
    instrumentor = OpenAIInstrumentor()
    host = server.url.split("//")[1]
    given = {"store": str(store), "providers": {host: "openai"}, "forward_spans": False}
    steps = [
        lambda: instrumentor.instrument(tracer_provider=theirs),
        lambda: ag.init(settings=read_settings({}, set_global=False, **given)),
    ]
    for step in steps if first == "theirs" else reversed(steps):
        step()
    try:
        with ag.agent("writer"):
            client.chat.completions.create(**ASK)
            list(client.chat.completions.create(**ASK, **TOLD))
    finally:
        calls = stored(store)
        instrumentor.uninstrument()

    assert recorded(calls) == booked(server.books.to_dict())
    assert len(calls) == len(seen.get_finished_spans()) == 2


def test_big_prompts(gauge, server, client, store):
    history = [
        {"role": ("user", "assistant")[n % 2], "content": f"Part {n}: " + "word " * 5000} for n in range(61)
    ]
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": "Does one thing well. " * 20,
                "parameters": {"type": "object", "properties": {"what": {"type": "string"}}},
            },
        }
        for n in range(60)
    ]
    list(client.chat.completions.create(model="gpt-4o-mini", messages=history, tools=tools, stream=True))

    (call,) = stored(store)
    parts = rows(store, "SELECT * FROM call_tools")

    assert len(json.dumps(history)) > 1_000_000
    assert (call["usage_source"], len(parts)) == ("estimated", 60)
    assert call["input_tokens"] > 61 * 5000  # every word of it, and the tools
    assert all(part["definition_tokens"] > 60 for part in parts)


SWITCHES = {
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    "OPENINFERENCE_HIDE_INPUTS": "false",
    "OPENINFERENCE_HIDE_OUTPUTS": "false",
    "TRACELOOP_TRACE_CONTENT": "true",
}


@pytest.mark.parametrize("switches", [{}, SWITCHES])
def test_content_switch_ignored(server, client, store, monkeypatch, switches):
    """Content is kept by nobody's switch: what others capture by default is not even asked for here."""
    for name, value in switches.items():
        monkeypatch.setenv(name, value)
    rules(server, {"answer": "secret-answer"})
    with Receiver() as receiver:
        ag.init(settings=read_settings({}, store=str(store), endpoint=receiver.url, set_global=False))
        ask = [{"role": "user", "content": "secret-prompt"}]
        client.chat.completions.create(model="gpt-4o-mini", messages=ask)
        list(client.chat.completions.create(model="gpt-4o-mini", messages=ask, stream=True))
        assert ag.shutdown()
        sent = b"".join(receiver.bodies)

    kept = b"".join(path.read_bytes() for path in store.parent.glob("store.sqlite*"))
    assert b"gpt-4o-mini" in sent
    assert b"gpt-4o-mini" in kept
    assert b"secret" not in sent + kept
