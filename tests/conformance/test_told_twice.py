"""A request counts once, whoever else tells of it: the server's books are the judge."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import recorded, rows
from environments import SOURCES, with_libraries

PROGRAM = Path(__file__).parents[1] / "sources" / "two_tell.py"
sys.path.insert(0, str(PROGRAM.parent))
from answering import answering  # noqa: E402

TELLERS = {
    "claude_itself": 2,
    "openinference": 2,
    "openinference_and_openllmetry": 2,
    "litellm": 2,
    "mistral": 1,
    "official": 2,
}
pytestmark = [pytest.mark.xdist_group("every-client"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module", params=["theirs", "ours"])
def ran(request, tmp_path_factory):
    """What the program said, its calls by agent, and the server's books."""
    store = tmp_path_factory.mktemp("twice") / "store.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=5) as server:
        done = subprocess.run(
            [with_libraries("clients"), PROGRAM, server.url, store, request.param],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    assert done.returncode == 0, done.stderr
    return rows(store), books


@pytest.mark.parametrize("agent", TELLERS)
def test_each_request_is_one_call_with_the_booked_tokens(ran, agent):
    calls, books = ran
    mine = [call for call in calls if call["agent"] == agent]
    told = recorded(mine)

    book = books[f"sim-{agent}"]
    assert len(mine) == book["requests"] == TELLERS[agent]
    assert (told["input_tokens"], told["output_tokens"]) == (book["input_tokens"], book["output_tokens"])


@pytest.mark.parametrize("where", ["theirs", "ours"])
def test_an_instrumentation_of_bedrock_that_was_there_first_counts_once(tmp_path, where):
    store = tmp_path / "store.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with answering() as (url, asked):
        done = subprocess.run(
            [with_libraries("clients"), PROGRAM.with_name("bedrock_first.py"), url, store, where],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(asked) == 3
    calls = rows(store)
    assert [(call["agent"], call["input_tokens"], call["output_tokens"]) for call in calls] == [
        ("claude", 110, 12)
    ] * 3
    assert [call["cache_read_tokens"] for call in calls] == [40] * 3
