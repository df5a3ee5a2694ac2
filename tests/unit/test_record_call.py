"""Calls written by hand: what is impossible is refused by name, everything else is a call like any other."""

import json
from decimal import Decimal

import pytest

from agentgauge.errors import ConfigError
from agentgauge.labels import Few
from books import rows

CALL = {"model": "gpt-4o-mini", "input_tokens": 100, "output_tokens": 10}


def recorded(gauge, store, **changes):
    gauge.record_call(**CALL | changes)
    gauge.shutdown()
    (call,) = rows(store)
    return call


def test_it_takes_agent_role_and_workflow_from_its_scope(gauge, store):
    with gauge.workflow("w", id="T-1"), gauge.agent("outer"), gauge.agent("inner", role="memory") as scope:
        gauge.record_call(**CALL)
        assert scope.usage.input_tokens == 100
    gauge.shutdown()
    (call,) = rows(store)

    assert (call["workflow"], call["workflow_id"]) == ("w", "T-1")
    assert (call["agent"], call["agent_path"], call["role"]) == ("inner", "outer/inner", "memory")


def test_it_is_priced_by_its_provider(gauge, store):
    call = recorded(gauge, store, provider="openai", cache_read_tokens=40, reasoning_tokens=4)

    assert (call["cache_read_tokens"], call["reasoning_tokens"]) == (40, 4)
    # gpt-4o-mini: 0.15 USD a million, 0.075 when cached, 0.60 for output
    assert call["cost_nanousd"] == 60 * 150 + 40 * 75 + 10 * 600


def test_without_a_provider_it_has_no_price(gauge, store):
    call = recorded(gauge, store)

    assert (call["cost_nanousd"], call["cost_source"]) == (None, "unpriced")


def test_a_price_of_the_users_own_is_kept_to_the_nano_usd(gauge, store):
    call = recorded(gauge, store, cost_usd=0.001_000_007, provider="openai")

    assert call["cost_nanousd"] == 1_000_007
    assert call["input_nanousd"] + call["output_nanousd"] == 1_000_007
    assert call["cost_source"] == "override"


def test_unknown_usage_is_none_and_not_zero(gauge, store):
    call = recorded(gauge, store, input_tokens=None, output_tokens=None, outcome="error", error="Timeout")

    assert (call["usage_source"], call["input_tokens"], call["output_tokens"]) == ("none", None, None)
    assert (call["outcome"], call["error_type"]) == ("error", "Timeout")


def test_tools_are_parts_of_it(gauge, store):
    call = recorded(gauge, store, tools={"search": {"definition_tokens": 60, "call_tokens": 8, "calls": 1}})
    (tool,) = rows(store, "SELECT * FROM call_tools")

    assert (call["tool_definition_tokens"], call["tool_call_tokens"], call["has_tools"]) == (60, 8, 1)
    assert (tool["tool"], tool["offered"], tool["calls"]) == ("search", 1, 1)


def test_it_ended_now_and_took_as_long_as_was_said(gauge, store):
    call = recorded(gauge, store, duration_s=1.5)

    assert call["end_ns"] - call["start_ns"] == 1_500_000_000


def test_actions_are_bounded(gauge, store, monkeypatch):
    monkeypatch.setattr("agentgauge.recording._actions", Few(32, known=("generate", "stream")))
    for number in range(100):
        gauge.record_call(**CALL, action=f"action {number}")
    gauge.shutdown()

    assert len({call["action"] for call in rows(store)}) <= 33


