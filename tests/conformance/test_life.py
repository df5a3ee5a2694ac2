"""Starts, ends and forks of a process: nothing is lost, exit codes stay, and nothing is printed."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from books import rows, rows_so_far

PRELUDE = """
import os, sys
import agentgauge as ag
from openai import OpenAI
url, store = sys.argv[1:3]
def start(**more):
    ag.init("life", store=store, providers={url.split("//")[1]: "openai"}, **more)
client = OpenAI(base_url=url + "/v1", api_key="sim-life", max_retries=0)
made_in = os.getpid()
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
def ask():
    if os.getpid() != made_in:  # a connection cannot be shared over a fork
        return OpenAI(base_url=url + "/v1", api_key="sim-life").chat.completions.create(**ASK)
    return client.chat.completions.create(**ASK)
"""


@pytest.fixture
def program(tmp_path, server, store):
    """Starts a program of its own with the simulated server's URL and a store."""

    def start(source, **environ):
        path = tmp_path / "program.py"
        path.write_text(PRELUDE + textwrap.dedent(source))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTGAUGE")}
        return subprocess.Popen(
            [sys.executable, str(path), server.url, str(store)],
            env=kept | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def finish(process, *, code=0):
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out, err


def test_exit_stores_everything_and_prints_nothing(program, server, store):
    out, err = finish(program("start(); ask(); ask()"))

    assert (out, err) == ("", "")
    assert len(rows(store)) == server.books.to_dict()["requests"] == 2


def test_init_after_the_client_was_used_twice_and_never_are_harmless(program, store):
    source = """
    with ag.workflow("early"), ag.agent("a"):
        ask()                      # nobody listens yet
    with ag.workflow("w") as run, ag.agent("a"):
        start()
        ask()                      # the scope was open before
    start()
    ask()
    assert run.usage.by_agent["a"].calls == 1
    ag.shutdown(); ag.shutdown()
    ask()                          # nobody listens any more
    """
    finish(program(source))

    assert [call["agent"] for call in rows(store)] == ["a", "unattributed"]


def test_never_calling_init_changes_nothing(program, store):
    finish(program("with ag.agent('a') as scope: ask()\nassert scope.usage.calls == 0"))

    assert not store.exists()


def test_sdk_disabled_switches_all_off(program, store):
    finish(program("start(); ask()", OTEL_SDK_DISABLED="true"))

    assert not store.exists()


def test_an_exception_keeps_its_traceback_and_exit_code(program, store):
    _, err = finish(program("start(); ask(); raise SystemExit(3)"), code=3)

    assert err == ""
    assert len(rows(store)) == 1


def test_sigterm_keeps_its_exit_status_and_loses_nothing(program, store):
    process = program("start(); ask(); print('ready', flush=True); import time; time.sleep(60)")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)

    finish(process, code=-signal.SIGTERM)
    assert len(rows(store)) == 1


def test_a_handler_of_the_users_is_left_alone(program, store):
    source = """
    import signal, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    start(); ask(); print("ready", flush=True); time.sleep(60)
    """
    process = program(source)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)

    finish(process, code=7)
    assert len(rows(store)) == 1


def test_kill_loses_no_call_that_was_committed(program, store):
    process = program("start(); ask(); print('ready', flush=True); import time; time.sleep(60)")
    assert process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 20
    while not rows_so_far(store):
        assert time.monotonic() < deadline, "not committed in time"
        time.sleep(0.02)
    process.kill()

    finish(process, code=-signal.SIGKILL)
    assert len(rows(store)) == 1


@pytest.mark.parametrize("way", ["fork", "spawn", "raw"])
def test_children_record_their_own_calls_and_none_twice(program, server, store, way):
    sources = {
        "raw": """
        start(); ask()
        pids = []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                ask(); ask()
                ag.shutdown()
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
        ask()
        """,
        "fork": """
        import multiprocessing as mp
        start(); ask()
        workers = [mp.get_context("fork").Process(target=lambda: (ask(), ask())) for _ in range(4)]
        [w.start() for w in workers]; [w.join() for w in workers]
        assert all(w.exitcode == 0 for w in workers)
        ask()
        """,
        "spawn": """
        import multiprocessing as mp
        def work():
            start(); ask(); ask()
        if __name__ == "__main__":
            start(); ask()
            workers = [mp.get_context("spawn").Process(target=work) for _ in range(4)]
            [w.start() for w in workers]; [w.join() for w in workers]
            assert all(w.exitcode == 0 for w in workers)
            ask()
        """,
    }
    finish(program(sources[way]))

    calls = rows(store)
    assert len(calls) == server.books.to_dict()["requests"] == 10
    assert len({call["run_id"] for call in calls}) == 1


def test_many_threads_lose_nothing(program, server, store):
    source = """
    import threading
    start()
    threads = [threading.Thread(target=lambda: [ask() for _ in range(5)]) for _ in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    """
    finish(program(source))

    assert len(rows(store)) == server.books.to_dict()["requests"] == 40


def test_another_providers_tree_stays_whole_and_sees_no_content(program, store):
    source = """
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    theirs, seen = TracerProvider(), InMemorySpanExporter()
    theirs.add_span_processor(SimpleSpanProcessor(seen))
    trace.set_tracer_provider(theirs)
    start()
    assert trace.get_tracer_provider() is theirs
    with theirs.get_tracer("app").start_as_current_span("request"):
        with ag.agent("a"):
            ask()
    ag.shutdown()
    spans = {s.name: s for s in seen.get_finished_spans()}
    assert set(spans) == {"request", "invoke_agent a", "chat gpt-4o-mini"}, spans
    assert spans["chat gpt-4o-mini"].parent.span_id == spans["invoke_agent a"].context.span_id
    assert spans["invoke_agent a"].parent.span_id == spans["request"].context.span_id
    assert not any("Hello" in s.to_json() for s in spans.values())
    """
    finish(program(source))

    assert len(rows(store)) == 1


@pytest.mark.parametrize("first", ["users", "ours"])
def test_an_instrumentor_that_the_user_started_is_read_once(program, store, first):
    users = """
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from openinference.instrumentation.openai import OpenAIInstrumentor
    trace.set_tracer_provider(TracerProvider())
    OpenAIInstrumentor().instrument()
    """
    order = [users, "\n    start()\n"] if first == "users" else ["    start()\n", users]
    finish(program("".join(textwrap.dedent(part) for part in order) + "\nask()"))

    (call,) = rows(store)
    assert call["usage_source"] == "provider"


def test_a_sampler_that_drops_all_never_blinds_the_counts(program, server, store):
    finish(program("start(); ask()", OTEL_TRACES_SAMPLER="always_off"))

    (call,) = rows(store)
    assert call["sampled"] == 0
    assert call["input_tokens"] == server.books.to_dict()["input_tokens"]


def test_the_programs_own_init_wins_over_the_automatic_one(program, store):
    source = """
    from agentgauge.init import start_auto
    os.environ.update(AGENTGAUGE_AUTO="1", AGENTGAUGE_STORE=store)
    start_auto()
    ask()
    ag.init("named", store="/nowhere/else", providers={url.split("//")[1]: "openai"})
    ask()
    """
    finish(program(source, OTEL_SERVICE_NAME="automatic"))

    automatic, named = rows(store)
    assert (automatic["service"], automatic["cost_nanousd"]) == ("automatic", None)
    assert named["service"] == "named"
    assert named["cost_nanousd"] > 0
