"""Threads and pools: a task belongs to whoever handed it over, a thread to whoever may be known for it."""

import asyncio
import contextvars
import multiprocessing.pool
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

import agentgauge as ag
from agentgauge import ledger
from agentgauge.pipeline import runtime


@pytest.fixture
def ask(gauge, client):
    """Makes one call."""
    return lambda *_: client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
    )


@pytest.fixture
def restart(gauge):
    """agentgauge again, with other settings."""

    def again(**changes):
        settings = runtime.active().settings
        ag.shutdown()
        ag.init(settings=replace(settings, **changes))

    return again


def agents():
    """Calls by agent, of the whole process."""
    return {agent: usage.calls for agent, usage in ledger.root.usage().by_agent.items()}


def started(work, **options):
    thread = threading.Thread(target=work, **options)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def through_a_loop(use):
    def run(ask):
        async def main():
            await use(asyncio.get_running_loop(), ask)

        asyncio.run(main())

    return run


HANDED_OVER = {
    "submit": lambda pool, ask: pool.submit(ask).result(),
    "submit with arguments": lambda pool, ask: pool.submit(lambda *, by: ask(by), by="name").result(),
    "map": lambda pool, ask: list(pool.map(ask, [1])),
    "run_in_executor": lambda pool, ask: through_a_loop(lambda loop, ask: loop.run_in_executor(pool, ask))(
        ask
    ),
    "the loop's own pool": lambda _, ask: through_a_loop(lambda loop, ask: loop.run_in_executor(None, ask))(
        ask
    ),
    "to_thread": lambda _, ask: through_a_loop(lambda _, ask: asyncio.to_thread(ask))(ask),
}


@pytest.mark.parametrize("way", HANDED_OVER)
def test_a_task_of_a_pool_belongs_to_whoever_handed_it_over(ask, way):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask).result()  # the pool's thread was started by nobody
        for name in ("one", "two"):
            with ag.workflow(name) as run, ag.agent(name):
                HANDED_OVER[way](pool, ask)
            assert {agent: usage.calls for agent, usage in run.usage.by_agent.items()} == {name: 1}
        pool.submit(ask).result()

    assert agents() == {"one": 1, "two": 1, "unattributed": 2}


@pytest.mark.parametrize("way", ["apply", "apply_async", "map", "starmap", "imap", "imap_unordered"])
def test_a_task_of_multiprocessings_thread_pool_as_well(ask, way):
    ways = {
        "apply": lambda pool: pool.apply(ask),
        "apply_async": lambda pool: pool.apply_async(ask).get(),
        "map": lambda pool: pool.map(ask, [1]),
        "starmap": lambda pool: pool.starmap(ask, [(1,)]),
        "imap": lambda pool: list(pool.imap(ask, [1])),
        "imap_unordered": lambda pool: list(pool.imap_unordered(ask, [1])),
    }
    with multiprocessing.pool.ThreadPool(1) as pool:
        for name in ("one", "two"):
            with ag.agent(name):
                ways[way](pool)
        pool.apply(ask)

    assert agents() == {"one": 1, "two": 1, "unattributed": 1}


def test_a_pool_that_an_agent_starts_serves_the_next_one_rightly(ask):
    pool = ThreadPoolExecutor(1)
    with ag.agent("starter"):
        pool.submit(ask).result()
    pool.submit(ask).result()
    with ag.agent("next"):
        pool.submit(ask).result()
    pool.shutdown()

    assert agents() == {"starter": 1, "unattributed": 1, "next": 1}


def test_a_callback_belongs_to_whoever_added_it(ask):
    future = Future()
    with ag.agent("listener"):
        future.add_done_callback(ask)
        started(lambda: future.set_result(1), daemon=True)

    assert agents() == {"listener": 1}


class OwnRun(threading.Thread):
    def __init__(self, work):
        super().__init__()
        self.work = work

    def run(self):
        self.work()


THREADS = {
    "a thread": lambda work: threading.Thread(target=work),
    "a thread with a run of its own": OwnRun,
    "a timer": lambda work: threading.Timer(0, work),
}


@pytest.mark.parametrize("kind", THREADS)
def test_a_thread_belongs_to_the_agent_that_started_it(ask, kind):
    with ag.agent("starter"):
        thread = THREADS[kind](ask)
        thread.start()
        thread.join()

    assert agents() == {"starter": 1}
    assert "run" not in vars(thread)


def test_a_daemon_thread_belongs_to_nobody_unless_asked(ask, restart):
    with ag.agent("starter"):
        started(ask, daemon=True)
    restart(propagate_threads="all")
    with ag.agent("starter"):
        started(ask, daemon=True)

    assert agents() == {"unattributed": 1, "starter": 1}


