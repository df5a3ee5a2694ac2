"""Six memory agents, intercepted without their help: the server's books, spans, ledger and report agree."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from agentgauge.demo.simulated import SimulatedServer
from agents.answers import rules_for
from books import rows
from memory_agents import (
    AGENTS,
    CLIENTS,
    NAMES,
    TRIALS,
    interpreter,
    program_environment,
    run_trials,
)
from otlp import Receiver
from running import RUN


def usage_in(book):
    """`llm_usage` by the server's own book of an API key; every 500 in it was tried again and answered."""
    answered = {model: counts["statuses"]["200"] for model, counts in book["by_model"].items()}
    return {
        "total_calls": sum(answered.values()),
        "prompt_tokens": book["input_tokens"],
        "completion_tokens": book["output_tokens"],
        "reasoning_tokens": book["reasoning_tokens"],
        "total_tokens": book["input_tokens"] + book["output_tokens"],
        "calls_by_model": answered,
    }


def told(usage, calls):
    """The same of a trial, less the streams of which the server tells nothing and which are counted here."""
    counted = [call for call in calls if call["usage_source"] != "provider"]
    assert all(call["stream"] and call["usage_source"] == "estimated" for call in counted)
    given = sum(call["input_tokens"] for call in counted)
    made = sum(call["output_tokens"] for call in counted)
    return usage | {
        "prompt_tokens": usage["prompt_tokens"] - given,
        "completion_tokens": usage["completion_tokens"] - made,
        "total_tokens": usage["total_tokens"] - given - made,
    }


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            (client, agent),
            id=f"{agent}, {client}",
            marks=pytest.mark.xdist_group(f"{agent}-{client}"),
        )
        for client in CLIENTS
        for agent in NAMES
    ],
)
def ran(request, tmp_path_factory):
    """One agent as three trials in threads: its name, what it says, the books, its calls, its spans."""
    client, agent = request.param
    folder = tmp_path_factory.mktemp("trials")
    with SimulatedServer(seed=5) as server, Receiver() as receiver:
        for key in TRIALS:
            rules = rules_for(agent, mem0=int(CLIENTS[client][1][0]))
            server.script.load({"api_key": key, "rules": rules})
        said = run_trials(
            interpreter(client, agent), agent, "threads", TRIALS,
            url=server.url, folder=folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        )  # fmt: skip
        books, spans = server.books.to_dict()["by_api_key"], receiver.spans()
    return agent, said, books, rows(folder / "store.sqlite"), [s for s in spans if s["kind"] == "CLIENT"]


def test_server_spans_ledger_and_report_count_the_same_calls(ran):
    _, said, books, calls, spans = ran
    by_trial = Counter(call["workflow_id"] for call in calls)

    assert set(books) == set(TRIALS)
    for key, book in books.items():
        usage, details = said["used"][key]["llm_usage"], said["used"][key]["llm_usage_details"]
        assert usage["total_calls"] + details["retries"] == details["requests"] == book["requests"]
        assert usage["total_calls"] == by_trial[key]
        assert usage["total_calls"] == sum(s["attributes"]["agentgauge.workflow.id"] == key for s in spans)
    assert len(calls) == len(spans) == said["ledger"]["calls"]


def test_each_trial_is_what_the_server_booked_for_it(ran):
    _, said, books, calls, _ = ran

    for key, book in books.items():
        usage = said["used"][key]["llm_usage"]
        mine = [call for call in calls if call["workflow_id"] == key]
        assert told(usage, mine) == usage_in(book)
        assert said["used"][key]["llm_usage_details"].pop("pending") == 0
        assert said["stored"][key] == {"workflow": "trial"} | said["used"][key]


def test_every_call_is_its_agents(ran):
    agent, said, _, calls, _ = ran

    assert {call["agent"] for call in calls} == {agent}
    for used in said["used"].values():
        assert list(used["llm_usage_details"]["by_agent"]) == [agent]


@pytest.mark.parametrize("agent", NAMES)
def test_run_records_the_agent_as_it_is(agent, tmp_path):
    with SimulatedServer(seed=5) as server:
        server.script.load({"api_key": "sim-run", "rules": rules_for(agent, mem0=2)})
        environment = program_environment(server.url, tmp_path, OPENAI_API_KEY="sim-run")
        done = subprocess.run(
            [*RUN, "--format", "json", "--", interpreter("openai 3", agent), AGENTS / f"{agent}.py"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        (book,) = server.books.to_dict()["by_api_key"].values()
    calls = rows(tmp_path / "store.sqlite")
    counted = [call for call in calls if call["usage_source"] == "estimated"]

    bill = json.loads(done.stderr[done.stderr.index('{\n  "schema"') :])

    assert done.returncode == 0, done.stderr
    assert bill["totals"]["requests"] == book["requests"] == len(calls) + bill["totals"]["retries"]
    for name in ("input_tokens", "output_tokens"):
        assert bill["totals"][name] - sum(call[name] for call in counted) == book[name]


@pytest.mark.parametrize("how", ["threads", "tasks", "processes"])
def test_no_token_of_64_overlapping_trials_is_on_the_wrong_one(how, tmp_path):
    keys = [f"sim-trial-{number}" for number in range(64)]
    with SimulatedServer(seed=9) as server:
        said = run_trials(sys.executable, "provider_wrapper", how, keys, url=server.url, folder=tmp_path)
        books = server.books.to_dict()["by_api_key"]

    assert {key: used["llm_usage"] for key, used in said["used"].items()} == {
        key: usage_in(book) for key, book in books.items()
    }
    assert {key: row["llm_usage"] for key, row in said["stored"].items()} == {
        key: usage_in(book) for key, book in books.items()
    }
    assert set(books) == set(keys)


@pytest.mark.parametrize("form", ["none", "null"])
def test_a_server_without_usage_is_counted_here_and_marked(form, tmp_path):
    with SimulatedServer(seed=5) as server:
        server.script.load({"api_key": "sim-vllm", "rules": [{"usage": form, "times": None}]})
        said = run_trials(
            sys.executable, "provider_wrapper", "serial", ["sim-vllm"], url=server.url, folder=tmp_path
        )

    used = said["used"]["sim-vllm"]

    assert used["llm_usage_details"]["source"] == "estimated"
    assert used["llm_usage"]["reasoning_tokens"] is None
    assert used["llm_usage"]["prompt_tokens"] > used["llm_usage"]["completion_tokens"] > 0
