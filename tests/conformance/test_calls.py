"""Every kind of call becomes one call, with the numbers that the server booked.

What other tools get wrong is in test_pain_points; 200 calls of all kinds at once in test_every_kind.
"""

import asyncio
import contextlib
import threading
import time

import openai
import pytest

from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import booked, recorded, rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def rules(server, *given):
    server.script.load({"api_key": "*", "rules": list(given)})


def finish(gauge, store):
    gauge.shutdown()
    return rows(store)


def agree(calls, server):
    assert recorded(calls) == booked(server.books.to_dict())


def read(stream):
    return list(stream)


ENDPOINTS = {
    "chat": lambda c: c.chat.completions.create(**ASK),
    "chat with tools": lambda c: c.chat.completions.create(**ASK, tools=TOOLS),
    "chat parsed": lambda c: c.chat.completions.parse(**ASK),
    "chat raw": lambda c: c.chat.completions.with_raw_response.create(**ASK).parse(),
    "chat posted": lambda c: c.post("/chat/completions", body=ASK, cast_to=object),
    "completions": lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello"),
    "responses": lambda c: c.responses.create(model="gpt-4.1", input="Hello"),
    "responses streamed": lambda c: read(c.responses.create(model="gpt-4.1", input="Hello", stream=True)),
    "embeddings": lambda c: c.embeddings.create(model="text-embedding-3-small", input=["a", "b"]),
    "chat streamed": lambda c: read(
        c.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True})
    ),
    "completions streamed": lambda c: read(
        c.completions.create(
            model="gpt-3.5-turbo-instruct",
            prompt="Hello",
            stream=True,
            stream_options={"include_usage": True},
        )
    ),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_one_request_is_one_call_with_the_booked_numbers(gauge, server, client, store, endpoint):
    ENDPOINTS[endpoint](client)

    (call,) = finish(gauge, store)

    agree([call], server)
    assert call["outcome"] == "ok"
    assert call["usage_source"] == "provider"
    assert call["cost_nanousd"] > 0


ASYNC_ENDPOINTS = {
    "chat": lambda c: c.chat.completions.create(**ASK),
    "responses": lambda c: c.responses.create(model="gpt-4.1", input="Hello"),
    "embeddings": lambda c: c.embeddings.create(model="text-embedding-3-small", input="a"),
    "completions": lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello"),
}


@pytest.mark.parametrize("endpoint", ASYNC_ENDPOINTS)
def test_async_calls_are_the_same(gauge, server, async_client, store, endpoint):
    async def main():
        async with async_client:
            await ASYNC_ENDPOINTS[endpoint](async_client)

    asyncio.run(main())

    (call,) = finish(gauge, store)
    agree([call], server)
    assert call["usage_source"] == "provider"


def test_an_async_stream_is_one_call(gauge, server, async_client, store):
    async def main():
        async with async_client:
            stream = await async_client.chat.completions.create(
                **ASK, stream=True, stream_options={"include_usage": True}
            )
            async for _ in stream:
                pass

    asyncio.run(main())

    (call,) = finish(gauge, store)
    agree([call], server)
    assert call["action"] == "stream"
    assert call["time_to_first_chunk_s"] > 0


def test_the_stream_helper_is_one_call(gauge, server, client, store):
    with client.chat.completions.stream(**ASK, stream_options={"include_usage": True}) as stream:
        stream.until_done()

    (call,) = finish(gauge, store)
    agree([call], server)


def test_a_cancelled_background_response_is_a_call_that_failed(gauge, server, client, store):
    response = client.responses.create(model="gpt-4.1", input="Hello", background=True)
    client.responses.cancel(response.id)

    (call,) = finish(gauge, store)

    assert call["outcome"] == "error"
    assert call["usage_source"] == "none"


def test_a_background_response_that_nobody_asked_after_is_a_call_without_usage(gauge, client, store):
    client.responses.create(model="gpt-4.1", input="Hello", background=True)

    (call,) = finish(gauge, store)

    assert (call["usage_source"], call["output_tokens"], call["cost_nanousd"]) == ("none", None, None)


