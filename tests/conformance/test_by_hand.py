"""Calls written by hand, limits and branches: what cannot be is refused in words, and costs no other call."""

import threading
from dataclasses import replace
from decimal import Decimal

import pytest

import agentgauge as ag
from agentgauge import guard, ledger
from agentgauge.pipeline.core import Pipeline
from books import rows

CALL = {"model": "gpt-4o", "provider": "openai", "input_tokens": 10, "output_tokens": 5}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"input_tokens": -1}, "input_tokens"),
        ({"input_tokens": 1.5}, "input_tokens"),
        ({"reasoning_tokens": 6}, "more than the whole"),
        ({"cache_read_tokens": 6, "cache_write_tokens": 5}, "more than the whole"),
        ({"cache_write_1h_tokens": 1}, "cache_write_1h_tokens"),
        ({"duration_s": "fast"}, "duration_s"),
        ({"duration_s": -1}, "duration_s"),
        ({"duration_s": 1e12}, "duration_s"),
        ({"duration_s": float("inf")}, "duration_s"),
        ({"cost_usd": "free"}, "cost_usd"),
        ({"cost_usd": float("nan")}, "cost_usd"),
        ({"tools": {"search": 5}}, "tools must be like"),
        ({"tools": ["search"]}, "tools must be like"),
        ({"outcome": "fine"}, "outcome must be one of"),
    ],
)
def test_a_call_that_cannot_be_is_refused_and_not_recorded(gauge, wrong, said):
    with pytest.raises(ag.AgentgaugeError, match=said):
        ag.record_call(**CALL | wrong)

    assert ledger.root.usage().calls == 0


@pytest.mark.parametrize(
    "limit",
    [
        {"usd": "0.5"},
        {"usd": float("nan")},
        {"usd": float("inf")},
        {"usd": 0},
        {"tokens": "5"},
        {"tokens": 5, "per": "team"},
        {"tokens": 5, "on_exceed": "stop"},
        {},
    ],
)
def test_a_limit_that_cannot_be_is_refused(limit):
    with pytest.raises(ag.AgentgaugeError, match="budget"):
        ag.budget(**limit)


def test_money_may_be_a_decimal(gauge):
    with ag.workflow("paid") as run, ag.budget(usd=Decimal("0.5")):
        ag.record_call(**CALL, cost_usd=Decimal("0.25"))

    assert run.usage.cost_nanousd == 250_000_000


def test_what_was_written_to_the_cache_has_its_price(gauge):
    sonnet = {
        "model": "claude-sonnet-4-0",
        "provider": "anthropic",
        "input_tokens": 1_000,
        "output_tokens": 10,
    }

    with ag.workflow("cached") as run:
        ag.record_call(**sonnet, cache_read_tokens=100, cache_write_tokens=600, cache_write_1h_tokens=400)

    assert run.usage.cost_nanousd == 100 * 300 + 200 * 3_750 + 400 * 6_000 + 300 * 3_000 + 10 * 15_000


def test_the_smallest_limit_lets_the_first_call_go(gauge, client):
    with ag.budget(usd=1e-12):
        client.chat.completions.create(model="gpt-4o", messages=[])

    assert ledger.root.usage().calls == 1


def test_a_branch_that_another_thread_opens_counts_in_its_workflow(gauge, store):
    with ag.workflow("plan", id="P-1") as run:

        def work():
            with run.branch("left"), ag.agent("scout"):
                ag.record_call(**CALL)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    ag.shutdown()

    (call,) = rows(store)
    assert run.usage.by_agent["scout"].calls == 1
    assert (call["workflow"], call["workflow_id"], call["branch"]) == ("plan", "P-1", "left")


def test_a_branch_inside_an_agent_of_its_workflow_is_that_agents(gauge):
    with ag.workflow("plan") as run, ag.agent("scout"), run.branch("left") as left:
        ag.record_call(**CALL)

    assert left.usage.by_agent["scout"].calls == 1


def test_a_row_that_cannot_be_stored_costs_no_other(gauge, store, monkeypatch):
    record = Pipeline.record

    def beyond_any_column(pipeline, call, **others):
        record(pipeline, replace(call, start_ns=2**70) if call.request.model == "bad" else call, **others)

    monkeypatch.setattr(Pipeline, "record", beyond_any_column)
    monkeypatch.setattr(guard, "reraise", False)

    for model in ("gpt-4o", "bad", "gpt-4o"):
        ag.record_call(**CALL | {"model": model})
    ag.shutdown()

    assert [call["request_model"] for call in rows(store)] == ["gpt-4o", "gpt-4o"]
    assert sum(guard.failures.values()) == 1
    guard.failures.clear()
