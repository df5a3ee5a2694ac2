"""Running sums per scope."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgauge import ledger
from agentgauge.call import Call, Cost, Origin, Outcome, Request, TokenUsage, UsageSource
from agentgauge.ledger import Account


def a_call(number=1, *, agent="a", given=100, made=10, **more):
    return Call(
        trace_id=1,
        span_id=number,
        parent_span_id=None,
        start_ns=0,
        end_ns=1_000_000_000,
        request=Request(operation="chat", model="m"),
        origin=Origin(agent=agent),
        usage=TokenUsage(given, made),
        usage_source=UsageSource.PROVIDER,
        **more,
    )


def accounts():
    root = Account(parent=None, origin=Origin())
    return root, Account(parent=root, origin=Origin(agent="a"))


def test_a_call_counts_in_its_scope_and_in_those_above():
    root, inner = accounts()

    inner.add(a_call())

    assert root.usage().input_tokens == inner.usage().input_tokens == 100
    assert inner.usage().pending == 1


def test_settling_replaces_what_was_added():
    root, inner = accounts()
    inner.add(a_call(given=100))

    inner.settle(a_call(given=120))

    assert (root.usage().input_tokens, root.usage().calls, root.usage().pending) == (120, 1, 0)


def test_an_agent_without_calls_reads_zero_and_unpriced():
    _, inner = accounts()

    nobody = inner.usage().by_agent["nobody"]

    assert (nobody.calls, nobody.total_tokens, nobody.cost_usd) == (0, 0, None)
    assert inner.usage().by_agent == {}


def test_what_was_read_changes_no_more():
    root, inner = accounts()
    inner.settle(a_call(1))
    before = root.usage()

    inner.settle(a_call(2))

    assert (before.calls, before.by_agent["a"].calls) == (1, 1)


def test_unknown_cost_stays_unknown_and_known_cost_is_exact():
    root, inner = accounts()
    inner.settle(a_call(1))
    assert root.usage().cost_usd is None

    inner.settle(a_call(2, cost=Cost(3, 4, "genai-prices")))

    assert root.usage().cost_nanousd == 7
    assert root.usage().unpriced_tokens == 110


def test_failed_calls_are_wasted():
    root, inner = accounts()

    inner.settle(a_call(outcome=Outcome.ERROR, retries=2, cost=Cost(3, 4, "override")))

    usage = root.usage()
    assert (usage.errors, usage.requests, usage.retries) == (1, 3, 2)
    assert (usage.wasted_tokens, usage.wasted_cost_nanousd) == (110, 7)


def test_the_dictionary_has_no_agents_inside_agents():
    root, inner = accounts()
    inner.settle(a_call())

    shown = root.usage().to_dict()

    assert shown["by_agent"]["a"]["input_tokens"] == shown["input_tokens"] == 100
    assert "by_agent" not in shown["by_agent"]["a"]
    assert "pending" not in shown


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ((), "tool"),
        (("tool",), "step"),
        (("step",), "tool"),
        (("step", "tool"), "agent"),
        (("agent",), None),
        (("agent", "tool"), None),
        (("workflow",), "tool"),
    ],
)
def test_what_runs_on_is_its_open_agents_and_never_a_closed_ones(closed, expected):
    above, scopes = ledger.root, {}
    for kind in ("workflow", "agent", "step", "tool"):
        closes = kind in {"workflow", "agent"}
        above = scopes[kind] = Account(parent=above, origin=Origin(), closes=closes)
        above.ended = kind in closed

    assert ledger.current(ledger.with_account(above)) is scopes.get(expected, ledger.root)


def test_a_fork_forgets_only_what_is_not_counted_yet():
    root, inner = accounts()
    inner.settle(a_call(1))
    inner.add(a_call(2))

    root.forget()

    assert (root.usage().calls, root.usage().pending) == (1, 0)


def test_threads_lose_nothing():
    root, inner = accounts()

    def work(first):
        for number in range(first, first + 200):
            inner.add(a_call(number))
            inner.settle(a_call(number))

    threads = [threading.Thread(target=work, args=(n * 200,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (root.usage().calls, root.usage().input_tokens) == (800, 80_000)


calls = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 10**9), st.integers(0, 10**9), st.booleans()), max_size=8
)


@given(calls)
def test_agents_add_up_to_the_whole(made):
    root = Account(parent=None, origin=Origin())
    for number, (agent, given_tokens, output, settled) in enumerate(made):
        call = a_call(
            number, agent=agent, given=given_tokens, made=output, cost=Cost(given_tokens, output, "x")
        )
        root.add(call)
        if settled:
            root.settle(call)

    usage = root.usage()

    for name in ("calls", "input_tokens", "output_tokens", "total_tokens"):
        assert sum(getattr(part, name) for part in usage.by_agent.values()) == getattr(usage, name)
    assert sum(part.cost_nanousd or 0 for part in usage.by_agent.values()) == (usage.cost_nanousd or 0)


@pytest.mark.parametrize("source", list(UsageSource))
def test_sources_are_counted_in_calls(source):
    root, inner = accounts()

    inner.settle(replace(a_call(), usage_source=source))

    assert root.usage().usage_sources == {s.value: int(s is source) for s in UsageSource}
