"""A model server that none of us wrote (mock-ai-api) agrees as well: its usage, its count of requests."""

import openai
import pytest

from agentgauge.config import read_settings
from books import rows

pytest_plugins = ["independent"]

MESSAGES = [{"role": "user", "content": "What is the weather in Oslo?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
pytestmark = pytest.mark.xdist_group("mock-ai-api")


@pytest.fixture
def other(independent, gauge, store):
    """A client of the independent server; agentgauge records what it does."""
    url, _ = independent
    gauge.shutdown()
    gauge.init(
        settings=read_settings(
            {},
            service_name="test",
            store=str(store),
            providers={url.split("//")[1]: "openai"},
            set_global=False,
        )
    )
    with openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=1) as client:
        yield client


def _streamed(chunks):
    """The last usage and the last reason to stop of a stream."""
    told = [chunk.usage for chunk in chunks if chunk.usage is not None]
    return told[-1]


def _chat(client, model="gpt-4o-mini", **more):
    return client.chat.completions.create(model=model, messages=MESSAGES, **more)


def _response_events(client):
    events = client.responses.create(model="gpt-4.1", input="Hello", stream=True)
    return [event.response.usage for event in events if event.type == "response.completed"][-1]


USES = {
    "chat": lambda c: _chat(c).usage,
    "chat stream": lambda c: _streamed(_chat(c, stream=True)),
    "tool call": lambda c: _chat(c, "gpt-4o-mini:mock-tool-call", tools=TOOLS).usage,
    "tool stream": lambda c: _streamed(_chat(c, "gpt-4o-mini:mock-tool-stream", tools=TOOLS, stream=True)),
    "bad tool JSON": lambda c: _chat(c, "gpt-4o-mini:mock-bad-tool-json", tools=TOOLS).usage,
    "completions": lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello").usage,
    "responses": lambda c: c.responses.create(model="gpt-4.1", input="Hello").usage,
    "responses stream": _response_events,
    "embeddings": lambda c: c.embeddings.create(model="text-embedding-3-small", input="Hello").usage,
}


@pytest.mark.parametrize("use", USES)
def test_what_is_recorded_is_what_the_client_was_told(gauge, other, store, requests_seen, use):
    told = USES[use](other).to_dict()

    gauge.shutdown()
    (call,) = rows(store)

    assert call["input_tokens"] == told.get("prompt_tokens", told.get("input_tokens"))
    assert call["output_tokens"] == told.get("completion_tokens", told.get("output_tokens", 0))
    assert (call["outcome"], call["usage_source"]) == ("ok", "provider")
    assert requests_seen() == call["retries"] + 1 == 1


@pytest.mark.parametrize("use", ["tool call", "tool stream", "bad tool JSON"])
def test_the_tool_that_was_called_has_its_part_of_the_call(gauge, other, store, use):
    USES[use](other)

    gauge.shutdown()
    tools = rows(store, "SELECT * FROM call_tools WHERE offered")

    assert [tool["tool"] for tool in tools] == ["get_weather"]
    assert tools[0]["definition_tokens"] > 0


@pytest.mark.parametrize(
    ("status", "error"), [(429, openai.RateLimitError), (500, openai.InternalServerError)]
)
def test_a_call_that_failed_counts_its_requests_and_no_tokens(
    gauge, other, store, requests_seen, status, error
):
    with pytest.raises(error):
        _chat(other, f"gpt-4o-mini:mock-{status}")

    gauge.shutdown()
    (call,) = rows(store)

    assert (call["outcome"], call["usage_source"]) == ("error", "none")
    assert (call["input_tokens"], call["output_tokens"]) == (None, None)
    assert requests_seen() == call["retries"] + 1 == 2
