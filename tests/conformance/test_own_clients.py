"""Clients of the program's own class, whose hooks do as they like."""

import asyncio

import openai
import pytest

import agentgauge as ag
from books import rows

ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


class Silent(openai.OpenAI):
    """Calls nothing of what it overrides."""

    def _prepare_options(self, options):
        return options

    def _prepare_request(self, request):
        pass


class Polite(openai.OpenAI):
    """Calls all of it."""

    def _prepare_options(self, options):
        return super()._prepare_options(options)

    def _prepare_request(self, request):
        super()._prepare_request(request)


class SilentAsync(openai.AsyncOpenAI):
    """The same as `Silent`, awaited."""

    async def _prepare_options(self, options):
        return options

    async def _prepare_request(self, request):
        pass


def ask(kind, server):
    own = kind(base_url=f"{server.url}/v1", api_key="sim-own")
    answer = own.chat.completions.create(**ASK)
    if kind is not SilentAsync:
        return own.close()

    async def main():
        async with own:
            await answer

    return asyncio.run(main())


@pytest.mark.parametrize("kind", [Silent, Polite, SilentAsync])
def test_a_call_of_an_own_client_class_counts_once(gauge, server, store, kind):
    ask(kind, server)
    gauge.shutdown()

    booked = server.books.to_dict()
    assert [(row["input_tokens"], row["output_tokens"], row["retries"]) for row in rows(store)] == [
        (booked["input_tokens"], booked["output_tokens"], 0)
    ]


def test_a_budget_holds_for_an_own_client_class(gauge, server):
    with ag.budget(tokens=1):
        ask(Silent, server)
        with pytest.raises(ag.BudgetExceeded):
            ask(Silent, server)

    assert server.books.to_dict()["requests"] == 1


def test_an_own_client_class_is_its_own_again_after_shutdown(gauge, server):
    before = dict(vars(Silent))

    ask(Silent, server)
    gauge.shutdown()

    assert dict(vars(Silent)) == before
