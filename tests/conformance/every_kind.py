"""A program whose 200 calls mix every kind that the OpenAI client has; `test_every_kind` runs it.

    python every_kind.py '{"openai": URL, "azure": URL, "openrouter": URL, "nobody": URL}' STORE

Each call has an API key of its own, so that the servers' books are by call, and its key is the id of its
workflow; its agent is its kind. It prints the sums of the process, as its own code can read them.
"""

import asyncio
import contextlib
import inspect
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import openai
from pydantic import BaseModel

import agentgauge as ag

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Where is my parcel?"}]}
STREAM = {**ASK, "stream": True}
TOLD = {"stream": True, "stream_options": {"include_usage": True}}
ALL_ALONG = {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}}
OLD = {"model": "gpt-3.5-turbo-instruct", "prompt": "Where is my parcel?"}
ANSWER = {"model": "gpt-4.1", "input": "Where is my parcel?"}
VECTOR = {"model": "text-embedding-3-small", "input": ["Where is my parcel?", "When?"]}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"name": "weather", "description": "The weather in a city.", "parameters": CITY}
TOOLS = [{"type": "function", "function": FUNCTION}]
ASKED = {
    "role": "assistant",
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Rain, 7 degrees"}
FAILING = {"status": 500, "retry_after_ms": 1}
WRITTEN = 4  # chunks; what a server has written and nobody has read is in its books alone
BILLED_USD = 0.000_123_456_7
BILLED = {"prompt_tokens": 1200, "completion_tokens": 80, "total_tokens": 1280, "cost": BILLED_USD}
LEFT = {"outcome": "cancelled", "source": "estimated"}


class Parcel(BaseModel):
    """The form of an answer."""

    street: str
    days: int


@dataclass(frozen=True)
class Kind:
    """How a kind of call is made, how its server answers, and what can be known of it."""

    use: object
    times: int
    host: str = "openai"
    rules: tuple = ()
    outcome: str = "ok"
    source: str = "provider"
    retries: int = 0


KINDS = {}


def kind(times, *rules, **facts):
    """Registers a function as a kind of call, made so many times."""

    def register(use):
        KINDS[use.__name__] = Kind(use, times, rules=rules, **facts)
        return use

    return register


# Chat.


@kind(14)
def chat(client):
    client.chat.completions.create(**ASK)


@kind(4)
def chat_of_three(client):
    assert len(client.chat.completions.create(**ASK, n=3).choices) == 3


@kind(4, {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]})
def tool_asked(client):
    client.chat.completions.create(**ASK, tools=TOOLS)


@kind(4)
def tool_answered(client):
    messages = [*ASK["messages"], ASKED, RESULT]
    client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)


@kind(4)
def parsed(client):
    answer = client.chat.completions.parse(**ASK, response_format=Parcel)
    assert answer.choices[0].message.parsed.days == 1


@kind(2)
def structured(client):
    form = {"type": "json_schema", "json_schema": {"name": "parcel", "schema": Parcel.model_json_schema()}}
    client.chat.completions.create(**ASK, response_format=form)


