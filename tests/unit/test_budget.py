"""Budgets stop a call before it leaves: the server's books never see it."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from agentgauge.errors import BudgetExceeded, ConfigError
from books import rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def ask(client):
    return client.chat.completions.create(**ASK)


def requests(server):
    return server.books.to_dict()["requests"]


def test_the_call_after_the_limit_never_leaves(gauge, server, client, store):
    with gauge.budget(tokens=1):
        ask(client)
        with pytest.raises(BudgetExceeded, match="1 tokens") as stopped:
            ask(client)
    gauge.shutdown()

    assert requests(server) == 1
    assert stopped.value.limit == "1 tokens"
    assert len(rows(store)) == 1  # a call that never left is no call


def test_a_stopped_call_is_no_waste(gauge, server, client):
    with gauge.workflow("w") as run, gauge.budget(tokens=1):
        ask(client)
        with pytest.raises(BudgetExceeded):
            ask(client)

    assert (run.usage.calls, run.usage.errors, run.usage.wasted_tokens) == (1, 0, 0)


def test_money_is_a_limit(gauge, server, client):
    with gauge.budget(usd=0.000_000_001):
        ask(client)
        with pytest.raises(BudgetExceeded, match="USD"):
            ask(client)

    assert requests(server) == 1


def test_below_the_limit_all_calls_leave(gauge, server, client):
    with gauge.budget(tokens=10**9, usd=1000.0):
        ask(client)
        ask(client)

    assert requests(server) == 2


def test_outside_of_it_calls_leave_again(gauge, server, client):
    with gauge.budget(tokens=1):
        ask(client)
    ask(client)

    assert requests(server) == 2


def test_an_outer_budget_counts_what_inner_scopes_spend(gauge, server, client):
    with gauge.budget(tokens=1), gauge.agent("a"), gauge.budget(tokens=10**9):
        ask(client)
        with gauge.agent("b"), pytest.raises(BudgetExceeded):
            ask(client)

    assert requests(server) == 1


def test_per_agent_each_has_its_own_limit(gauge, server, client):
    with gauge.budget(tokens=1, per="agent"):
        for name in ("a", "b"):
            with gauge.agent(name):
                ask(client)
        with gauge.agent("a"), pytest.raises(BudgetExceeded, match="of agent a"):
            ask(client)

    assert requests(server) == 2


def test_warning_logs_once_and_lets_calls_go(gauge, server, client, caplog):
    with caplog.at_level(logging.WARNING, logger="agentgauge"), gauge.budget(tokens=1, on_exceed="warn"):
        ask(client)
        ask(client)
        ask(client)

    assert requests(server) == 3
    assert [record.name for record in caplog.records if "budget" in record.message] == ["agentgauge"]


def test_a_stream_is_stopped_as_well(gauge, server, client):
    with gauge.budget(tokens=1):
        ask(client)
        with pytest.raises(BudgetExceeded):
            client.chat.completions.create(**ASK, stream=True)

    assert requests(server) == 1


def test_async_calls_are_stopped(gauge, server, async_client):
    @gauge.budget(tokens=1)
    async def work():
        await async_client.chat.completions.create(**ASK)
        with pytest.raises(BudgetExceeded):
            await async_client.chat.completions.create(**ASK)

    async def main():
        async with async_client:
            await work()

    asyncio.run(main())

    assert requests(server) == 1


def test_a_decorated_function_has_a_budget_of_its_own_each_time(gauge, server, client):
    @gauge.budget(tokens=1)
    def work():
        """Asks once."""
        return ask(client)

    work()
    work()

    assert requests(server) == 2
    assert work.__doc__ == "Asks once."


def test_one_budget_entered_twice_counts_each_time_apart(gauge, server, client):
    limit = gauge.budget(tokens=1)
    for _ in range(2):
        with limit:
            ask(client)

    assert requests(server) == 2


def test_a_daemon_threads_calls_are_its_own(gauge, server, client):
    with gauge.budget(tokens=1):
        ask(client)
        thread = threading.Thread(target=ask, args=(client,), daemon=True)
        thread.start()
        thread.join()

    assert requests(server) == 2


def test_a_task_of_a_pool_is_inside(gauge, server, client):
    with gauge.budget(tokens=1), ThreadPoolExecutor() as pool:
        ask(client)
        with pytest.raises(BudgetExceeded):
            pool.submit(ask, client).result()

    assert requests(server) == 1


def test_what_a_budget_that_has_ended_left_running_is_not_stopped(gauge, server, client):
    with ThreadPoolExecutor() as pool:
        ended = threading.Event()
        with gauge.budget(tokens=1):
            ask(client)
            late = pool.submit(lambda: (ended.wait(30), ask(client)))
        ended.set()
        late.result()

    assert requests(server) == 2


def test_the_client_does_not_try_a_stopped_call_again(gauge, server, client):
    with gauge.budget(tokens=1):
        ask(client)
        with pytest.raises(BudgetExceeded):
            client.with_options(max_retries=5).chat.completions.create(**ASK)

    assert requests(server) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"usd": 0},
        {"tokens": -1},
        {"usd": "1"},
        {"tokens": "1"},
        {"usd": float("nan")},
        {"usd": float("inf")},
        {"tokens": True},
        {"tokens": 1, "per": "team"},
        {"tokens": 1, "on_exceed": "explode"},
    ],
)
def test_a_budget_that_means_nothing_is_refused(gauge, arguments):
    with pytest.raises(ConfigError):
        gauge.budget(**arguments)


def test_without_init_a_budget_stops_nothing(server, client):
    import agentgauge

    with agentgauge.budget(tokens=1):
        ask(client)
        ask(client)

    assert requests(server) == 2
