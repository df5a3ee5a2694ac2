"""Laws 1, 3 and 5 over random conversations: tools, carried results, cached input, streams of every kind."""

import openai
import pytest
from conversations import conversations, hold, rule_of
from hypothesis import HealthCheck, given, settings

import agentgauge as ag
from agentgauge import ledger
from agentgauge.config import read_settings
from agentgauge.demo.simulated import SimulatedServer
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import rows

EXAMPLES = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
INTO = ("definition_tokens", "new_result_tokens", "carried_result_tokens", "carried_call_tokens")
SUMS = ("calls", "requests", "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens")
MORE_SUMS = (
    "tool_definition_tokens",
    "tool_result_tokens",
    "tool_call_tokens",
    "cost_nanousd",
    "wasted_tokens",
)


class Held:
    """What one conversation left."""

    def __init__(self, conversation, path, monkeypatch):
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        monkeypatch.delenv("AGENTGAUGE_RUN_ID", raising=False)
        monkeypatch.setattr(ledger, "root", ledger.Account(parent=None, origin=ledger.Origin()))
        with SimulatedServer(seed=13) as server:
            rules = [rule_of(turn, number) for number, turn in enumerate(conversation, start=1)]
            server.script.load({"api_key": "*", "rules": rules})
            given_ = {"store": str(path), "providers": {server.url.split("//")[1]: "openai"}}
            ag.init(settings=read_settings({}, set_global=False, **given_))
            with openai.OpenAI(base_url=f"{server.url}/v1", api_key="sim-worker", max_retries=0) as client:
                self.steps = hold(conversation, client)
            assert ag.shutdown()
            self.books = server.books.to_dict()
        self.calls = rows(path)
        self.tools = rows(path, "SELECT * FROM call_tools")
        self.report = build_report(path, Selection())


@pytest.fixture
def held(tmp_path, monkeypatch):
    return lambda conversation: Held(conversation, tmp_path / "store.sqlite", monkeypatch)


@EXAMPLES
@given(conversation=conversations)
def test_law_1_every_iteration_adds_up_to_its_agent_and_the_report(held, conversation):
    done = held(conversation)

    so_far = dict.fromkeys((*SUMS, *MORE_SUMS), 0)
    for step, agent in done.steps:
        for name in so_far:
            so_far[name] += getattr(step, name) or 0
        assert {name: getattr(agent, name) or 0 for name in so_far} == so_far
    for table in ("agents", "models", "roles"):
        assert {name: done.report[table][0][name] or 0 for name in so_far} == so_far
    assert len(done.report["agents"]) == 1
    assert so_far["requests"] == done.books["requests"] == len(conversation)


@EXAMPLES
@given(conversation=conversations)
def test_law_3_parts_stay_within_their_whole(held, conversation):
    done = held(conversation)

    for call in done.calls:
        mine = [row for row in done.tools if row["span_id"] == call["span_id"]]
        given_, made = call["input_tokens"] or 0, call["output_tokens"] or 0
        assert 0 <= (call["cache_read_tokens"] or 0) <= given_
        assert 0 <= (call["reasoning_tokens"] or 0) <= made
        assert 0 <= sum(row[name] for row in mine for name in INTO) <= given_
        assert 0 <= sum(row["call_tokens"] for row in mine) <= made
        assert 0 <= sum(row["cost_nanousd"] for row in mine) <= (call["cost_nanousd"] or 0)
        assert (call["cost_nanousd"] or 0) == (call["input_nanousd"] or 0) + (call["output_nanousd"] or 0)


def source_of(turn):
    """Who can know the usage of a turn."""
    if turn.stream in {"untold", "left"} or turn.usage == "none":
        return "estimated"
    return "mixed" if turn.usage == "prompt_only" else "provider"


@EXAMPLES
@given(conversation=conversations)
def test_law_5_every_number_says_who_said_it(held, conversation):
    done = held(conversation)

    assert [call["usage_source"] for call in done.calls] == [source_of(turn) for turn in conversation]
    assert [call["outcome"] == "cancelled" for call in done.calls] == [
        turn.stream == "left" for turn in conversation
    ]
    said = [call for call in done.calls if call["usage_source"] == "provider"]
    half = [call for call in done.calls if call["usage_source"] == "mixed"]
    assert sum(call["input_tokens"] for call in said + half) == done.books["input_tokens"]
    assert sum(call["output_tokens"] for call in said) == done.books["output_tokens"]
    assert sum(call["cache_read_tokens"] or 0 for call in done.calls) == done.books["cache_read_tokens"]
    # What is sent again is the results of the turns before: it is there as soon as there is one.
    for number, call in enumerate(done.calls):
        fresh = number > 0 and bool(conversation[number - 1].asks)
        answered = [bool(turn.asks) for turn in conversation[: max(0, number - 1)]]
        mine = [row for row in done.tools if row["span_id"] == call["span_id"]]
        assert (sum(row["new_result_tokens"] for row in mine) > 0) == fresh
        assert sum(row["carried_result_tokens"] > 0 for row in mine) == 0 or any(answered)
