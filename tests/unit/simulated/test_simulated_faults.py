"""How the simulated server fails when it is told to; its books hold what it told all the same."""

import json

import openai
import pytest
from booked import ASK, KEY, book, booked, rules, told


def test_a_retry_after_429_and_500_is_three_requests_and_one_answer(server):
    rules(server, {"status": 429, "retry_after_ms": 1}, {"status": 500, "retry_after_ms": 1})
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=2)

    answer = client.chat.completions.create(**ASK)

    assert book(server)["statuses"] == {"429": 1, "500": 1, "200": 1}
    assert (book(server)["requests"], book(server)["answered"]) == (3, 1)
    assert booked(book(server)) == told(answer.usage)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("object", {"message": "The request cannot be served (simulated).", "type": "invalid_request_error",
                    "param": None, "code": None}),
        ("string", "The request cannot be served (simulated)."),
        ("text", "The request cannot be served (simulated)."),
    ],
)  # fmt: skip
def test_an_error_has_the_wanted_form(server, client, form, body):
    rules(server, {"status": 400, "error": form})

    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ASK)

    assert caught.value.body in (body, {"error": body})
    assert book(server)["statuses"] == {"400": 1}


@pytest.mark.parametrize("rule", [{"drop": True}, {"drop": True, "delay_s": 0.05}])
def test_a_dropped_connection_is_a_request_without_an_answer(server, client, rule):
    rules(server, rule)

    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)

    assert (book(server)["statuses"], book(server)["answered"]) == ({"dropped": 1}, 0)


def test_a_stream_can_break_in_the_middle(server, client):
    rules(server, {"drop_after_chunks": 3})
    stream = client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True})

    with pytest.raises(openai.APIConnectionError):
        list(stream)

    assert booked(book(server)) == (0, 0, None, 0)


def test_an_answer_can_be_garbage(server, client):
    rules(server, {"raw_body": "<html>"}, {"json_body": ["no", "object"]}, {"json_body": {"usage": {}}})

    with pytest.raises(json.JSONDecodeError):
        client.chat.completions.create(**ASK)
    assert client.chat.completions.create(**ASK) == ["no", "object"]
    assert client.chat.completions.create(**ASK).choices is None
    assert (book(server)["requests"], book(server)["answered"]) == (3, 0)


def test_a_filtered_answer_says_so(server, client):
    rules(server, {"finish": "content_filter", "answer": ""})

    assert client.chat.completions.create(**ASK).choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize(
    ("form", "seen", "unusable"),
    [("none", None, 0), ("null", None, 0), ("zero", 0, 0), ("strings", str, 1), ("floats", float, 1)],
)
def test_a_usage_that_counts_nothing_is_in_no_sum(server, client, form, seen, unusable):
    rules(server, {"usage": form})

    # The client makes numbers of some strings, so the body is read as it came.
    usage = client.chat.completions.with_raw_response.create(**ASK).http_response.json().get("usage")

    count = usage and usage["prompt_tokens"]
    assert type(count) is seen if isinstance(seen, type) else count == seen
    assert (book(server)["input_tokens"], book(server)["output_tokens"]) == (0, 0)
    assert book(server)["unusable_usage"] == unusable


def test_half_a_usage_is_booked_by_half(server, client):
    rules(server, {"usage": "prompt_only"})

    usage = client.chat.completions.create(**ASK).model_dump(exclude_unset=True)["usage"]

    assert list(usage) == ["prompt_tokens"]
    assert booked(book(server)) == (usage["prompt_tokens"], 0, None, 0)


def test_negative_counts_are_told_and_not_booked_and_enormous_ones_are(server, client):
    rules(server, {"usage": "negative"}, {"usage": "enormous"})

    negative = client.chat.completions.create(**ASK).usage
    enormous = client.chat.completions.create(**ASK).usage

    assert negative.prompt_tokens < 0
    assert enormous.prompt_tokens > 10**18
    assert booked(book(server)) == told(enormous)
    assert book(server)["unusable_usage"] == 1


def test_a_usage_can_be_given_word_for_word(server, client):
    rules(server, {"usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}})

    assert client.chat.completions.create(**ASK).usage.prompt_tokens == 7
    assert booked(book(server)) == (7, 2, None, 0)
