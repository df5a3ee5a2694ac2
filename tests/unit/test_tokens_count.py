"""The public estimate, against numbers that OpenAI published for its own examples."""

from __future__ import annotations

import pytest

from agentgauge.tokens import count

# https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, sections 6 and 7.
TRANSLATOR = [
    {
        "role": "system",
        "content": "You are a helpful, pattern-following assistant that translates corporate jargon "
        "into plain English.",
    },
    {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
    {
        "role": "system",
        "name": "example_assistant",
        "content": "Things working well together will increase revenue.",
    },
    {
        "role": "system",
        "name": "example_user",
        "content": "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage.",
    },
    {
        "role": "system",
        "name": "example_assistant",
        "content": "Let's talk later when we're less busy about how to do better.",
    },
    {
        "role": "user",
        "content": "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    },
]
WEATHER = [
    {
        "role": "system",
        "content": "You are a helpful assistant that can answer to questions about the weather.",
    },
    {"role": "user", "content": "What's the weather like in San Francisco?"},
]
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {
                    "type": "string",
                    "description": "The unit of temperature to return",
                    "enum": ["celsius", "fahrenheit"],
                },
            },
            "required": ["location"],
        },
    },
}


@pytest.mark.parametrize(("model", "tokens"), [("gpt-3.5-turbo", 129), ("gpt-4", 129), ("gpt-4o", 124)])
def test_messages_count_as_published(model, tokens):
    assert count(TRANSLATOR, model=model).input_tokens == tokens


@pytest.mark.parametrize(
    ("model", "tokens"), [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)]
)
def test_tools_count_as_published(model, tokens):
    assert count(WEATHER, tools=[WEATHER_TOOL], model=model).input_tokens == tokens


def test_the_parts_add_up():
    messages = [
        *WEATHER,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "1", "function": {"name": "get_current_weather", "arguments": '{"location":"SF"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "sunny, 18 degrees"},
        {"role": "assistant", "content": "It is sunny."},
        {"role": "user", "content": "Thanks!"},
    ]
    e = count(messages, tools=[WEATHER_TOOL], model="gpt-4o")
    parts = e.system, e.user, e.assistant, e.tool_definitions, e.tool_results, e.tool_calls, e.overhead
    assert all(part > 0 for part in parts)
    assert sum(parts) == e.input_tokens
    assert e.per_tool == {"get_current_weather": e.tool_definitions + e.tool_results + e.tool_calls}
    assert (e.source, e.encoding) == ("estimated", "o200k_base")


def test_a_string_is_one_user_message():
    assert count("Hello!", model="gpt-4o") == count([{"role": "user", "content": "Hello!"}], model="gpt-4o")


QUESTION = "What is the weather in Paris?"
FUNCTION = WEATHER_TOOL["function"]
SCHEMA = FUNCTION["parameters"]
ABOUT = {"name": FUNCTION["name"], "description": FUNCTION["description"]}
BODIES = {
    "chat": {"messages": [{"role": "user", "content": QUESTION}], "tools": [WEATHER_TOOL]},
    "messages": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        "tools": [{**ABOUT, "input_schema": SCHEMA}],
    },
    "gemini": {
        "contents": [{"role": "user", "parts": [{"text": QUESTION}]}],
        "tools": [{"functionDeclarations": [{**ABOUT, "parametersJsonSchema": SCHEMA}]}],
    },
    "converse": {
        "messages": [{"role": "user", "content": [{"text": QUESTION}]}],
        "toolConfig": {"tools": [{"toolSpec": {**ABOUT, "inputSchema": {"json": SCHEMA}}}]},
    },
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_whole_body_of_any_api_counts_the_same(body):
    plain = count(QUESTION, tools=[WEATHER_TOOL], model="some-model")
    assert count(body, model="some-model") == plain
    assert plain.user > 0 < plain.per_tool[FUNCTION["name"]]


def test_a_body_of_the_responses_api():
    body = {"instructions": "Be brief.", "input": QUESTION, "tools": [{"type": "function", **FUNCTION}]}
    e = count(body, model="gpt-4o")
    assert e.system == count([{"role": "system", "content": "Be brief."}], model="gpt-4o").system
    assert e.user > 0 < e.per_tool[FUNCTION["name"]]


def test_a_body_of_embeddings_has_no_format_around_it():
    e = count({"input": ["Hello!", "Hello!"]}, model="text-embedding-3-small")
    assert (e.input_tokens, e.overhead) == (4, 0)


def test_what_nobody_can_count_is_named_and_images_are_apart():
    image = {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}}
    e = count(
        [{"role": "user", "content": [image, {"type": "file"}]}],
        tools=[{"type": "web_search"}],
        model="gpt-4o",
    )
    assert (e.images, e.not_attributable) == (85, ("web_search", "file"))
    assert e.input_tokens == e.user + e.images + e.overhead
