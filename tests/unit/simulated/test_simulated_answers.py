"""What the simulated server answers the plain openai client, and that its books hold just that."""

import json
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from booked import ASK, TOOLS, WEATHER, added, book, booked, rules, told


def test_a_chat_completion_is_booked_under_its_key_and_model(server, client):
    answer = client.chat.completions.create(**ASK)

    assert answer.choices[0].message.content
    assert answer.model == "gpt-4o-mini-2024-07-18"
    assert booked(book(server)) == told(answer.usage)
    assert booked(book(server)["by_model"]["gpt-4o-mini"]) == told(answer.usage)


def test_each_key_has_its_own_book_and_the_totals_are_their_sum(server):
    def ask(key):
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=key)
        return [client.chat.completions.create(**ASK).usage for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        usages = dict(zip("abcd", pool.map(ask, "abcd"), strict=True))

    assert {key: booked(book(server, key)) for key in usages} == {k: added(u) for k, u in usages.items()}
    assert booked(server.books.to_dict()) == added([usage for each in usages.values() for usage in each])
    assert server.books.to_dict()["requests"] == 20


def test_a_stream_tells_its_usage_in_a_last_chunk_without_choices_when_asked(server, client):
    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))

    assert [bool(chunk.choices) for chunk in chunks[-2:]] == [True, False]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert booked(book(server)) == told(chunks[-1].usage)


def test_a_stream_that_was_not_asked_tells_no_usage_and_books_none(server, client):
    chunks = list(client.chat.completions.create(**ASK, stream=True))

    assert not any(chunk.usage for chunk in chunks)
    assert booked(book(server)) == (0, 0, None, 0)
    assert book(server)["answered"] == 1


def test_a_cancelled_stream_with_running_usage_is_booked_at_the_last_chunk_that_was_read(server, client):
    rules(server, {"stall_after_chunks": 4})
    options = {"include_usage": True, "continuous_usage_stats": True}

    with client.chat.completions.create(**ASK, stream=True, stream_options=options) as stream:
        read = [next(stream) for _ in range(4)]

    assert read[-1].usage.completion_tokens > 0
    assert booked(book(server)) == told(read[-1].usage)


def test_running_usage_grows_to_the_whole(server, client):
    options = {"include_usage": True, "continuous_usage_stats": True}

    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options=options))

    written = [chunk.usage.completion_tokens for chunk in chunks]
    assert written == sorted(written)
    assert booked(book(server)) == told(chunks[-1].usage)


def test_tools_are_called_until_their_result_is_the_last_message(client):
    first = client.chat.completions.create(**ASK, tools=TOOLS).choices[0]
    call = first.message.tool_calls[0]
    messages = [
        *ASK["messages"],
        first.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "Rain."},
    ]
    second = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS).choices[0]

    assert (first.finish_reason, call.function.name) == ("tool_calls", "weather")
    assert json.loads(call.function.arguments) == {"city": "simulated"}
    assert second.finish_reason == "stop"


def test_scripted_tool_calls_come_in_parallel_and_in_pieces(server, client):
    wanted = [
        {"name": "weather", "arguments": {"city": "Oslo"}},
        {"name": "weather", "arguments": "not JSON"},
    ]
    rules(server, {"tool_calls": wanted})
    found = {}

    for chunk in client.chat.completions.create(**ASK, tools=TOOLS, stream=True):
        for delta in chunk.choices[0].delta.tool_calls or []:
            found[delta.index] = found.get(delta.index, "") + delta.function.arguments

    assert found == {0: '{"city": "Oslo"}', 1: "not JSON"}


def test_json_is_answered_when_it_is_asked_for_or_scripted(server, client):
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Oslo", "Rome"]}, "degrees": {"type": "number"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}}
    by_schema = client.chat.completions.create(**ASK, response_format=form)
    rules(server, {"json_answer": {"facts": ["It rains."]}})
    scripted = client.chat.completions.create(**ASK)

    assert json.loads(by_schema.choices[0].message.content) == {"city": "Oslo", "degrees": 1.5}
    assert json.loads(scripted.choices[0].message.content) == {"facts": ["It rains."]}


def test_several_choices_are_one_usage(server, client):
    answer = client.chat.completions.create(**ASK, n=3)

    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert booked(book(server)) == told(answer.usage)


@pytest.mark.parametrize("stream", [False, True])
def test_a_text_completion_tells_no_details(server, client, stream):
    asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once", **asked)
    usage = list(answer)[-1].usage if stream else answer.usage

    assert booked(book(server)) == (usage.prompt_tokens, usage.completion_tokens, None, 0)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_have_input_alone_and_vectors_of_the_wanted_size(server, client, encoding):
    answer = client.embeddings.create(
        model="text-embedding-3-small", input=["a", "b", "a"], dimensions=8, encoding_format=encoding
    )
    vectors = [item.embedding for item in answer.data]

    assert vectors[0] == vectors[2] != vectors[1]
    assert booked(book(server)) == (answer.usage.prompt_tokens, 0, None, 0)


def test_a_response_is_answered_whole(server, client):
    answer = client.responses.create(model="gpt-4.1", input="Hello")

    assert answer.output_text
    assert booked(book(server)) == (
        answer.usage.input_tokens,
        answer.usage.output_tokens,
        answer.usage.output_tokens_details.reasoning_tokens,
        answer.usage.input_tokens_details.cached_tokens,
    )


def test_a_response_streams_to_its_end(server, client):
    with client.responses.stream(model="gpt-4.1", input="Hello") as stream:
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
        answer = stream.get_final_response()

    assert "".join(texts) == answer.output_text
    assert book(server)["input_tokens"] == answer.usage.input_tokens


def test_a_response_calls_a_function(client):
    answer = client.responses.create(model="gpt-4.1", input="Hello", tools=[{"type": "function", **WEATHER}])

    assert [(item.type, item.name) for item in answer.output] == [("function_call", "weather")]


def test_a_background_response_is_booked_once_however_often_it_is_retrieved(server, client):
    rules(server, {"polls": 2})
    first = client.responses.create(model="gpt-4.1", input="Hello", background=True)
    polled = [client.responses.retrieve(first.id) for _ in range(4)]

    assert [answer.status for answer in (first, *polled)] == [
        "queued", "queued", "in_progress", "completed", "completed",
    ]  # fmt: skip
    assert [answer.usage for answer in (first, *polled[:2])] == [None] * 3
    assert book(server)["input_tokens"] == polled[-1].usage.input_tokens
    assert (book(server)["requests"], book(server)["polls"]) == (1, 4)


def test_a_background_response_can_be_cancelled_and_then_tells_nothing(server, client):
    first = client.responses.create(model="gpt-4.1", input="Hello", background=True)
    client.responses.cancel(first.id)

    assert client.responses.retrieve(first.id).status == "cancelled"
    assert booked(book(server)) == (0, 0, None, 0)


def test_it_lists_models(client):
    assert "gpt-4o" in [model.id for model in client.models.list()]
