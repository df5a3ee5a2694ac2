"""Servers and task queues with worker processes: every call that the model server booked is in the store."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from agentgauge.demo.server_process import SimulatedServerProcess
from books import booked, recorded, rows
from environments import SOURCES, with_libraries

pytest_plugins = ["program_folder"]
pytestmark = pytest.mark.xdist_group("workers")

AGENTS = ("one", "two", "three")
APP = """
    import os
    import agentgauge as ag
    from openai import AsyncOpenAI, OpenAI

    ag.init("web")
    # With a tool, so that there is something to count when the server is told to end.
    TOOL = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
    ASK = {"model": "gpt-4o-mini", "messages": [], "tools": [TOOL]}

    def wsgi(environ, start_response):
        name = environ["PATH_INFO"].strip("/")
        if name:
            with ag.workflow("request"), ag.agent(name), OpenAI(api_key=f"sim-{name}") as client:
                client.chat.completions.create(**ASK)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

    async def asgi(scope, receive, send):
        if scope["type"] != "http":
            return
        name = scope["path"].strip("/")
        if name:
            async with ag.workflow("request"), ag.agent(name), AsyncOpenAI(api_key=f"sim-{name}") as client:
                await client.chat.completions.create(**ASK)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""
TASKS = """
    import agentgauge as ag
    from celery import Celery
    from openai import OpenAI

    ag.init("tasks")
    app = Celery("tasks", broker_url="filesystem://", worker_hijack_root_logger=False)
    app.conf.broker_transport_options = {
        "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control",
    }

    @app.task
    def ask(name):
        with ag.workflow("task"), ag.agent(name), OpenAI(api_key=f"sim-{name}") as client:
            client.chat.completions.create(model="gpt-4o-mini", messages=[])
"""
SERVERS = {
    "gunicorn": ("gunicorn", "app:wsgi", "-w", "2", "-b", "127.0.0.1:{port}"),
    "gunicorn --preload": ("gunicorn", "app:wsgi", "-w", "2", "--preload", "-b", "127.0.0.1:{port}"),
    "gunicorn, threads, workers that are replaced": (
        *("gunicorn", "app:wsgi", "-w", "2", "-k", "gthread", "--threads", "4", "--max-requests", "5"),
        *("-b", "127.0.0.1:{port}"),
    ),
    "uvicorn": ("uvicorn", "app:asgi", "--port", "{port}"),
    "uvicorn with workers": ("uvicorn", "app:asgi", "--workers", "2", "--port", "{port}"),
}


@pytest.fixture
def server(folder, monkeypatch):
    with SimulatedServerProcess() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("PYTHONPATH", f"{SOURCES}{os.pathsep}{folder}")
        yield running


@pytest.fixture
def python(folder):
    return with_libraries("workers")


@contextmanager
def running(*command, log):
    """A server in a process group of its own; afterwards it is told to end, and has to do so in time."""
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def until(true, log):
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(port, path=""):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answered:
            return answered.read()
    except OSError:
        return b""


CARRIERS = """
    import sys, threading
    from concurrent.futures import ThreadPoolExecutor
    from openai import OpenAI
    from opentelemetry import context
    from opentelemetry.instrumentation.threading import ThreadingInstrumentor
    import agentgauge as ag
    from agentgauge import ledger

    plain = (ThreadPoolExecutor.submit, threading.Thread.start)
    theirs = ThreadingInstrumentor()
    steps = {"ag": lambda: ag.init("carriers"), "otel": theirs.instrument}
    ends = {"ag": ag.shutdown, "otel": theirs.uninstrument}
    key = context.create_key("of the program")
    client = OpenAI(api_key="sim-a")

    def work():
        client.chat.completions.create(model="gpt-4o-mini", messages=[])
        return context.get_value(key), ledger.current().origin.agent

    def agents_of_a_pool():
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(work).result()
            with ag.agent("a"):
                yield pool.submit(work).result()
            yield pool.submit(work).result()

    first, second = sys.argv[1].split()
    steps[first](); steps[second]()
    token = context.attach(context.set_value(key, "carried"))
    assert list(agents_of_a_pool()) == [("carried", name) for name in ("unattributed", "a", "unattributed")]
    with ag.agent("a"):
        threads = [threading.Thread(target=work), threading.Timer(0, work)]
        [t.start() for t in threads]; [t.join() for t in threads]
    first, second = sys.argv[2].split()
    ends[first]()
    # One of the two is enough, and neither does it twice.
    assert [agent for _, agent in agents_of_a_pool()] == ["unattributed", "a", "unattributed"]
    ends[second]()
    context.detach(token)
    assert {value for value, _ in agents_of_a_pool()} == {None}
    ag.init("carriers")
    assert [agent for _, agent in agents_of_a_pool()] == ["unattributed", "a", "unattributed"]
"""


@pytest.mark.parametrize("start", ["ag otel", "otel ag"])
@pytest.mark.parametrize("end", ["ag otel", "otel ag"])
def test_beside_opentelemetrys_own_carrier(program, folder, server, python, start, end):
    done = subprocess.run(
        [python, program(CARRIERS), start, end], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len([call for call in rows(folder / "store.sqlite") if call["agent"] == "a"]) >= 4


def agree(store, server):
    calls, books = rows(store), server.books()
    for name in AGENTS:
        mine = [call for call in calls if call["agent"] == name]
        assert recorded(mine) == booked(books["by_api_key"][f"sim-{name}"]), name
    assert recorded(calls) == booked(books)


@pytest.mark.parametrize("kind", SERVERS)
def test_every_request_of_a_server_is_its_agents(program, folder, server, python, kind):
    program(APP, "app.py")
    port, log = free_port(), folder / "log"
    module, *arguments = (part.format(port=port) for part in SERVERS[kind])
    with running(python, "-m", module, *arguments, log=log):
        until(lambda: answer(port), log)
        with ThreadPoolExecutor(6) as pool:
            answered = list(pool.map(lambda name: answer(port, name), AGENTS * 6))

    assert all(answered), log.read_text()
    assert server.books()["requests"] == 18
    agree(folder / "store.sqlite", server)


def test_every_task_of_a_queue_is_its_agents(program, folder, server, python):
    program(TASKS, "tasks.py")
    for name in ("queue", "control"):
        (folder / name).mkdir()
    log, send = folder / "log", f"import tasks; [tasks.ask.delay(name) for name in {AGENTS * 4}]"
    command = (python, "-m", "celery", "-A", "tasks", "worker", "-c", "2", "--without-mingle")
    with running(*command, log=log):
        subprocess.run([python, "-c", send], check=True, timeout=60)
        until(lambda: server.books()["requests"] == 12, log)

    agree(folder / "store.sqlite", server)
