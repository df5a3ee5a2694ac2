"""Decorators: whatever they stand above, a call is its agent's, and the program is as it was."""

import asyncio
import inspect
import subprocess
import sys
import threading

import pytest

import agentgauge as ag
from agentgauge import ledger


@pytest.fixture
def ask(gauge, client):
    """Makes one call."""
    return lambda: client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
    )


def calls_of(agent):
    return ledger.root.usage().by_agent[agent].calls


class Desk:
    """The decorator below and above what makes a method static."""

    @ag.agent("desk")
    def method(self, who: str = "me") -> str:
        return f"{ag.current().name} {who}"

    @ag.agent("desk")
    @classmethod
    def above_class(cls, who):
        return f"{ag.current().name} {who}"

    @classmethod
    @ag.agent("desk")
    def below_class(cls, who):
        return f"{ag.current().name} {who}"

    @ag.agent("desk")
    @staticmethod
    def above_static(who):
        return f"{ag.current().name} {who}"

    @staticmethod
    @ag.agent("desk")
    def below_static(who):
        return f"{ag.current().name} {who}"


@pytest.mark.parametrize("name", ["method", "above_class", "below_class", "above_static", "below_static"])
def test_every_kind_of_method_runs_in_the_scope(gauge, name):
    assert getattr(Desk(), name)("you") == "desk you"


def test_a_bare_tool_may_stand_above_a_classmethod(gauge):
    class Kit:
        @ag.tool
        @classmethod
        def search(cls):
            return ag.current().name

    assert Kit.search() == "search"


def test_the_signature_is_kept():
    assert str(inspect.signature(Desk.method)) == "(self, who: str = 'me') -> str"


def test_a_class_is_refused_in_words():
    with pytest.raises(ag.AgentgaugeError, match="'Researcher' is no function"):

        @ag.agent("researcher")
        class Researcher:
            pass


class TestWhatRunsLater:
    """A function that only hands out a coroutine or a generator."""

    def test_a_returned_coroutine_is_the_agents(self, gauge):
        async def work(thing):
            return f"{ag.current().name} {thing}"

        assert asyncio.run(ag.agent("later")(lambda: work("this"))()) == "later this"

    def test_an_object_with_an_async_call_is_the_agents(self, gauge):
        class Worker:
            async def __call__(self):
                return ag.current().name

        assert asyncio.run(ag.agent("object")(Worker())()) == "object"

    def test_a_returned_generator_is_the_agents(self, ask):
        def answers(count):
            yield from (ask() for _ in range(count))

        list(ag.agent("lazy")(lambda: answers(1))())

        assert calls_of("lazy") == 1

    def test_an_agent_inside_a_generator_stays_open_over_a_yield(self, ask):
        @ag.agent("outer")
        def answers():
            with ag.agent("inner"):
                yield ask()
                yield ask()
            yield ask()

        seen = [ag.current().kind for _ in answers()]

        assert (calls_of("inner"), calls_of("outer"), set(seen)) == (2, 1, {"process"})

    def test_an_agent_inside_an_async_generator_stays_open_over_a_yield(self, gauge):
        @ag.agent("outer")
        async def names():
            with ag.agent("inner"):
                yield ag.current().name
                yield ag.current().name
            yield ag.current().name

        async def collect():
            return [name async for name in names()]

        assert asyncio.run(collect()) == ["inner", "inner", "outer"]


class TestBudgets:
    """One budget object, wherever it is entered."""

    def test_threads_that_share_one_keep_their_agents(self, gauge, ask, caplog):
        shared, ends = ag.budget(usd=100), [threading.Event() for _ in range(2)]

        def work(number):
            with ag.agent("sharer"), shared:
                ends[number].wait(10)
                ask()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread, end in zip(threads, ends, strict=True):  # the first one in is the first one out
            end.set()
            thread.join()

        assert (calls_of("sharer"), calls_of("unattributed")) == (2, 0)
        assert "detach" not in caplog.text

    def test_it_holds_inside_a_generator(self, ask):
        @ag.budget(tokens=1)
        def answers():
            yield ask()
            yield ask()

        with pytest.raises(ag.BudgetExceeded):
            list(answers())


@pytest.mark.parametrize("handle", ["kept = stream", "stream = None"])
def test_a_stream_that_is_left_open_prints_nothing(server, store, handle):
    program = f"""
import agentgauge as ag, openai
ag.init("left-open", store={str(store)!r})
client = openai.OpenAI(base_url="{server.url}/v1", api_key="sim-tester")
stream = client.chat.completions.create(model="gpt-4o", messages=[], stream=True)
next(iter(stream))
{handle}
ag.shutdown()
"""

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (ended.stdout, ended.stderr) == ("", "")
