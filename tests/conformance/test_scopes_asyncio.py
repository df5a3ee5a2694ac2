"""Tasks, callbacks and generators of asyncio, and contexts that a program copies itself."""

import asyncio
import contextvars
import gc
import logging
import threading

import pytest

import agentgauge as ag
from agentgauge import ledger


@pytest.fixture
def ask(gauge, async_client):
    """Makes one call."""

    async def ask():
        await async_client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
        )

    return ask


@pytest.fixture
def run(async_client):
    """Runs a program in a loop, and closes the client in it."""

    def run(main):
        async def whole():
            async with async_client:
                return await main()

        return asyncio.run(whole())

    return run


def agents():
    """Calls by agent, of the whole process."""
    return {agent: usage.calls for agent, usage in ledger.root.usage().by_agent.items()}


def agent_here():
    return ledger.current().origin.agent


def test_tasks_of_a_group_keep_their_agents_apart(ask, run):
    async def work(name, calls):
        async with ag.agent(name):
            for _ in range(calls):
                await ask()

    async def main():
        async with ag.workflow("job") as job, asyncio.TaskGroup() as group:
            for number, name in enumerate(("one", "two", "three"), start=1):
                group.create_task(work(name, number))
        return job

    job = run(main)

    assert {name: usage.calls for name, usage in job.usage.by_agent.items()} == agents()
    assert agents() == {"one": 1, "two": 2, "three": 3}


def test_a_task_is_its_agents_until_that_has_ended(ask, run):
    async def main():
        asked, ended = asyncio.Event(), asyncio.Event()

        async def late():
            await ask()
            asked.set()
            await ended.wait()
            await ask()

        async with ag.agent("starter"):
            task = asyncio.create_task(late())
            await asked.wait()
        ended.set()
        await task

    run(main)

    assert agents() == {"starter": 1, "unattributed": 1}


def test_callbacks_belong_to_whoever_asked_for_them(gauge):
    seen = []

    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        async with ag.agent("asker"):
            loop.call_soon(lambda: seen.append(agent_here()))
            loop.call_later(0, lambda: seen.append(agent_here()))
            loop.call_soon_threadsafe(lambda: seen.append(agent_here()))
            future.add_done_callback(lambda _: seen.append(agent_here()))
            async with ag.agent("other"):
                future.set_result(None)
            await asyncio.sleep(0.01)

    asyncio.run(main())

    assert seen == ["asker"] * 4


def test_what_a_thread_hands_to_the_loop_is_the_threads(gauge):
    async def whose():
        return agent_here()

    async def main():
        loop, seen = asyncio.get_running_loop(), []

        def work():
            with ag.agent("in the thread"):
                seen.append(asyncio.run_coroutine_threadsafe(whose(), loop).result(30))

        async with ag.agent("in the loop"):
            await asyncio.to_thread(work)
        return seen

    assert asyncio.run(main()) == ["in the thread"]


def test_a_context_that_the_program_copied_is_the_scope_it_was_copied_in(gauge):
    with ag.agent("copied"):
        copy = contextvars.copy_context()
        assert copy.run(agent_here) == "copied"
        seen = []
        thread = threading.Thread(target=copy.run, args=(lambda: seen.append(agent_here()),), daemon=True)
        thread.start()
        thread.join()

    assert seen == ["copied"]
    assert copy.run(agent_here) == "unattributed"


@ag.agent("decorated")
async def decorated():
    for number in range(3):
        yield number, agent_here()


async def with_inside():
    async with ag.agent("with inside"):
        for number in range(3):
            yield number, agent_here()


CLOSINGS = ("another task", "the loop", "nobody")


@pytest.mark.parametrize("closed_by", CLOSINGS)
@pytest.mark.parametrize("generator", [decorated, with_inside])
def test_a_generator_that_is_closed_elsewhere_logs_nothing(gauge, caplog, generator, closed_by):
    async def main():
        with ag.agent("consumer"):
            inner = generator()
            assert await anext(inner) == (0, generator.__name__.replace("_", " "))
        if closed_by == "another task":
            await asyncio.create_task(inner.aclose())
        elif closed_by == "nobody":
            del inner
            gc.collect()
            await asyncio.sleep(0.01)
        assert agent_here() == "unattributed"

    with caplog.at_level(logging.DEBUG):
        asyncio.run(main())

    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert ag.current().kind == "process"


def test_a_decorated_generator_leaves_its_consumer_alone(gauge):
    async def main():
        seen = []
        async with ag.agent("consumer"):
            async for _ in decorated():
                seen.append(agent_here())
                break
            seen.append(agent_here())
        return seen

    assert asyncio.run(main()) == ["consumer", "consumer"]


def test_a_cancelled_task_closes_its_scope(gauge, caplog):
    async def main():
        opened = asyncio.Event()

        async def work():
            async with ag.agent("cancelled"):
                opened.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await opened.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), agent_here()

    assert asyncio.run(main()) == (True, "unattributed")
    assert caplog.text == ""
