"""What people, models and tools said is found nowhere: not in the store, not on the wire, not in a log."""

import logging

import openai
import pytest

import agentgauge as ag
from agentgauge.config import read_settings
from otlp import Receiver

CANARY = "canary-7f3a"


def planted(place):
    return f"{CANARY}-{place}"


@pytest.fixture
def everywhere(server, store, caplog):
    """Runs a program full of canaries; gives every byte that left it."""
    caplog.set_level(logging.DEBUG, logger="agentgauge")
    with Receiver() as receiver:
        host = server.url.split("//")[1]
        ag.init(
            settings=read_settings(
                {},
                service_name="canaries",
                store=str(store),
                endpoint=receiver.url,
                providers={host: "openai"},
                set_global=False,
            )
        )
        program(server)
        assert ag.shutdown()
        sent = b"".join(receiver.bodies)
    kept = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    return {"wire": sent, "store": kept, "log": caplog.text.encode()}


def program(server):
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="sim-a", max_retries=0)
    tool = {
        "type": "function",
        "function": {"name": "search", "description": planted("schema"), "parameters": {"type": "object"}},
    }
    server.script.load(
        {
            "api_key": "*",
            "rules": [
                {"tool_calls": [{"name": "search", "arguments": {"q": planted("arguments")}}]},
                {"answer": planted("answer")},
                {"answer": planted("streamed answer"), "stream": True},
                {"status": 400},
            ],
        }
    )
    messages = [
        {"role": "system", "content": planted("system")},
        {"role": "user", "content": planted("prompt")},
    ]
    ask = {"model": "gpt-4o-mini", "messages": messages}

    @ag.tool("search")
    def search():
        raise ValueError(planted("tool error"))

    with ag.workflow("w"), ag.agent("a"):
        first = client.chat.completions.create(**ask, tools=[tool]).choices[0].message
        with pytest.raises(ValueError, match="tool error"):
            search()
        result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": planted("result")}
        client.chat.completions.create(model="gpt-4o-mini", messages=[*messages, first, result], tools=[tool])
        list(client.chat.completions.create(**ask, stream=True))
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**ask, user=planted("user"))
        client.embeddings.create(model="text-embedding-3-small", input=planted("embedded"))
        client.responses.create(model="gpt-4.1", input=planted("response"), instructions=planted("said"))
        with pytest.raises(RuntimeError), ag.step("s"):
            raise RuntimeError(planted("exception"))
    client.close()


def test_no_canary_leaves_the_process(everywhere):
    assert all(len(content) > 1000 for place, content in everywhere.items() if place != "log")
    found = {place: content.count(CANARY.encode()) for place, content in everywhere.items()}
    assert found == {"wire": 0, "store": 0, "log": 0}