def test_retrieve_and_list_are_no_calls(gauge, server, client, store):
    response = client.responses.create(model="gpt-4.1", input="Hello")
    client.responses.retrieve(response.id)
    client.models.list()

    (call,) = finish(gauge, store)

    assert call["response_id"] == response.id


def test_a_call_that_failed_has_no_usage(gauge, server, client, store):
    rules(server, {"status": 400})
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**ASK)

    (call,) = finish(gauge, store)

    assert (call["outcome"], call["error_type"]) == ("error", "BadRequestError")
    assert call["usage_source"] == "none"
    assert call["input_tokens"] is None


def test_a_dropped_connection_is_a_call_that_failed(gauge, server, client, store):
    rules(server, *[{"drop": True}] * 3)
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)

    (call,) = finish(gauge, store)

    assert (call["outcome"], call["retries"]) == ("error", 2)


def test_a_stream_that_is_left_early_is_cancelled_with_what_was_told(gauge, server, client, store):
    rules(server, {"stall_after_chunks": 2})
    stream = client.chat.completions.create(
        **ASK, stream=True, stream_options={"include_usage": True, "continuous_usage_stats": True}
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    stream.close()

    (call,) = finish(gauge, store)

    assert call["outcome"] == "cancelled"
    assert call["input_tokens"] > 0


def test_leaving_a_stream_after_its_last_word_is_no_cancellation(gauge, client, store):
    stream = client.chat.completions.create(**ASK, stream=True)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].finish_reason:
            break
    stream.close()

    (call,) = finish(gauge, store)

    assert call["outcome"] == "ok"


@pytest.mark.parametrize(("heard", "outcome"), [(1, "cancelled"), (3, "ok")])
def test_a_stream_of_three_answers_is_whole_when_all_have_ended(gauge, client, store, heard, outcome):
    stream = client.chat.completions.create(**ASK, n=3, stream=True)
    ended = 0
    for chunk in stream:
        ended += sum(choice.finish_reason is not None for choice in chunk.choices)
        if ended == heard:
            break
    stream.close()

    (call,) = finish(gauge, store)

    assert call["outcome"] == outcome


def test_an_async_task_that_is_cancelled_is_a_cancelled_call(gauge, server, async_client, store):
    rules(server, {"delay_s": 5.0})

    async def main():
        async with async_client:
            task = asyncio.create_task(async_client.chat.completions.create(**ASK))
            while not server.books.to_dict()["requests"]:  # noqa: ASYNC110  # the server has no event to wait for
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())

    (call,) = finish(gauge, store)
    assert (call["outcome"], call["error_type"]) == ("cancelled", "CancelledError")


def test_tools_have_their_part_of_a_call(gauge, server, client, store):
    rules(server, {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]})
    answer = client.chat.completions.create(**ASK, tools=TOOLS)
    message = answer.choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Rain, 7 degrees"}
    client.chat.completions.create(
        model=ASK["model"], messages=[*ASK["messages"], message, result], tools=TOOLS
    )

    finish(gauge, store)
    first, second = rows(
        store,
        "SELECT t.* FROM call_tools t JOIN calls c USING (trace_id, span_id) ORDER BY c.start_ns",
    )

    assert (first["tool"], first["offered"], first["calls"]) == ("weather", 1, 1)
    assert first["definition_tokens"] > 0
    assert first["call_tokens"] > 0
    assert second["new_result_tokens"] > 0
    assert second["carried_result_tokens"] == 0
    assert second["carried_call_tokens"] > 0


def test_a_call_in_flight_at_shutdown_is_not_said_to_have_died(gauge, server, client, store):
    rules(server, {"delay_s": 1.0, "drop": True})

    def ask():
        with contextlib.suppress(openai.APIConnectionError):
            client.with_options(max_retries=0).chat.completions.create(**ASK)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.books.to_dict()["requests"]:
        time.sleep(0.01)
    (call,) = finish(gauge, store)
    thread.join()

    warnings = build_report(store, Selection())["warnings"]
    (said,) = [warning["message"] for warning in warnings if warning["code"] == "unfinished"]
    assert (call["outcome"], call["output_tokens"]) == ("unfinished", None)
    assert said.startswith("1 call had no answer yet when the program ended, or stopped recording.")
