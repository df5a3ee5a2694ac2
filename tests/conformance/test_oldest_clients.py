"""The oldest versions of other clients that are recorded: the server's books are the judge."""

import os
import subprocess
from pathlib import Path

import pytest

from agentgauge.demo.simulated import SimulatedServer
from agentgauge.sources import mistral, stainless
from books import booked, recorded, rows
from environments import SOURCES, pins_of, with_libraries

PROGRAM = Path(__file__).parents[1] / "sources" / "oldest_clients.py"
RULES = {
    "sim-claude_retry": [{"status": 529, "retry_after_ms": 1}],
    "sim-llama_retry": [{"status": 429, "retry_after_ms": 1}],
    "sim-mistral_retry": [{"status": 503}],
    "sim-llama_stream": [{"usage": "x_groq"}],
    "sim-mistral_stream": [{"usage": "last"}],
    "sim-async_mistral_stream": [{"usage": "last"}],
}
pytestmark = [pytest.mark.xdist_group("every-client"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The program's calls by agent, and the server's books."""
    store = tmp_path_factory.mktemp("oldest") / "store.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=6) as server:
        for key, rules in RULES.items():
            server.script.load({"api_key": key, "rules": rules})
        done = subprocess.run(
            [with_libraries("clients-oldest"), PROGRAM, server.url, store],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    calls = {}
    for call in rows(store):
        calls.setdefault(f"sim-{call['agent']}", []).append(call)
    return calls, books


def test_every_request_is_one_call_with_the_booked_numbers(ran):
    calls, books = ran

    assert {key: recorded(calls.get(key, [])) for key in books} == {
        key: booked(book) for key, book in books.items()
    }
    assert [key for key, of in calls.items() if len(of) != 1] == []
    assert len(calls) == 16


def test_attempts_are_counted(ran):
    calls, _ = ran

    retried = {key: of[0]["retries"] for key, of in calls.items() if of[0]["retries"]}
    assert retried == {"sim-claude_retry": 1, "sim-llama_retry": 1, "sim-mistral_retry": 1}


def test_the_versions_are_those_that_are_said_to_be_the_oldest():
    pinned = dict(pin.split("==") for pin in pins_of("clients-oldest"))

    for client in (*stainless.CLIENTS, mistral.CLIENT):
        assert tuple(map(int, pinned[client.module].split(".")[:2])) == client.oldest
