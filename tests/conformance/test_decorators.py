"""Decorators: whatever they stand above, a call is its agent's, and the program is as it was."""

import asyncio
import functools
import inspect
import subprocess
import sys
import threading
import typing
import unittest.mock
from collections.abc import AsyncIterator, Iterator

import pydantic
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


def plain(query: str, *, limit: "int" = 3) -> list[str]:
    """Finds things."""
    return [query] * limit


async def coroutine(query: str, *, limit: "int" = 3) -> list[str]:
    """Finds things."""
    return [query] * limit


def generator(query: str, *, limit: "int" = 3) -> Iterator[str]:
    """Finds things."""
    yield from [query] * limit


async def async_generator(query: str, *, limit: "int" = 3) -> AsyncIterator[str]:
    """Finds things."""
    for _ in range(limit):
        yield query


DECORATORS = {"agent": ag.agent("a"), "tool": ag.tool, "named tool": ag.tool("t"), "budget": ag.budget(usd=1)}


class TestInspection:
    """What frameworks read off a function, to make a tool's schema or to know how to call it."""

    @pytest.mark.parametrize("function", [plain, coroutine, generator, async_generator])
    @pytest.mark.parametrize("decorator", DECORATORS)
    def test_it_looks_as_it_was_written(self, function, decorator):
        wrapped = DECORATORS[decorator](function)

        for read in (
            inspect.signature,
            typing.get_type_hints,
            inspect.getdoc,
            inspect.getsource,
            inspect.iscoroutinefunction,
            inspect.isgeneratorfunction,
            inspect.isasyncgenfunction,
            lambda each: (each.__name__, each.__qualname__, each.__module__),
        ):
            assert read(wrapped) == read(function)

    def test_a_schema_is_made_and_arguments_are_checked(self, gauge):
        checked = pydantic.validate_call(ag.tool(plain))
        schema = pydantic.TypeAdapter(ag.tool(plain)).json_schema()

        assert schema == pydantic.TypeAdapter(plain).json_schema()
        assert checked("a", limit="2") == ["a", "a"]
        with pytest.raises(pydantic.ValidationError):
            checked("a", limit="many")

    def test_a_partial_and_a_mock_are_functions_too(self, gauge):
        mock = unittest.mock.Mock(return_value=7)

        assert ag.agent("p")(functools.partial(plain, limit=1))("q") == ["q"]
        assert ag.agent("m")(mock)(1) == 7
        mock.assert_called_once_with(1)


class TestGenerators:
    """The caller's side of a generator: everything that can be done with one goes through."""

    @staticmethod
    @ag.agent("g")
    def echo():
        got = []
        while True:
            try:
                got.append((yield len(got)))
            except KeyError as error:
                got.append(repr(error))
            if len(got) == 3:
                return got

    def test_values_sent_errors_thrown_and_the_result(self, gauge):
        def outer():
            return (yield from self.echo())

        running = outer()
        assert [next(running), running.send("a"), running.throw(KeyError("b"))] == [0, 1, 2]
        with pytest.raises(StopIteration) as stop:
            running.send("c")
        assert stop.value.value == ["a", "KeyError('b')", "c"]

    def test_closing_one_runs_its_end_inside(self, gauge):
        ended = []

        @ag.agent("g")
        def work():
            try:
                yield 1
            finally:
                ended.append(ag.current().name)

        running = work()
        next(running)
        running.close()
        assert ended == ["g"]

    def test_the_same_of_an_async_one(self, gauge):
        ended = []

        @ag.agent("g")
        async def work():
            try:
                sent = yield 1
                try:
                    yield sent
                except KeyError:
                    yield "caught"
            finally:
                ended.append(ag.current().name)

        async def main():
            running = work()
            seen = [await anext(running), await running.asend("sent"), await running.athrow(KeyError())]
            await running.aclose()
            return seen

        assert asyncio.run(main()) == [1, "sent", "caught"]
        assert ended == ["g"]


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
