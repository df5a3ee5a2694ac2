"""Clients of other model servers: what the store holds equals what their servers told them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from environments import SOURCES, with_libraries

PROGRAMS = Path(__file__).parents[1] / "sources"
sys.path.insert(0, str(PROGRAMS))
from answering import answering  # noqa: E402

RULES = {
    "sim-claude_retry": [{"status": 429, "retry_after_ms": 1}, {"status": 529, "retry_after_ms": 1}],
    "sim-claude_refused": [{"status": 400}],
    "sim-claude_left_early": [{"stall_after_chunks": 4}],
    "sim-claude_broken_stream": [{"drop_after_chunks": 4}],
    "sim-claude_error_event": [{"fail_after_chunks": 4}],
    "sim-claude_parse": [{"json_answer": {"city": "Oslo"}}],
    "sim-groq_stream": [{"usage": "x_groq"}],
    "sim-async_groq_stream": [{"usage": "x_groq"}],
    "sim-groq_left_early": [{"usage": "x_groq"}],
    "sim-groq_error_event": [{"usage": "x_groq", "fail_after_chunks": 3}],
    "sim-groq_retry": [{"status": 429, "retry_after_ms": 1}],
    "sim-groq_refused": [{"status": 400}],
    "sim-mistral_stream": [{"usage": "last"}],
    "sim-mistral_left_early": [{"usage": "last", "stall_after_chunks": 3}],
    "sim-async_mistral_stream": [{"usage": "last"}],
    "sim-mistral_retry": [{"status": 503}],
    "sim-mistral_refused": [{"status": 400}],
    "sim-litellm_claude_left_early": [{"stall_after_chunks": 4}],
    "sim-litellm_claude_retry": [{"status": 529}],
    "sim-litellm_claude_refused": [{"status": 400}],
}
CUT_SHORT = {
    "claude_left_early": "cancelled",
    "claude_broken_stream": "error",
    "claude_error_event": "error",
    "litellm_claude_left_early": "cancelled",
}
UNTOLD = {
    "groq_stream_untold": "ok",
    "groq_left_early": "cancelled",
    "groq_error_event": "error",
    "mistral_stream_untold": "ok",
    "mistral_left_early": "cancelled",
}
REFUSED = {
    "claude_refused": "BadRequestError",
    "groq_refused": "BadRequestError",
    "mistral_refused": "SDKError",
    "litellm_claude_refused": "BadRequestError",
    "gemini_refused": "ClientError",
    "converse_refused": "ValidationException",
}
WRITTEN = ("input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens")
pytestmark = [pytest.mark.xdist_group("every-client"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The program's output, its calls by agent, their tools, the store's file, and the server's books."""
    store = tmp_path_factory.mktemp("clients") / "store.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=5) as server, answering() as (other_url, _):
        for key, rules in RULES.items():
            server.script.load({"api_key": key, "rules": rules})
        done = subprocess.run(
            [with_libraries("clients"), PROGRAMS / "every_client.py", server.url, other_url, store],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    calls = {}
    for call in rows(store) if store.exists() else []:
        calls.setdefault(call["agent"], []).append(call)
    tools = rows(store, "SELECT * FROM call_tools") if store.exists() else []
    return done, calls, tools, store, books


def test_the_program_ends_well_and_prints_nothing(ran):
    done, *_ = ran

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_request_is_one_call_with_the_booked_numbers(ran):
    _, calls, _, _, books = ran
    whole = {
        key: book
        for key, book in books.items()
        if key.removeprefix("sim-") not in CUT_SHORT.keys() | UNTOLD.keys()
    }

    assert {key: recorded(calls.get(key.removeprefix("sim-"), [])) for key in whole} == {
        key: booked(book) for key, book in whole.items()
    }
    written = {a: sum(c["cache_write_tokens"] or 0 for c in of) for a, of in calls.items()}
    assert {key: written[key.removeprefix("sim-")] for key in whole} == {
        key: book["cache_write_tokens"] for key, book in whole.items()
    }
    assert sum(written.values()) > 0
    assert {agent for agent, of in calls.items() if len(of) != 1} == set()


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("gemini", (310, 65, 25, 200, None)),
        ("gemini_stream", (310, 65, 25, 200, None)),
        ("async_gemini", (310, 65, 25, 200, None)),
        ("converse", (110, 12, None, 40, 10)),
        ("converse_stream", (110, 12, None, 40, 10)),
        ("invoke_model", (110, 12, None, 40, 10)),
        ("invoke_model_stream", (110, 12, None, 40, 10)),
        ("invoke_llama", (60, 12, None, None, None)),
        ("invoke_llama_stream", (60, 12, None, None, None)),
        ("bedrock_claude", (110, 12, None, 40, 10)),
        ("bedrock_claude_stream", (110, 12, None, 40, 10)),
        ("vertex_claude", (110, 12, None, 40, 10)),
    ],
)
def test_input_and_output_are_whole_where_a_server_tells_them_in_parts(ran, agent, told):
    _, calls, *_ = ran
    (call,) = calls[agent]

    assert tuple(call[name] for name in WRITTEN) == told
    assert (call["usage_source"], call["outcome"]) == ("provider", "ok")
    assert call["cost_nanousd"] > 0


def test_a_stream_cut_short_has_the_servers_input_and_our_count_of_what_came(ran):
    _, calls, _, _, books = ran

    for agent, outcome in CUT_SHORT.items():
        (call,) = calls[agent]
        assert (call["outcome"], call["usage_source"]) == (outcome, "mixed")
        assert call["input_tokens"] == books[f"sim-{agent}"]["input_tokens"]
        assert 0 < call["output_tokens"] < 5


def test_a_stream_whose_usage_never_came_is_estimated_and_says_so(ran):
    _, calls, *_ = ran

    for agent, outcome in UNTOLD.items():
        (call,) = calls[agent]
        assert (call["outcome"], call["usage_source"]) == (outcome, "estimated"), agent
        assert call["input_tokens"] > 0


def test_retries_refusals_and_what_is_no_call(ran):
    _, calls, *_ = ran

    assert {agent: of[0]["retries"] for agent, of in calls.items() if of[0]["retries"]} == {
        "claude_retry": 2,
        "groq_retry": 1,
        "mistral_retry": 1,
        "litellm_claude_retry": 1,
    }
    for agent, error_type in REFUSED.items():
        (refused,) = calls[agent]
        assert (refused["outcome"], refused["error_type"]) == ("error", error_type)
    assert "no_call" not in calls


def test_a_spent_budget_stops_a_call_before_it_leaves(ran):
    _, calls, _, _, books = ran

    for agent in ("claude_budget", "groq_budget", "mistral_budget"):
        assert books[f"sim-{agent}"]["requests"] == len(calls[agent]) == 1
    for agent in ("converse_budget", "gemini_budget"):
        assert len(calls[agent]) == 1


def test_tools_have_their_part(ran):
    _, _, tools, _, _ = ran

    assert [(tool["tool"], tool["offered"], tool["calls"]) for tool in tools] == [("weather", 1, 1)] * 5
    assert all(tool["definition_tokens"] > 0 and tool["call_tokens"] > 0 for tool in tools)


def test_nothing_that_was_said_is_in_the_store(ran):
    *_, store, _ = ran

    assert b"PROMPT-7" not in b"".join(part.read_bytes() for part in store.parent.iterdir())
