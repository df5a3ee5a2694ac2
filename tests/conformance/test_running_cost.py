"""What streams under way cost so far: an estimate, readable in their scope, never beside the final number."""

import asyncio
import itertools
import threading

import pytest

import agentgauge as ag
from agentgauge.report.iteration import on_call
from agentgauge.totals import Running
from books import booked, recorded, rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Where is my parcel?"}]}
TOLD = {"stream": True, "stream_options": {"include_usage": True}}
ALL_ALONG = {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}}
NOTHING = Running()


@pytest.fixture
def whole(gauge):
    """A workflow around all that a test does."""
    with ag.workflow("whole") as scope:
        yield scope


def growing(numbers):
    return all(a <= b for a, b in itertools.pairwise(numbers)) and numbers[0] < numbers[-1]


def test_it_grows_with_the_stream_and_gives_way_to_the_servers_number(gauge, server, client, store):
    with ag.agent("writer") as writer:
        seen = [writer.usage for _ in client.chat.completions.create(**ASK, **TOLD)]
        done = writer.usage
    gauge.shutdown()

    under_way = [usage for usage in seen if usage.running != NOTHING]
    assert {usage.running.streams for usage in under_way} == {1}
    assert {(usage.calls, usage.total_tokens, usage.cost_nanousd) for usage in under_way} == {(0, 0, None)}
    # The last chunk tells the usage: from then on it is the server's.
    estimates, told = under_way[:-1], under_way[-1]
    assert growing([usage.running.output_tokens for usage in estimates])
    assert growing([usage.running.cost_nanousd for usage in estimates])
    assert len({usage.running.input_tokens for usage in estimates}) == 1
    (call,) = rows(store)
    assert (told.running.input_tokens, told.running.output_tokens) == (
        call["input_tokens"],
        call["output_tokens"],
    )
    assert (done.running, done.calls, done.cost_nanousd) == (NOTHING, 1, call["cost_nanousd"])
    assert recorded([call]) == booked(server.books.to_dict())


def test_the_last_estimate_of_a_stream_without_usage_is_near_the_final_one(gauge, client, store):
    with ag.agent("writer") as writer:
        for chunk in client.chat.completions.create(**ASK, stream=True):
            if chunk.choices[0].finish_reason:
                last = writer.usage.running
    gauge.shutdown()

    (call,) = rows(store)
    assert call["usage_source"] == "estimated"
    assert last.input_tokens == call["input_tokens"]
    assert last.output_tokens == call["output_tokens"]  # read once, so counted as one text
    assert last.cost_nanousd == call["cost_nanousd"]


def test_what_the_server_tells_on_the_way_goes_before_our_count(whole, client):
    for chunk in client.chat.completions.create(**ASK, **ALL_ALONG):
        running, usage = whole.usage.running, chunk.usage
        if running.streams:
            assert (running.input_tokens, running.output_tokens) == (
                usage.prompt_tokens,
                usage.completion_tokens,
            )


def test_the_responses_api_as_well(whole, client):
    seen = [
        whole.usage.running.output_tokens
        for event in client.responses.create(model="gpt-4.1", input="Hello", stream=True)
        if event.type == "response.output_text.delta"
    ]

    assert growing(seen)
    assert whole.usage.running == NOTHING


def test_a_scope_sees_its_own_streams_and_the_process_all(whole, server, client):
    server.script.load({"api_key": "*", "rules": [{"stall_after_chunks": 3}]})
    begun, go_on = threading.Barrier(3), threading.Event()
    seen = {}

    def write(name):
        with ag.agent(name) as agent, client.chat.completions.create(**ASK, stream=True) as stream:
            next(stream)
            begun.wait(10)
            go_on.wait(10)
            seen[name] = agent.usage.running.streams

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    begun.wait(10)
    with ag.agent("idle") as idle:
        seen["idle"] = idle.usage.running.streams
    seen["process"] = whole.usage.running.streams
    go_on.set()
    for thread in threads:
        thread.join()

    assert seen == {"one": 1, "two": 1, "idle": 0, "process": 2}
    assert whole.usage.running == NOTHING


def test_asynchronous_streams(whole, async_client):
    async def main():
        async with async_client:
            stream = await async_client.chat.completions.create(**ASK, **TOLD)
            return [whole.usage async for _ in stream]

    seen = asyncio.run(main())

    assert growing([usage.running.output_tokens for usage in seen[:-1]])
    assert {usage.calls for usage in seen if usage.running.streams} == {0}


def test_a_stream_without_a_price_has_tokens_and_no_cost(whole, client):
    stream = client.chat.completions.create(model="our-own", messages=ASK["messages"], stream=True)
    for _ in range(4):
        next(stream)

    running = whole.usage.running
    assert running.output_tokens > 0
    assert running.cost_nanousd is running.cost_usd is None
    stream.close()


def test_a_callback_reads_it_while_another_stream_runs(whole, client):
    heard = []
    stream = client.chat.completions.create(**ASK, stream=True)
    for _ in range(4):
        next(stream)
    with on_call(lambda event: heard.append(event.cumulative)):
        client.chat.completions.create(**ASK)
    stream.close()

    (cumulative,) = heard
    assert (cumulative.calls, cumulative.running.streams) == (1, 1)
    assert cumulative.running.cost_usd > 0


def test_the_totals_of_reports_have_no_part_in_it(whole, client):
    stream = client.chat.completions.create(**ASK, stream=True)
    next(stream)

    assert "running" not in whole.usage.to_dict()
    stream.close()


def test_without_init_nothing_runs(client):
    for _ in client.chat.completions.create(**ASK, stream=True):
        assert ag.current().usage.running == NOTHING
