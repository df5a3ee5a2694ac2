"""`with_streaming_response`: the caller's body still streams, and what it said is counted."""

import asyncio
import warnings

import openai
import pytest

from books import booked, recorded, rows

MESSAGES = [{"role": "user", "content": "Hello"}]
USAGE = {"stream": True, "stream_options": {"include_usage": True}}
ASKS = {
    "chat": lambda made: made.chat.completions.with_streaming_response.create(
        model="gpt-4o-mini", messages=MESSAGES
    ),
    "chat streamed": lambda made: made.chat.completions.with_streaming_response.create(
        model="gpt-4o-mini", messages=MESSAGES, **USAGE
    ),
    "responses": lambda made: made.responses.with_streaming_response.create(model="gpt-4.1", input="Hello"),
    "embeddings": lambda made: made.embeddings.with_streaming_response.create(
        model="text-embedding-3-small", input="Hello"
    ),
}
WAYS = {
    "read": lambda response: response.read(),
    "text": lambda response: response.text(),
    "bytes": lambda response: response.iter_bytes(),
    "lines": lambda response: response.iter_lines(),
    "parse": lambda response: response.parse(),
}


def all_of(found):
    return list(found) if hasattr(found, "__next__") or isinstance(found, openai.Stream) else found


async def all_of_async(found):
    found = await found if asyncio.iscoroutine(found) else found
    if hasattr(found, "__aiter__"):
        return [part async for part in found]
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ask", ASKS)
def test_what_is_read_is_counted(gauge, server, client, store, ask, way):
    with ASKS[ask](client) as response:
        assert all_of(WAYS[way](response))
    gauge.shutdown()

    (call,) = rows(store)
    assert recorded([call]) == booked(server.books.to_dict())
    assert (call["outcome"], call["usage_source"]) == ("ok", "provider")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ask", ASKS)
def test_the_asynchronous_client_as_well(gauge, server, async_client, store, ask, way):
    async def main():
        async with async_client, ASKS[ask](async_client) as response:
            assert await all_of_async(WAYS[way](response))

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that nobody awaits
        asyncio.run(main())
    gauge.shutdown()

    (call,) = rows(store)
    assert recorded([call]) == booked(server.books.to_dict())
    assert (call["outcome"], call["usage_source"]) == ("ok", "provider")


def test_the_first_bytes_come_before_the_last_are_sent(gauge, server, client):
    server.script.load({"api_key": "*", "rules": [{"stall_after_chunks": 1, "stream": True}]})

    with ASKS["chat streamed"](client) as response:
        assert next(iter(response.iter_lines())).startswith("data:")


def test_a_stream_that_is_left_is_cancelled_with_what_came(gauge, server, client, store):
    server.script.load({"api_key": "*", "rules": [{"stall_after_chunks": 2, "stream": True}]})

    with ASKS["chat streamed"](client) as response:
        next(iter(response.iter_lines()))
    gauge.shutdown()

    assert [(row["outcome"], row["usage_source"]) for row in rows(store)] == [("cancelled", "estimated")]


def test_a_stream_that_breaks_off_is_an_error_and_the_caller_gets_it(gauge, server, client, store):
    server.script.load({"api_key": "*", "rules": [{"drop_after_chunks": 2, "stream": True}]})

    with pytest.raises(Exception, match=r"closed|incomplete|disconnected") as broken:  # noqa: SIM117
        with ASKS["chat streamed"](client) as response:
            list(response.iter_lines())
    gauge.shutdown()

    assert [(row["outcome"], row["error_type"]) for row in rows(store)] == [
        ("error", type(broken.value).__name__)
    ]


def test_a_retry_is_one_call(gauge, server, client, store):
    server.script.load({"api_key": "*", "rules": [{"status": 500, "retry_after_ms": 1}]})

    with ASKS["chat"](client) as response:
        response.read()
    gauge.shutdown()

    (call,) = rows(store)
    assert (call["retries"], call["outcome"]) == (1, "ok")
    assert recorded([call]) == booked(server.books.to_dict())
