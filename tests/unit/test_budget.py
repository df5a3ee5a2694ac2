"""Budgets stop a call before it leaves: the server's books never see it."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import openai
import pytest

from agentgauge.errors import BudgetExceeded, ConfigError
from agentgauge.pipeline import runtime
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
        {"usd": Decimal("NaN")},
        {"tokens": True},
        {"tokens": 1, "per": "team"},
        {"tokens": 1, "on_exceed": "explode"},
        {"tokens": 1, "window_s": 0},
        {"tokens": 1, "approach": 1.5},
        {"tokens": 1, "on_approach": "log"},
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


def test_calls_at_once_cannot_all_slip_under_the_limit(gauge, server, client):
    server.script.load({"api_key": "*", "rules": [{"delay_s": 0.3, "times": None}]})
    stopped = []

    def work():
        try:
            client.chat.completions.create(**ASK, max_tokens=5_000)
        except BudgetExceeded as error:
            stopped.append(error)

    with gauge.budget(tokens=5_500):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert requests(server) + len(stopped) == 8
    assert requests(server) < 8
    assert "by calls under way" in str(stopped[0])


def test_what_a_call_did_not_use_is_given_back(gauge, server, client):
    usage = {"prompt_tokens": 10, "completion_tokens": 10}
    server.script.load({"api_key": "*", "rules": [{"usage": usage, "times": None}]})
    with gauge.budget(tokens=200):
        for _ in range(9):
            client.chat.completions.create(**ASK, max_tokens=100_000)

    assert requests(server) == 9


def test_a_request_that_fails_gives_back_what_it_held(gauge, server, client):
    server.script.load({"api_key": "*", "rules": [{"status": 400, "times": 3}]})
    with gauge.budget(tokens=10**6) as limit, gauge.workflow("w"):
        for _ in range(3):
            with pytest.raises(openai.BadRequestError):
                ask(client)
        assert runtime.active().pipeline.settled(timeout_s=30)
        (account,) = [spending.account for spending in limit._entered]
        assert account.reserved(None).tokens == 0


def test_what_is_no_call_gives_back_what_it_held(gauge, server, client):
    with gauge.budget(tokens=10**6) as limit:
        client.models.list()
        (account,) = [spending.account for spending in limit._entered]
        assert account.reserved(None).tokens == 0


@pytest.mark.parametrize("per", ["role", "workflow", "branch"])
def test_others_are_told_apart_as_well(gauge, server, client, per):
    scopes = {
        "role": gauge.role,
        "workflow": gauge.workflow,
        "branch": lambda name: gauge.current().branch(name),
    }
    with gauge.workflow("all"), gauge.budget(tokens=1, per=per):
        for name in ("a", "b"):
            with scopes[per](name):
                ask(client)
        with scopes[per]("a"), pytest.raises(BudgetExceeded, match=f"of {per} a"):
            ask(client)

    assert requests(server) == 2


def test_what_was_spent_before_the_window_is_forgotten(gauge, server, client, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("agentgauge.spending.time.monotonic", lambda: now[0])
    with gauge.budget(tokens=1, window_s=60):
        ask(client)
        assert runtime.active().pipeline.settled(timeout_s=30)
        with pytest.raises(BudgetExceeded):
            ask(client)
        now[0] += 61
        ask(client)

    assert requests(server) == 2


def test_a_function_can_choose_a_cheaper_model(gauge, server, client, store):
    told = []

    def cheaper(state):
        told.append((state.model, state.agent, state.limit))
        return "gpt-4.1-nano"

    with gauge.agent("a"), gauge.budget(tokens=1, on_exceed=cheaper):
        ask(client)
        ask(client)
    gauge.shutdown()

    assert [row["request_model"] for row in rows(store)] == ["gpt-4o-mini", "gpt-4.1-nano"]
    assert server.books.to_dict()["by_api_key"]["sim-tester"]["by_model"].keys() == {
        "gpt-4o-mini",
        "gpt-4.1-nano",
    }
    assert told == [("gpt-4o-mini", "a", "1 tokens")]


def test_the_chosen_model_is_kept_when_the_client_tries_again(gauge, server, client, store):
    with gauge.budget(tokens=1, on_exceed=lambda _: "gpt-4.1-nano"):
        ask(client)
        server.script.load({"api_key": "*", "rules": [{"status": 500, "retry_after_ms": 1}]})
        ask(client)
    gauge.shutdown()

    assert [(row["request_model"], row["retries"]) for row in rows(store)] == [
        ("gpt-4o-mini", 0),
        ("gpt-4.1-nano", 1),
    ]


def test_a_function_can_stop_the_call(gauge, server, client, store):
    def stop(state):
        raise BudgetExceeded("enough", limit=state.limit, spent=state.spent)

    with gauge.budget(tokens=1, on_exceed=stop):
        ask(client)
        with pytest.raises(BudgetExceeded, match="enough"):
            ask(client)
    gauge.shutdown()

    assert (requests(server), len(rows(store))) == (1, 1)


def test_a_function_that_lets_go_lets_go(gauge, server, client):
    with gauge.budget(tokens=1, on_exceed=lambda _: None):
        ask(client)
        ask(client)

    assert requests(server) == 2


def test_it_is_said_once_that_a_limit_comes_near(gauge, server, client, caplog):
    usage = {"prompt_tokens": 40, "completion_tokens": 1}
    server.script.load({"api_key": "*", "rules": [{"usage": usage, "times": None}]})
    near = []
    with (
        caplog.at_level(logging.WARNING, logger="agentgauge"),
        gauge.budget(tokens=150, approach=0.5, on_approach=near.append),
    ):
        for _ in range(4):
            ask(client)

    assert [state.spent for state in near] == ["82 tokens"]
    assert [record.message for record in caplog.records if "nearly" in record.message] == [
        "The budget of 150 tokens is nearly spent."
    ]


def test_the_whole_process_can_have_a_budget_by_settings(server, client, store, monkeypatch):
    import agentgauge
    from agentgauge import ledger
    from agentgauge.config import read_settings

    monkeypatch.setattr(ledger, "root", ledger.Account(parent=None, origin=ledger.Origin()))
    environ = {"AGENTGAUGE_BUDGET_TOKENS": "1", "AGENTGAUGE_STORE": str(store)}
    agentgauge.init(settings=read_settings(environ, set_global=False))
    ask(client)
    with pytest.raises(BudgetExceeded), agentgauge.agent("a"):
        ask(client)

    assert requests(server) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("USD", "much"), ("USD", "0"), ("USD", "inf"), ("USD", "nan"), ("TOKENS", "1.5"), ("ACTION", "explode")],
)
def test_a_budget_variable_that_means_nothing_is_said_and_none(name, value):
    from agentgauge.config import read_settings

    settings = read_settings({f"AGENTGAUGE_BUDGET_{name}": value})

    assert (settings.budget_usd, settings.budget_tokens, settings.budget_action) == (None, None, "raise")
    assert [f"AGENTGAUGE_BUDGET_{name}" in problem for problem in settings.problems] == [True]


def test_a_budget_that_is_left_twice_or_never_entered_does_nothing(gauge, server, client):
    limit = gauge.budget(tokens=10**6)
    with limit:
        ask(client)
    limit.__exit__(None, None, None)

    assert requests(server) == 1


def test_what_is_no_call_leaves_although_the_budget_is_spent(gauge, server, client):
    with gauge.budget(tokens=1):
        ask(client)
        client.models.list()


def test_a_request_that_keeps_its_prompt_for_an_hour_holds_the_rate_of_that():
    from agentgauge.budget_check import most_of
    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.price_list import PriceList

    body = b'{"cache_control": {"type": "ephemeral", "ttl": "1h"}}'
    asked = Exchange(path="/v1/messages", model="claude-sonnet-4-0", body=body, most_output=10)

    most = most_of(asked, provider="anthropic", prices=PriceList())

    assert most.nanousd == len(body) * 6000 + 10 * 15_000  # 3 USD per million in, twice that for an hour