IMPOSSIBLE = {
    "no model": ({"model": None}, "model"),
    "negative": ({"input_tokens": -1}, "input_tokens"),
    "a float": ({"output_tokens": 1.5}, "output_tokens"),
    "a boolean": ({"input_tokens": True}, "input_tokens"),
    "a text": ({"input_tokens": "9"}, "input_tokens"),
    "enormous": ({"input_tokens": 10**18}, "input_tokens"),
    "more cached than input": ({"cache_read_tokens": 101}, "cache_read_tokens"),
    "more reasoning than output": ({"reasoning_tokens": 11}, "reasoning_tokens"),
    "an unknown outcome": ({"outcome": "lost"}, "outcome"),
    "an outcome that is no word": ({"outcome": ["ok"]}, "outcome"),
    "an unknown source": ({"usage_source": "guess"}, "usage_source"),
    "a negative cost": ({"cost_usd": -1.0}, "cost_usd"),
    "a cost that is no number": ({"cost_usd": float("nan")}, "cost_usd"),
    "a cost as text": ({"cost_usd": "1"}, "cost_usd"),
    "a duration as text": ({"duration_s": "1"}, "duration_s"),
    "an endless duration": ({"duration_s": float("inf")}, "duration_s"),
    "tools that are no mapping": ({"tools": ["search"]}, "tools"),
    "a tool that is no mapping": ({"tools": {"search": 3}}, "tools"),
    "an unknown field of a tool": ({"tools": {"search": {"tokens": 1}}}, "tokens"),
    "tools larger than their call": ({"tools": {"search": {"definition_tokens": 101}}}, "definitions"),
}


@pytest.mark.parametrize(("changes", "named"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_is_impossible_is_refused_by_name_and_nothing_recorded(gauge, store, changes, named):
    with pytest.raises(ConfigError, match=named):
        gauge.record_call(**CALL | changes)
    gauge.shutdown()

    assert rows(store) == []


@pytest.mark.parametrize("strange", ["n" * 10_000, "half \ud83d", "a\x00\n", 7, None, b"bytes"])
def test_any_word_becomes_a_label(gauge, store, strange):
    call = recorded(
        gauge, store, model=str(strange), provider=strange, agent=strange, action=strange, error=strange
    )

    for column in ("request_model", "agent", "action"):
        assert 0 < len(call[column]) <= 128
    json.dumps(call).encode()


def test_before_init_it_does_nothing():
    import agentgauge

    agentgauge.record_call(**CALL)

    assert agentgauge.current().usage.pending == 0


PRICED = {"model": "gpt-4o", "provider": "openai", "input_tokens": 1000, "output_tokens": 100}


def test_tools_of_a_priced_call_cost_their_part_of_it(gauge, store):
    counts = {"definition_tokens": 500, "new_result_tokens": 100, "call_tokens": 50, "calls": 1}
    gauge.record_call(**PRICED, tools={"search": counts})
    gauge.shutdown()

    (call,), (tool,) = rows(store), rows(store, "SELECT * FROM call_tools")
    assert tool["cost_nanousd"] == 600 * 2_500 + 50 * 10_000
    assert tool["cost_nanousd"] <= call["cost_nanousd"]


def test_tools_of_one_label_are_one_row_and_past_64_they_are_other(gauge, store):
    many = {f"tool {n}": {"calls": 1} for n in range(100)}
    gauge.record_call(**PRICED, tools=many | {"tool 1\n": {"calls": 5}})
    gauge.shutdown()

    found = {row["tool"]: row["calls"] for row in rows(store, "SELECT * FROM call_tools")}
    assert (len(found), sum(found.values())) == (64, 105)
    assert (found["tool 1"], found["other"]) == (6, 37)


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (ValueError("CANARY"), "ValueError"),
        ("RateLimitError", "RateLimitError"),
        ("it said: CANARY", "other"),
        ("", None),
    ],
)
def test_of_an_error_only_the_type_is_kept(gauge, store, error, kept):
    gauge.record_call(**PRICED, outcome="error", error=error)
    gauge.shutdown()

    assert [row["error_type"] for row in rows(store)] == [kept]


def test_an_amount_that_is_no_number_is_refused(gauge):
    with pytest.raises(ConfigError, match="cost_usd"):
        gauge.record_call(**PRICED, cost_usd=Decimal("NaN"))
