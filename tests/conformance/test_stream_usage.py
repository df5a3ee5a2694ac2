"""The setting that asks servers for the usage of streams: the program reads what it would read without it."""

import asyncio
import json

import openai
import pytest

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.sources import openai_stream_usage
from books import booked, recorded, rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = {**ASK, "stream": True}
OLD = {"model": "gpt-3.5-turbo-instruct", "prompt": "Hello", "stream": True}


@pytest.fixture(autouse=True)
def nobody_refuses(monkeypatch):
    monkeypatch.setattr(openai_stream_usage, "_refusing", set())


@pytest.fixture
def start(server, store):
    def started(asked=("all",)):
        host = server.url.split("//")[1]
        given = {"store": str(store), "providers": {host: "openai"}, "stream_usage": list(asked)}
        ag.init(settings=read_settings({}, set_global=False, **given))

    return started


def shape(chunk):
    return [choice.delta.content if hasattr(choice, "delta") else choice.text for choice in chunk.choices]


def created(client):
    return [shape(chunk) for chunk in client.chat.completions.create(**STREAM)]


def of_two(client):
    return [shape(chunk) for chunk in client.chat.completions.create(**STREAM, n=2)]


def with_options(client):
    options = {"include_obfuscation": False}
    return [shape(chunk) for chunk in client.chat.completions.create(**STREAM, stream_options=options)]


def completed(client):
    return [shape(chunk) for chunk in client.completions.create(**OLD)]


def helped(client):
    with client.chat.completions.stream(**ASK) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    return kinds, final.choices[0].message.content, final.usage


def raw(client):
    answer = client.chat.completions.with_raw_response.create(**STREAM)
    return [shape(chunk) for chunk in answer.parse()]


def lines(client):
    with client.chat.completions.with_streaming_response.create(**STREAM) as response:
        found = [line[6:] for line in response.iter_lines() if line.startswith("data: {")]
    return [json.loads(line)["choices"][0]["delta"] for line in found]


def streaming_parsed(client):
    with client.chat.completions.with_streaming_response.create(**STREAM) as response:
        return [shape(chunk) for chunk in response.parse()]


WAYS = [created, of_two, with_options, completed, helped, raw, lines, streaming_parsed]


@pytest.mark.parametrize("way", WAYS)
def test_the_caller_gets_what_he_would_get_and_the_servers_usage_counts(start, server, client, store, way):
    without = way(client)
    before = booked(server.books.to_dict())
    start()
    with_it = way(client)
    ag.shutdown()

    (call,) = rows(store)
    told = {name: now - before[name] for name, now in booked(server.books.to_dict()).items()}
    assert with_it == without
    assert before["input_tokens"] == 0
    assert recorded([call]) == told
    assert (call["outcome"], call["usage_source"]) == ("ok", "provider")


@pytest.mark.parametrize("helper", [False, True])
def test_the_asynchronous_client_as_well(start, server, async_client, store, helper):
    async def main():
        async with async_client:
            if helper:
                async with async_client.chat.completions.stream(**ASK) as stream:
                    return [
                        event.type
                        async for event in stream
                        if event.type == "chunk" and not event.chunk.choices
                    ]
            stream = await async_client.chat.completions.create(**STREAM)
            return [chunk async for chunk in stream if not chunk.choices]

    start()
    assert asyncio.run(main()) == []
    ag.shutdown()

    (call,) = rows(store)
    assert recorded([call]) == booked(server.books.to_dict())
    assert call["usage_source"] == "provider"


@pytest.mark.parametrize("wanted", [True, False])
def test_what_the_caller_says_of_usage_himself_holds(start, server, client, store, wanted):
    start()
    chunks = list(client.chat.completions.create(**STREAM, stream_options={"include_usage": wanted}))
    ag.shutdown()

    (call,) = rows(store)
    assert (chunks[-1].choices == []) == wanted
    assert call["usage_source"] == ("provider" if wanted else "estimated")


@pytest.mark.parametrize("asked", [(), ("localhost",), (".example.org",), ("127.0.0.1:1",)])
def test_other_hosts_are_not_asked(start, server, client, store, asked):
    start(asked)
    created(client)
    ag.shutdown()

    assert [call["usage_source"] for call in rows(store)] == ["estimated"]


def test_one_host_can_be_asked(start, server, client, store):
    start([server.url.split("//")[1]])
    created(client)
    ag.shutdown()

    assert [call["usage_source"] for call in rows(store)] == ["provider"]


def refuse_the_next(server, times=1):
    server.script.load({"api_key": "*", "rules": [{"status": 400, "stream": True, "times": times}]})


def test_a_server_that_refuses_is_asked_once_more_without_it_and_then_no_more(start, server, client, store):
    start()
    refuse_the_next(server)
    assert created(client)
    assert created(client)
    ag.shutdown()

    first, second = rows(store)
    assert recorded([first, second])["requests"] == server.books.to_dict()["requests"] == 3
    assert [(c["outcome"], c["retries"], c["usage_source"]) for c in (first, second)] == [
        ("ok", 1, "estimated"),
        ("ok", 0, "estimated"),
    ]


def test_a_request_that_is_refused_either_way_fails_as_it_would(start, server, client, store):
    start()
    refuse_the_next(server, times=2)
    with pytest.raises(openai.BadRequestError) as refused:
        created(client)
    assert not isinstance(refused.value.__context__, openai.APIError)  # the first try is none of his
    assert created(client)
    ag.shutdown()

    failed, later = rows(store)
    assert (failed["outcome"], failed["retries"], failed["usage_source"]) == ("error", 1, "none")
    assert later["usage_source"] == "provider"  # it was not the question that the server did not like


def test_a_stream_that_is_left_early_is_estimated_as_ever(start, server, client, store):
    start()
    server.script.load({"api_key": "*", "rules": [{"stall_after_chunks": 3}]})
    with client.chat.completions.create(**STREAM) as stream:
        next(stream)
    ag.shutdown()

    assert [(c["outcome"], c["usage_source"]) for c in rows(store)] == [("cancelled", "estimated")]


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("all", ("all",)),
        ("on", ("all",)),
        ("off", ()),
        ("", ()),
        ("localhost:8000, .corp", ("localhost:8000", ".corp")),
    ],
)
def test_the_variable(value, hosts):
    assert read_settings({"AGENTGAUGE_STREAM_USAGE": value}).stream_usage == hosts


def test_a_variable_that_names_no_host_is_said():
    (problem,) = read_settings({"AGENTGAUGE_STREAM_USAGE": "http://x/"}).problems

    assert "AGENTGAUGE_STREAM_USAGE" in problem
