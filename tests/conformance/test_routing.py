"""Routes and fallback chains over real HTTP: what was chosen stands on the calls, and failures are told."""

import asyncio
import json
from dataclasses import replace

import openai
import pytest

from agentgauge import formats, routing
from agentgauge.config import read_settings
from agentgauge.config_values import TIER_TIMEOUTS_S
from agentgauge.errors import BudgetExceeded, ConfigError
from books import rows
from conftest import KEY

CHAIN = [("phi-2", 0), ("gemma2", 1), ("mistral-7b", 2)]
ASK = [{"role": "user", "content": "Hello"}]


def ask(client, model, **more):
    return client.chat.completions.create(model=model, messages=ASK, **more)


def try_each(client, tried=None):
    for attempt in routing.fallback(CHAIN):
        with attempt:
            if tried is not None:
                tried.append(attempt.model)
            ask(client, attempt.model)


@pytest.fixture
def impatient(gauge, server, store):
    """agentgauge with a time-out of tier 0 that a slow server exceeds; one try a call."""
    gauge.shutdown()
    host = server.url.split("//")[1]
    settings = read_settings(
        {"AGENTGAUGE_TIER_TIMEOUTS": "0=0.2"}, store=str(store), providers={host: "openai"}, set_global=False
    )
    gauge.init(settings=settings)
    server.script.load({"api_key": KEY, "rules": [{"model": "phi-2", "delay_s": 1.5}]})
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


class TestRoute:
    """A choice of model."""

    def test_it_stands_on_the_calls_of_the_chosen_model(self, gauge, client, store):
        with routing.route("mistral-7b", tier=2, bypassed=[("tinyllama", 0), ("gemma2", 1)]):
            ask(client, "mistral-7b")

        gauge.shutdown()
        (call,) = rows(store)

        assert call["route_tier"] == "2"
        assert json.loads(call["route_bypassed"]) == ["tinyllama (0)", "gemma2 (1)"]

    def test_another_models_calls_and_later_ones_have_none(self, gauge, client, store):
        with routing.route("mistral-7b", tier=2):
            ask(client, "gpt-4.1-nano")
        ask(client, "mistral-7b")

        gauge.shutdown()

        assert [call["route_tier"] for call in rows(store)] == [None, None]

    def test_it_holds_in_agents_that_run_below_it(self, gauge, client, store):
        with routing.route("mistral-7b", tier="large"), gauge.agent("writer"):
            ask(client, "mistral-7b")

        gauge.shutdown()

        assert [(call["agent"], call["route_tier"]) for call in rows(store)] == [("writer", "large")]

    def test_the_report_lists_every_choice_with_its_purpose(self, gauge, client):
        with gauge.workflow("task", id="1"), routing.route("mistral-7b", tier=2, purpose="planning"):
            ask(client, "mistral-7b")

        (route,) = formats.report()["workflows"][0]["routes"]

        assert (route["model"], route["tier"], route["purpose"]) == ("mistral-7b", "2", "planning")

    def test_its_lines_say_what_was_chosen_and_passed_over(self, gauge):
        bypassed = [("tinyllama", 0), ("phi-2", 0), ("gemma2", 1)]
        with (
            routing.route("mistral-7b", tier=2) as alone,
            routing.route("mistral-7b", tier=2, bypassed=bypassed) as chosen,
        ):
            pass

        assert formats.routing_lines(alone) == "Routing to: mistral-7b (Tier 2)"
        assert formats.routing_lines(chosen) == (
            "Routing to: mistral-7b (Tier 2)\n"
            "   Bypassed: tinyllama (Tier 0), phi-2 (Tier 0), gemma2 (Tier 1)"
        )


