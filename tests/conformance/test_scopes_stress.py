"""64 workflows at once, in threads, tasks and processes: no token is on the wrong one.

Every call says by its API key whose it is, so the server's books tell workflow, branch and agent of each.
"""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import agentgauge as ag
from agentgauge.demo.server_process import SimulatedServerProcess
from books import booked, recorded, rows

pytest_plugins = ["program_folder"]
pytestmark = pytest.mark.timeout(300)

TRIALS = 64
WHOSE = "agent, role, workflow_id, branch"
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def key(trial, agent, branch="trunk"):
    return f"sim-{trial}/{branch}/{agent}"


def agree(calls, books, *, workflows):
    """Law 1, by workflow, branch and agent: recorded is what was booked, and nothing is left over."""
    by_key = {}
    for call in calls:
        whose = key(call["workflow_id"], call["agent"], call["branch"] or "trunk")
        by_key.setdefault(whose, []).append(call)
    assert {name: recorded(mine) for name, mine in by_key.items()} == {
        name: booked(book) for name, book in books["by_api_key"].items()
    }
    assert {call["role"] for call in calls if call["agent"] == "memory"} == {"memory"}
    assert len({call["workflow_id"] for call in calls}) == workflows


def agree_with_usage(usages, books):
    """The sums that a program reads are those of the books, too."""
    for trial, usage in usages.items():
        for agent, mine in usage.by_agent.items():
            of_agent = [
                book
                for name, book in books["by_api_key"].items()
                if name.startswith(f"sim-{trial}/") and name.endswith(f"/{agent}")
            ]
            assert mine.input_tokens == sum(book["input_tokens"] for book in of_agent)
            assert mine.requests == sum(book["requests"] for book in of_agent)


def test_in_threads_with_one_pool_for_all(gauge, server, client, store):
    all_open, usages = threading.Barrier(TRIALS), {}

    def ask(trial, agent, branch="trunk"):
        client.with_options(api_key=key(trial, agent, branch)).chat.completions.create(**ASK)

    def in_branch(run, trial, branch):
        with run.branch(branch):
            remembered = remember(trial, branch)
            with ag.agent("responder"):
                ask(trial, "responder", branch)
            remembered.result()

    @ag.agent("memory", role="memory")
    def remember(trial, branch="trunk"):
        pool.submit(ask, trial, "memory", branch).result()
        return pool.submit(int)

    def work(trial):
        with ag.workflow("trial", id=trial) as run:
            all_open.wait(60)
            remember(trial)
            branches = [
                threading.Thread(target=in_branch, args=(run, trial, name), daemon=daemon)
                for name, daemon in (("b1", False), ("b2", True))
            ]
            for thread in branches:
                thread.start()
            for thread in branches:
                thread.join()
        usages[trial] = run.usage

    with ThreadPoolExecutor(8) as pool:
        trials = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(TRIALS)]
        for thread in trials:
            thread.start()
        for thread in trials:
            thread.join()
    gauge.shutdown()

    books = server.books.to_dict()
    assert books["requests"] == TRIALS * 5
    agree(rows(store), books, workflows=TRIALS)
    agree_with_usage(usages, books)


def test_in_tasks_with_branches_and_threads(gauge, server, async_client, client, store):
    usages = {}

    async def ask(trial, agent, branch="trunk"):
        asked = async_client.with_options(api_key=key(trial, agent, branch))
        await asked.chat.completions.create(**ASK)

    def ask_in_a_thread(trial, agent, branch="trunk"):
        client.with_options(api_key=key(trial, agent, branch)).chat.completions.create(**ASK)

    async def in_branch(run, trial, branch):
        async with run.branch(branch), ag.agent("responder"):
            await ask(trial, "responder", branch)

    async def work(trial, all_open):
        async with ag.workflow("trial", id=trial) as run:
            await all_open.wait()
            with ag.agent("memory", role="memory"):
                await asyncio.to_thread(ask_in_a_thread, trial, "memory")
            async with asyncio.TaskGroup() as group:
                for branch in ("b1", "b2"):
                    group.create_task(in_branch(run, trial, branch))
        usages[trial] = run.usage

    async def main():
        all_open = asyncio.Barrier(TRIALS)
        async with async_client:
            await asyncio.gather(*(work(f"t{number}", all_open) for number in range(TRIALS)))

    asyncio.run(main())
    gauge.shutdown()

    books = server.books.to_dict()
    assert books["requests"] == TRIALS * 3
    agree(rows(store), books, workflows=TRIALS)
    agree_with_usage(usages, books)


PROGRAM = """
    import multiprocessing as mp
    import sys
    import threading
    from concurrent.futures import ProcessPoolExecutor
    from openai import OpenAI
    import agentgauge as ag

    TRIALS, ASK = {trials}, {ask!r}

    def ask(trial, agent, branch="trunk"):
        with OpenAI(api_key=f"sim-{{trial}}/{{branch}}/{{agent}}", max_retries=0) as client:
            client.chat.completions.create(**ASK)

    def own_process(trial, all_open):
        with ag.workflow("trial", id=trial) as run:
            all_open.wait(100)
            with ag.agent("memory", role="memory"):
                ask(trial, "memory")
            with run.branch("b1"), ag.agent("responder"):
                ask(trial, "responder", "b1")

    def through_the_pool(trial, all_open, pool):
        with ag.workflow("trial", id=trial) as run:
            all_open.wait(100)
            with ag.agent("memory", role="memory"):
                pool.submit(ask, trial, "memory").result()
            with run.branch("b1"), ag.agent("responder"):
                pool.submit(ask, trial, "responder", "b1").result()

    def run(trials):
        for trial in trials:
            trial.start()
        for trial in trials:
            trial.join()

    if __name__ == "__main__":
        ag.init("stress")
        context, names = mp.get_context("fork"), [f"t{{number}}" for number in range(TRIALS)]
        if sys.argv[1] == "own":
            gate = context.Barrier(TRIALS)
            children = [context.Process(target=own_process, args=(name, gate)) for name in names]
            run(children)
            assert all(child.exitcode == 0 for child in children)
        else:
            with ProcessPoolExecutor(4, mp_context=mp.get_context(sys.argv[1])) as pool:
                pool.submit(int).result()
                gate = threading.Barrier(TRIALS)
                run([threading.Thread(target=through_the_pool, args=(n, gate, pool)) for n in names])
"""


@pytest.mark.parametrize("processes", ["own", "fork", "spawn"])
def test_in_processes(program, folder, monkeypatch, processes):
    with SimulatedServerProcess() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        path = program(PROGRAM.format(trials=TRIALS, ask=ASK))
        done = subprocess.run(
            [sys.executable, path, processes], capture_output=True, text=True, timeout=240, check=False
        )
        books = server.books()

    assert (done.returncode, done.stderr) == (0, "")
    assert books["requests"] == TRIALS * 2
    agree(rows(folder / "store.sqlite"), books, workflows=TRIALS)