@kind(4)
def picture(client):
    url = {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": parts}])


@kind(4)
def raw(client):
    client.chat.completions.with_raw_response.create(**ASK).parse()


@kind(4)
def streaming_response(client):
    with client.chat.completions.with_streaming_response.create(**ASK) as response:
        response.read()


@kind(2)
def posted(client):
    client.post("/chat/completions", body=ASK, cast_to=object)


@kind(4)
async def chat_at_once(client):
    await asyncio.gather(client.chat.completions.create(**ASK))


# Streams.


@kind(8)
def stream_told(client):
    list(client.chat.completions.create(**ASK, **TOLD))


@kind(6, source="estimated")
def stream_untold(client):
    list(client.chat.completions.create(**STREAM))


@kind(2)
def stream_of_two_told(client):
    list(client.chat.completions.create(**ASK, **TOLD, n=2))


@kind(4)
def helper_told(client):
    with client.chat.completions.stream(**ASK, stream_options={"include_usage": True}) as stream:
        stream.until_done()


@kind(2, source="estimated")
def helper_untold(client):
    with client.chat.completions.stream(**ASK, response_format=Parcel) as stream:
        stream.until_done()


@kind(2)
def raw_stream(client):
    list(client.chat.completions.with_raw_response.create(**ASK, **TOLD).parse())


@kind(2)
def streaming_response_of_a_stream(client):
    with client.chat.completions.with_streaming_response.create(**ASK, **TOLD) as response:
        list(response.iter_lines())


@kind(4, {"stall_after_chunks": 4}, **LEFT)
def stream_left(client):
    with client.chat.completions.create(**STREAM) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break


@kind(4, {"stall_after_chunks": WRITTEN}, outcome="cancelled")
def stream_left_told_all_along(client):
    with client.chat.completions.create(**ASK, **ALL_ALONG) as stream:
        for number, _ in enumerate(stream, start=1):
            if number == WRITTEN:
                break


_kept = []


@kind(2, {"stall_after_chunks": 4}, **LEFT)
def stream_left_and_kept(client):
    stream = client.chat.completions.create(**STREAM)
    next(stream)
    _kept.append(stream)


@kind(2, {"stall_after_chunks": 4}, outcome="error", source="estimated")
def stream_whose_reader_fails(client):
    with contextlib.suppress(LookupError), client.chat.completions.create(**STREAM) as stream:
        for _ in stream:
            raise LookupError


@kind(2, {"drop_after_chunks": 4}, outcome="error", source="estimated")
def stream_that_breaks_off(client):
    # Each client's HTTP stack has an error of its own for it.
    with contextlib.suppress(Exception):
        list(client.chat.completions.create(**STREAM))


@kind(2, {"stall_after_chunks": 4}, outcome="error", source="estimated")
def stream_that_times_out(client):
    with contextlib.suppress(Exception):
        list(client.chat.completions.create(**STREAM, timeout=0.2))


@kind(4)
async def async_stream_told(client):
    async for _ in await client.chat.completions.create(**ASK, **TOLD):
        pass


@kind(2, source="estimated")
async def async_stream_untold(client):
    async for _ in await client.chat.completions.create(**STREAM):
        pass


@kind(2, {"stall_after_chunks": 4}, **LEFT)
async def async_stream_left_in_a_generator(client):
    async def words():
        async with await client.chat.completions.create(**STREAM) as stream:
            async for chunk in stream:
                yield chunk

    generator = words()
    await anext(generator)
    await asyncio.create_task(generator.aclose())  # in a context that never was the stream's


@kind(2, {"stall_after_chunks": 4}, **LEFT)
async def async_stream_cancelled(client):
    async def read():
        async for _ in await client.chat.completions.create(**STREAM):
            got.set()

    got = asyncio.Event()
    task = asyncio.create_task(read())
    await got.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# What goes wrong.


@kind(4, {"status": 429, "retry_after_ms": 1}, FAILING, retries=2)
def retried(client):
    client.with_options(max_retries=2).chat.completions.create(**ASK)


@kind(2, {"drop": True}, retries=1)
def dropped_and_retried(client):
    client.with_options(max_retries=1).chat.completions.create(**ASK)


@kind(2, FAILING, retries=1)
async def async_retried(client):
    await client.with_options(max_retries=1).chat.completions.create(**ASK)


@kind(4, {"status": 400}, outcome="error", source="none")
def refused(client):
    with contextlib.suppress(openai.BadRequestError):
        client.chat.completions.create(**ASK)


@kind(2, FAILING, FAILING, outcome="error", source="none", retries=1)
def failing(client):
    with contextlib.suppress(openai.InternalServerError):
        client.with_options(max_retries=1).chat.completions.create(**ASK)


@kind(2, {"drop": True, "delay_s": 1.0}, outcome="error", source="none")
def timed_out(client):
    with contextlib.suppress(openai.APITimeoutError):
        client.chat.completions.create(**ASK, timeout=0.2)


@kind(2, {"drop": True, "delay_s": 1.0}, **LEFT)
async def cancelled(client):
    task = asyncio.create_task(client.chat.completions.create(**ASK))
    books = str(client.base_url.join("/books"))
    while client.api_key not in (await client.get(books, cast_to=object))["by_api_key"]:
        pass
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# Responses.


@kind(6)
def response(client):
    client.responses.create(**ANSWER)


@kind(4)
def response_to_an_earlier_one(client):
    client.responses.create(**ANSWER, previous_response_id="resp_earlier")


@kind(4)
def response_with_tools(client):
    client.responses.create(**ANSWER, tools=[{"type": "function", "strict": False, **FUNCTION}])


@kind(4)
def response_with_built_in_tools(client):
    client.responses.create(
        **ANSWER, tools=[{"type": "web_search"}, {"type": "file_search", "vector_store_ids": ["v"]}]
    )


@kind(2)
def response_parsed(client):
    assert client.responses.parse(**ANSWER, text_format=Parcel).output_parsed.days == 1


@kind(2, {"finish": "length"})
def response_cut_off(client):
    client.responses.create(**ANSWER)


@kind(4)
def response_stream(client):
    list(client.responses.create(**ANSWER, stream=True))


@kind(2)
def response_helper(client):
    with client.responses.stream(**ANSWER) as stream:
        stream.until_done()


@kind(2, {"stall_after_chunks": 6}, **LEFT)
def response_stream_left(client):
    with client.responses.create(**ANSWER, stream=True) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                break


@kind(4, {"polls": 3})
def response_in_background(client):
    found = client.responses.create(**ANSWER, background=True)
    while found.status in {"queued", "in_progress"}:
        found = client.responses.retrieve(found.id)
    client.responses.retrieve(found.id)


@kind(2, {"polls": 3}, outcome="error", source="none")
def response_in_background_cancelled(client):
    client.responses.cancel(client.responses.create(**ANSWER, background=True).id)


@kind(2, source="none")
def response_in_background_that_nobody_asks_after(client):
    client.responses.create(**ANSWER, background=True)


@kind(4)
async def async_response(client):
    await client.responses.create(**ANSWER)


# Completions and embeddings.


@kind(4)
def completion(client):
    client.completions.create(**OLD)


@kind(2)
def completion_stream(client):
    list(client.completions.create(**OLD, **TOLD))


@kind(4)
def embedding(client):
    client.embeddings.create(**VECTOR)


@kind(2)
def embedding_streaming_response(client):
    with client.embeddings.with_streaming_response.create(**VECTOR) as answered:
        answered.read()


@kind(2)
async def async_embedding(client):
    await client.embeddings.create(**VECTOR)


# Other servers.


@kind(4, {"usage": "none"}, source="estimated")
def server_without_usage(client):
    client.chat.completions.create(**ASK)


@kind(2, {"usage": "none"}, source="estimated")
def server_without_usage_streamed(client):
    list(client.chat.completions.create(**ASK, **TOLD))


@kind(2, {"usage": "prompt_only"}, source="mixed")
def server_that_tells_half(client):
    client.chat.completions.create(**ASK)


@kind(4, host="azure")
def azure_chat(client):
    client.chat.completions.create(**ASK)


@kind(2, host="azure")
def azure_stream(client):
    list(client.chat.completions.create(**ASK, **TOLD))


@kind(2, host="azure")
async def azure_async_embedding(client):
    await client.embeddings.create(**VECTOR)


@kind(4, {"usage": BILLED}, host="openrouter")
def openrouter_chat(client):
    client.chat.completions.create(**ASK)


@kind(2, {"usage": BILLED}, host="openrouter")
def openrouter_stream(client):
    list(client.chat.completions.create(**ASK, **TOLD))


@kind(2, host="nobody")
def server_without_a_price(client):
    client.chat.completions.create(**ASK)


def clients(urls, *, asynchronous):
    """A client of the right class for each host; copies of it with other keys share its connections."""
    kinds = (
        (openai.AsyncOpenAI, openai.AsyncAzureOpenAI) if asynchronous else (openai.OpenAI, openai.AzureOpenAI)
    )
    made = {}
    for host, url in urls.items():
        if host == "azure":
            made[host] = kinds[1](azure_endpoint=url, api_key="-", api_version="2024-10-21", max_retries=0)
        else:
            made[host] = kinds[0](base_url=f"{url}/v1", api_key="-", max_retries=0)
    return made


@contextlib.contextmanager
def scope_of(name, key):
    """The workflow and agent of one call."""
    with ag.workflow("every kind", id=key), ag.agent(name):
        yield


def main(urls, store):
    """Makes all calls: the synchronous ones by turns here and in threads, the others at once."""
    providers = {urls[name].split("//")[1]: name for name in ("openai", "azure", "openrouter")}
    ag.init("every-kind", store=store, providers=providers)
    calls = [(name, number) for name, made in KINDS.items() for number in range(made.times)]

    plain = clients(urls, asynchronous=False)

    def call(name, number):
        made, key = KINDS[name], f"sim-{name}-{number}"
        with scope_of(name, key):
            made.use(plain[made.host].with_options(api_key=key))

    async def call_async(client, name, number):
        key = f"sim-{name}-{number}"
        with scope_of(name, key):
            await KINDS[name].use(client.with_options(api_key=key))

    async def call_all_async():
        awaited = clients(urls, asynchronous=True)
        mine = [c for c in calls if inspect.iscoroutinefunction(KINDS[c[0]].use)]
        await asyncio.gather(*(call_async(awaited[KINDS[c[0]].host], *c) for c in mine))
        for client in awaited.values():
            await client.close()

    synchronous = [c for c in calls if not inspect.iscoroutinefunction(KINDS[c[0]].use)]
    for each in synchronous[::2]:
        call(*each)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: call(*each), synchronous[1::2]))
    asyncio.run(call_all_async())
    assert ag.shutdown()
    sys.stdout.write(json.dumps(ag.current().usage.to_dict()))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2])