@pytest.mark.parametrize(
    ("setting", "pool", "thread"),
    [
        ("off", "unattributed", "unattributed"),
        (False, "unattributed", "unattributed"),
        ("tasks", "a", "unattributed"),
        ("threads", "a", "a"),
        (True, "a", "a"),
        ("all", "a", "a"),
    ],
)
def test_the_setting_says_what_is_carried(gauge, restart, setting, pool, thread):
    seen = []
    restart(propagate_threads=setting)
    with ag.agent("a"), ThreadPoolExecutor(1) as executor:
        executor.submit(lambda: seen.append(ledger.current().origin.agent)).result()
        started(lambda: seen.append(ledger.current().origin.agent))

    assert seen == [pool, thread]


class LazyWorker:
    """What clients of queues do: one thread for all, started at the first job."""

    def __init__(self, *, daemon):
        self.jobs, self.thread, self.daemon = queue.Queue(), None, daemon

    def run(self, job):
        if self.thread is None:
            self.thread = threading.Thread(target=self.work, daemon=self.daemon)
            self.thread.start()
        done = Future()
        self.jobs.put((job, done))
        return done.result(30)

    def work(self):
        while (item := self.jobs.get()) is not None:
            job, done = item
            done.set_result(job())

    def close(self):
        self.jobs.put(None)
        self.thread.join(30)


@pytest.mark.parametrize("daemon", [True, False])
@pytest.mark.parametrize("setting", ["threads", "all"])
def test_one_lazy_worker_and_three_agents(ask, restart, daemon, setting):
    """Only its starter can be known, and only while it is open: never a closed agent, never a wrong one."""
    restart(propagate_threads=setting)
    worker, carried = LazyWorker(daemon=daemon), setting == "all" or not daemon
    for name in ("first", "second", "third"):
        with ag.workflow("job", id=name), ag.agent(name) as scope:
            worker.run(ask)
        assert scope.usage.calls == (1 if carried and name == "first" else 0)
    worker.close()

    assert agents() == ({"first": 1, "unattributed": 2} if carried else {"unattributed": 3})


def test_what_a_step_left_running_is_still_its_agents(gauge):
    go, seen = threading.Event(), []

    def late():
        go.wait(30)
        seen.append(ledger.current().origin)

    with ag.agent("a", role="responder"), ThreadPoolExecutor(2) as pool:
        with ag.step("one"), ag.budget(tokens=10):
            pool.submit(late)
        with ag.role("memory"):
            pool.submit(late)
        go.set()

    assert {(origin.agent, origin.step, origin.role) for origin in seen} == {
        ("a", None, "responder"),
        ("a", None, "memory"),
    }


def test_a_scope_opened_in_a_thread_ends_with_its_closed_agent(gauge):
    ended, seen = threading.Event(), []

    def work():
        with ag.tool("search"):
            ended.wait(30)
            seen.append(ledger.current().origin.agent)

    with ag.agent("a"):
        thread = threading.Thread(target=work)
        thread.start()
    ended.set()
    thread.join()

    assert seen == ["unattributed"]


class TestTheProgramIsAsItWas:
    def test_context_variables_of_the_program_stay_those_of_the_thread(self, gauge):
        tenant = contextvars.ContextVar("tenant")
        with (
            ag.agent("a"),
            ThreadPoolExecutor(1, initializer=tenant.set, initargs=("of the pool",)) as pool,
        ):
            assert pool.submit(tenant.get).result() == "of the pool"

    def test_results_errors_and_names_come_through(self, gauge):
        def broken():
            raise KeyError("mine")

        with ag.agent("a"), ThreadPoolExecutor(1) as pool:
            assert pool.submit(dict, a=1).result() == {"a": 1}
            with pytest.raises(KeyError, match="mine"):
                pool.submit(broken).result()
            with pytest.raises(TypeError):
                pool.submit(None).result()

    def test_a_thread_that_cannot_start_twice_is_left_alone(self, gauge):
        with ag.agent("a"):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            with pytest.raises(RuntimeError):
                thread.start()
        assert "run" not in vars(thread)

    def test_shutdown_gives_the_classes_back(self, gauge):
        recording = (ThreadPoolExecutor.submit, threading.Thread.start, Future.add_done_callback)
        ag.shutdown()
        after = (ThreadPoolExecutor.submit, threading.Thread.start, Future.add_done_callback)

        assert not any(hasattr(method, "__wrapped__") for method in after)
        assert [method.__wrapped__ for method in recording] == list(after)