class TestTimeouts:
    """Per tier, in the settings, and applied only where they are asked for."""

    def test_they_apply_to_the_clients_calls_when_asked(self, impatient):
        with routing.route("phi-2", tier=0, apply_timeout=True), pytest.raises(openai.APITimeoutError):
            ask(impatient, "phi-2")

    def test_they_do_not_without(self, impatient):
        with routing.route("phi-2", tier=0):
            assert ask(impatient, "phi-2").choices

    def test_a_call_that_brings_its_own_keeps_it(self, impatient):
        with routing.route("phi-2", tier=0, apply_timeout=True):
            assert ask(impatient, "phi-2", timeout=30).choices

    def test_they_apply_to_calls_of_the_chosen_model_alone(self, impatient):
        with routing.route("gemma2", tier=0, apply_timeout=True):
            assert ask(impatient, "phi-2").choices

    def test_they_apply_to_the_asynchronous_client(self, impatient, server):
        async def late():
            async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
                await client.chat.completions.create(model="phi-2", messages=ASK)

        with routing.route("phi-2", tier=0, apply_timeout=True), pytest.raises(openai.APITimeoutError):
            asyncio.run(late())

    def test_defaults_grow_with_the_tier_and_end_at_the_largest(self):
        assert [routing.timeout_s(tier) for tier in range(6)] == [60, 90, 120, 180, 240, 240]
        assert routing.timeout_s("unheard-of") is None

    def test_a_variable_changes_single_tiers_and_what_is_no_number_is_left_out(self):
        settings = read_settings({"AGENTGAUGE_TIER_TIMEOUTS": "1=45,large=300,2=soon,3=-1,4=nan"})

        assert settings.tier_timeouts_s == {**TIER_TIMEOUTS_S, "1": 45.0, "large": 300.0}
        assert len(settings.problems) == 3

    @pytest.mark.parametrize("wrong", [{"0": 0}, {"0": "60"}, {0: 60}, 60])
    def test_an_argument_that_is_no_mapping_to_seconds_is_refused(self, wrong):
        with pytest.raises(ConfigError, match="tier_timeouts_s"):
            read_settings({}, tier_timeouts_s=wrong)


class TestFallback:
    """One model after the other."""

    def test_it_goes_on_until_one_answers_and_tells_each_try(self, impatient, server):
        server.script.load({"api_key": KEY, "rules": [{"model": "gemma2", "status": 503}]})

        for attempt in routing.fallback(CHAIN, apply_timeouts=True):
            with attempt:
                answer = ask(impatient, attempt.model)

        assert answer.model == attempt.model == "mistral-7b"
        assert [(failed.model, failed.reason) for failed in attempt.choice.tries] == [
            ("phi-2", "timed out after 0.2s"),
            ("gemma2", "InternalServerError 503"),
        ]
        assert formats.routing_lines(attempt.choice).splitlines()[1:] == [
            "   Failed: phi-2 (Tier 0) - timed out after 0.2s",
            "   Failed: gemma2 (Tier 1) - InternalServerError 503",
        ]

    def test_a_try_that_went_well_is_the_last(self, gauge, client, server):
        for attempt in routing.fallback(CHAIN):
            with attempt:
                ask(client, attempt.model)

        assert server.books.to_dict()["requests"] == 1

    def test_when_all_fail_the_last_error_is_raised_and_the_report_has_every_reason(self, gauge, server):
        server.script.load({"api_key": KEY, "rules": [{"status": 503, "times": None}]})
        with (
            gauge.workflow("task", id="1"),
            openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client,
            pytest.raises(openai.InternalServerError),
        ):
            try_each(client)

        last = formats.report()["workflows"][0]["routes"][-1]

        assert last["model"] is None
        assert [failed["model"] for failed in last["tries"]] == ["phi-2", "gemma2", "mistral-7b"]

    def test_a_spent_budget_ends_the_chain(self, gauge, client):
        with gauge.budget(tokens=1):
            ask(client, "phi-2")
            tried = []
            with pytest.raises(BudgetExceeded):
                try_each(client, tried)

        assert tried == ["phi-2"]

    def test_an_errors_text_is_told_nowhere(self, gauge, store):
        with gauge.workflow("task"):
            for attempt in routing.fallback([("a", 0), ("b", 1)]):
                with attempt:
                    if attempt.model == "a":
                        raise ValueError("canary-4711")

        gauge.shutdown()

        assert b"canary-4711" not in store.read_bytes()

    def test_a_chain_of_nothing_is_refused(self):
        with pytest.raises(ConfigError, match="needs candidates"):
            next(routing.fallback([]))


def test_it_works_where_nothing_is_recorded():
    for attempt in routing.fallback(CHAIN):
        with attempt:
            chosen = attempt

    assert replace(chosen.choice, tries=()).model == "phi-2"
