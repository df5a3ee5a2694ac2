"""Child processes: telemetry works in them, and their calls belong to whoever handed them over.

The judge is the simulated server: each program says by the API key whose call it is.
"""

import subprocess
import sys

import pytest

from agentgauge.demo.server_process import SimulatedServerProcess
from books import booked, recorded, rows

pytest_plugins = ["program_folder"]

PRELUDE = """
    import multiprocessing as mp
    import os
    from concurrent.futures import ProcessPoolExecutor
    from openai import OpenAI
    import agentgauge as ag

    def ask(agent):
        client = OpenAI(api_key=f"sim-{{agent}}", max_retries=0)
        client.chat.completions.create(model="gpt-4o-mini", messages=[])

    def ask_below():
        with ag.current().branch("b1"), ag.agent("below"):
            ask("below")

    def ask_after_init(agent):
        ag.init("child")
        ask(agent)

    class Own(mp.get_context("{method}").Process):
        def run(self):
            ask("own")

    if __name__ == "__main__":
        ag.init("parent")
        context = mp.get_context("{method}")
"""
METHODS = ("fork", "spawn", "forkserver")


@pytest.fixture
def server(folder, monkeypatch):
    with SimulatedServerProcess() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        yield running


@pytest.fixture
def run(program, folder, server):
    """Runs a program; its calls as they were stored, after they were compared with the server's books."""

    def run(source, method="fork"):
        path = program(PRELUDE.format(method=method) + source)
        done = subprocess.run(
            [sys.executable, path], capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        calls = rows(folder / "store.sqlite")
        for key, book in server.books()["by_api_key"].items():
            mine = [call for call in calls if call["agent"] == key.removeprefix("sim-")]
            assert recorded(mine) == booked(book), key
        assert recorded(calls) == booked(server.books())
        assert len({call["run_id"] for call in calls}) == 1
        return calls

    return run


@pytest.mark.parametrize("method", METHODS)
def test_a_process_belongs_to_the_scope_that_it_was_started_in(run, method):
    calls = run(
        """
        with ag.workflow("job", id="7", tags={"team": "cs"}, user_id="u"):
            for name in ("one", "two"):
                with ag.agent(name, role="memory"), ag.step("s"):
                    child = context.Process(target=ask, args=(name,))
                    child.start()
                    assert "run" not in vars(child)
                    child.join()
                    assert child.exitcode == 0
        with ag.agent("own"):
            child = Own()
            child.start()
            child.join()
        child = context.Process(target=ask, args=("unattributed",))
        child.start()
        child.join()
        """,
        method,
    )

    whose = [(call["agent"], call["workflow_id"], call["role"], call["step"], call["tags"]) for call in calls]
    assert whose == [
        ("one", "7", "memory", "s", '{"team":"cs"}'),
        ("two", "7", "memory", "s", '{"team":"cs"}'),
        ("own", None, None, None, "{}"),
        ("unattributed", None, None, None, "{}"),
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pool", ["ProcessPoolExecutor(2, mp_context=context)", "context.Pool(2)"])
def test_a_task_of_a_pool_belongs_to_whoever_handed_it_over(run, pool, method):
    """Also where the first agent started the pool's workers."""
    calls = run(
        f"""
        with ag.agent("first"):
            pool = {pool}
            list(pool.map(ask, ["first"] * 3))
        with ag.agent("second"):
            list(pool.map(ask, ["second"] * 3))
        list(pool.map(ask, ["unattributed"] * 2))
        with ag.agent("third"):
            if isinstance(pool, ProcessPoolExecutor):
                pool.submit(ask, "third").result()
                pool.shutdown()
            else:
                pool.apply(ask, ("third",))
                pool.close()
                pool.join()
        """,
        method,
    )

    assert len(calls) == 9


def test_a_child_of_a_bare_fork_leaves_the_scopes_end_to_its_parent(run, folder):
    run(
        """
        with ag.workflow("job"), ag.agent("a"):
            pid = os.fork()
            ask("a")
            if pid:
                assert os.waitpid(pid, 0)[1] == 0
        """
    )

    ended = rows(folder / "store.sqlite", "SELECT kind, name FROM scopes ORDER BY start_ns")
    assert [tuple(scope.values()) for scope in ended] == [("workflow", "job"), ("agent", "a")]


def test_below_a_span_of_its_parent(run, folder):
    """A call of a spawned child stands in the tree of the agent that started it."""
    (call,) = run(
        """
        with ag.agent("a"):
            child = context.Process(target=ask, args=("a",))
            child.start()
            child.join()
        """,
        "spawn",
    )

    (scope,) = rows(folder / "store.sqlite", "SELECT * FROM scopes")
    assert (call["trace_id"], call["parent_span_id"]) == (scope["trace_id"], scope["span_id"])


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_pickled_fails_as_it_does_without_us(run, method):
    run(
        """
        def kept(queue):
            with ag.agent("a"):
                return lambda: None
        if context.get_start_method() != "fork":
            for start in (lambda: context.Process(target=kept(None)).start(),):
                try:
                    with ag.agent("a"):
                        start()
                except Exception as error:
                    assert "pickle" in str(error) and "kept" in str(error), error
                else:
                    raise SystemExit("was started")
        with ag.agent("a"), ProcessPoolExecutor(1, mp_context=context) as pool:
            try:
                pool.submit(kept(None)).result()
            except Exception as error:
                assert "pickle" in str(error) and "kept" in str(error), error
            else:
                raise SystemExit("was submitted")
            pool.submit(ask, "a").result()
        """,
        method,
    )


def test_forks_amid_calls_of_other_threads_lose_nothing_and_end(run):
    """Whatever of ours a thread holds at the fork, the child goes on, and its call is the forking thread's.

    What is not ours stays locked in the child, so that nobody imports or makes a TLS context meanwhile.
    """
    calls = run(
        """
        import faulthandler, threading
        done = threading.Event()
        client = OpenAI(api_key="sim-busy", max_retries=0)

        def keep_busy():
            with ag.agent("busy"):
                while not done.is_set():
                    client.chat.completions.create(model="gpt-4o-mini", messages=[])

        def work():
            faulthandler.dump_traceback_later(60, exit=True)
            ask("forking")
            ag.shutdown()
            os._exit(0)

        ask("unattributed")
        threads = [threading.Thread(target=keep_busy) for _ in range(3)]
        [thread.start() for thread in threads]
        pids = []
        try:
            with ag.workflow("job"), ag.agent("forking"):
                for _ in range(12):
                    pid = os.fork()
                    if pid == 0:
                        work()
                    pids.append(pid)
            assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 12
        finally:
            done.set()
        """
    )

    assert len([call for call in calls if call["agent"] == "forking"]) == 12


@pytest.mark.parametrize("method", METHODS)
def test_a_child_can_open_scopes_of_its_own_below(run, method):
    calls = run(
        """
        with ag.workflow("job", id="7"), ag.agent("above"):
            child = context.Process(target=ask_below)
            child.start()
            child.join()
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                pool.submit(ask_below).result()
        """,
        method,
    )

    whose = {(call["workflow_id"], call["branch"], call["agent_path"]) for call in calls}
    assert whose == {("7", "b1", "above/below")}
    assert len(calls) == 2


def test_a_childs_own_init_holds(run):
    (call,) = run(
        """
        with ag.agent("a"):
            child = context.Process(target=ask_after_init, args=("a",))
            child.start()
            child.join()
        """,
        "spawn",
    )

    assert (call["service"], call["agent"]) == ("child", "a")
