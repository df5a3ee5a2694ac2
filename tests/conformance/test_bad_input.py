"""Bad surroundings: the program is untouched, one log line says what is missing, stderr stays silent."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import rows, rows_so_far
from environments import SOURCES, with_openai
from otlp import Receiver

PROGRAM = """
import logging, sys
mode, url, store = sys.argv[1:]
if mode == "logged":
    logging.basicConfig(format="%(name)s: %(message)s")
if mode != "without":
    import agentgauge as ag
    ag.init("bad-input", store=store, providers={url.split("//")[1]: "openai"})
try:
    from openai import OpenAI
except ImportError:
    print("no openai")
    if mode != "without":
        ag.record_call(model="gpt-4o-mini", provider="openai", input_tokens=9, output_tokens=4)
    raise SystemExit(3)
client = OpenAI(base_url=url + "/v1", api_key="sim-bad-input", max_retries=0)
for _ in range(2):
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])
    print(answer.choices[0].message.content, answer.usage)
print("done", flush=True)
raise SystemExit(3)
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is wrong: the words that the log line must have, and what the store must hold."""

    says: str
    python: object = lambda: sys.executable
    environ: dict = field(default_factory=dict)
    without: str = ""
    store: str = "store.sqlite"
    kept: int | None = 2
    warning: str | None = "settings"


OTLP = "OTEL_EXPORTER_OTLP_"
CASES = {
    "no openai": Surroundings(says="openai is not installed", without="openai", kept=1, warning="no-openai"),
    "openai 2.7": Surroundings(
        says="openai 2.7.2 is too old",
        python=lambda: with_openai("2.7.2"),
        kept=0,
        warning="openai-too-old",
    ),
    "an unknown protocol": Surroundings(
        says="'smoke' is unknown",
        environ={OTLP + "PROTOCOL": "smoke", OTLP + "ENDPOINT": "http://localhost:9"},
    ),
    "grpc without the extra": Surroundings(
        says="needs a package that is not installed",
        python=lambda: with_openai("2.54.0"),
        environ={OTLP + "PROTOCOL": "grpc", OTLP + "ENDPOINT": "http://localhost:9"},
    ),
    "grpc without grpcio": Surroundings(
        says="needs a package that is not installed",
        environ={OTLP + "PROTOCOL": "grpc", OTLP + "ENDPOINT": "http://localhost:9"},
        without="grpc",
    ),
    "an endpoint that is no URL": Surroundings(says="is no http", environ={OTLP + "ENDPOINT": "collector"}),
    "a store under a file": Surroundings(says="cannot be written", store="file/store.sqlite", kept=None),
    "a store that is a folder": Surroundings(says="cannot be written", store="folder", kept=None),
    "a store on a disk without writing": Surroundings(
        says="cannot be written", store="/proc/agentgauge/store.sqlite", kept=None
    ),
    "a store that is no database": Surroundings(says="cannot be written", store="text.sqlite", kept=None),
    "a store of a newer version": Surroundings(says="newer", store="newer.sqlite", kept=None),
}


@pytest.fixture
def folder(tmp_path):
    import sqlite3

    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "file").write_text("a file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.sqlite").write_text("this is no database " * 500)
    with sqlite3.connect(tmp_path / "newer.sqlite") as db:
        db.execute("PRAGMA user_version = 9999")
    db.close()
    return tmp_path


def packages(without, folder):
    """This environment's packages except those whose name starts so, as a folder of links."""
    links = folder / "packages"
    links.mkdir(exist_ok=True)
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith((without, "agentgauge", "_editable")) and entry.suffix != ".pth":
            link = links / entry.name
            if not link.exists():
                link.symlink_to(entry)
    return links


def command(case, mode, folder, url):
    """The program's command line and environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    path, python = str(SOURCES), case.python()
    if case.without:
        path += os.pathsep + str(packages(case.without, folder))
        python = Path(sys.executable).resolve()
    environ = kept | case.environ | {"PYTHONPATH": path}
    return [python, folder / "program.py", mode, url, folder / case.store], environ


def run(case, mode, folder):
    with SimulatedServer(seed=4) as server:
        arguments, environ = command(case, mode, folder, server.url)
        return subprocess.run(
            arguments,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.mark.parametrize("name", CASES)
def test_the_program_is_untouched_and_stderr_silent_unless_calls_are_lost(folder, name):
    case = CASES[name]
    bare, recorded = (run(case, mode, folder) for mode in ("without", "quiet"))

    assert (recorded.returncode, recorded.stdout) == (bare.returncode, bare.stdout) == (3, bare.stdout)
    assert bare.stdout
    if case.kept is not None:
        assert recorded.stderr == ""
    else:  # no report will ever tell
        assert recorded.stderr.count("\n") == 1
        assert "are lost when it ends" in recorded.stderr


@pytest.mark.parametrize("name", CASES)
def test_one_log_line_says_what_is_missing_and_the_report_says_so_too(folder, name):
    case = CASES[name]
    done = run(case, "logged", folder)

    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("agentgauge: ")
    assert case.says in lines[0]
    if case.kept is not None:
        store = folder / case.store
        assert len(rows(store)) == case.kept
        assert [warning["code"] for warning in rows(store, "SELECT code FROM warnings")] == [case.warning]
        shown = report(store)
        assert case.says in re.sub(r"\s+", " ", shown)


def report(store):
    done = subprocess.run(
        [sys.executable, "-m", "agentgauge", "report", "--store", store, "--format", "json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", ["a store under a file", "a store that is no database"])
def test_a_store_that_cannot_be_written_is_left_as_it_was(folder, name):
    case = CASES[name]
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    run(case, "quiet", folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


FLUSH_S = 2


@pytest.fixture
def silent():
    """An endpoint that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def nobody():
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def refusing():
    with Receiver() as receiver:
        receiver.status = 400
        yield int(receiver.url.rpartition(":")[2])


@pytest.fixture
def broken():
    with Receiver() as receiver:
        receiver.status = 500
        yield int(receiver.url.rpartition(":")[2])


@pytest.fixture
def overloaded():
    with Receiver() as receiver:
        receiver.status = 503
        yield int(receiver.url.rpartition(":")[2])


@pytest.fixture
def talkative():
    """A model server is no Collector: it answers spans with a 404 and a text."""
    with SimulatedServer(seed=1) as server:
        yield int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("endpoint", ["nobody", "silent", "refusing", "broken", "overloaded", "talkative"])
def test_an_endpoint_that_takes_nothing_costs_one_line_and_a_bounded_exit(folder, request, endpoint):
    case = surroundings(request.getfixturevalue(endpoint))

    stderr, exit_s = run_timed(case, "logged", folder)

    assert exit_s < FLUSH_S + 2
    assert re.fullmatch(
        r"agentgauge: .*(did not take spans|refuses spans as bad requests); they stay in the store.*\n",
        stderr,
    )
    assert len(rows(folder / case.store)) == 2
    assert waiting(folder) == 2


def surroundings(port, **environ):
    url = f"http://127.0.0.1:{port}"
    return Surroundings(
        says="", environ={OTLP + "ENDPOINT": url, "AGENTGAUGE_FLUSH_TIMEOUT": str(FLUSH_S), **environ}
    )


def run_timed(case, mode, folder):
    """What it wrote to stderr, and the seconds from its last word to its end."""
    with SimulatedServer(seed=4) as server:
        arguments, environ = command(case, mode, folder, server.url)
        with subprocess.Popen(
            arguments,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while process.stdout.readline() not in {"done\n", ""}:
                pass
            last_word = time.monotonic()
            _, stderr = process.communicate(timeout=60)
            assert process.returncode == 3
            return stderr, time.monotonic() - last_word


def waiting(folder):
    return rows(folder / "store.sqlite", "SELECT count(*) AS spans FROM outbox")[0]["spans"]


def test_without_logging_a_missing_endpoint_prints_nothing(folder, nobody):
    stderr, _ = run_timed(surroundings(nobody), "quiet", folder)

    assert stderr == ""


def test_the_next_process_sends_what_could_not_be_sent(folder, nobody):
    run_timed(surroundings(nobody), "quiet", folder)
    first = {call["span_id"] for call in rows(folder / "store.sqlite")}

    with Receiver(nobody) as receiver:
        run_timed(surroundings(nobody, AGENTGAUGE_FLUSH_TIMEOUT="10"), "quiet", folder)
        sent = {span["id"]: span["attributes"]["agentgauge.delivery"] for span in receiver.spans()}

    assert {span for span, delivery in sent.items() if delivery == "retry"} == first
    assert len(sent) == 4
    assert waiting(folder) == 0


def test_what_a_crash_left_in_the_outbox_is_found_by_any_later_process(folder, nobody):
    source = """
    import os, sys, time
    import agentgauge as ag
    ag.init("crash", store=sys.argv[3])
    ag.record_call(model="m", input_tokens=1, output_tokens=1)
    while not ag.init.__module__ or not os.path.exists(sys.argv[3] + ".go"):
        time.sleep(0.01)
    os._exit(3)
    """
    program = folder / "program.py"
    program.write_text(textwrap.dedent(source))
    case = surroundings(nobody)
    arguments, environ = command(case, "quiet", folder, "http://127.0.0.1:9")
    with subprocess.Popen(arguments, env=environ, stdin=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (rows_so_far(folder / case.store) and waiting(folder)):
            if time.monotonic() > deadline:
                process.kill()
                pytest.fail("nothing was committed in 30 s")
            time.sleep(0.02)
        (folder / "store.sqlite.go").touch()
        process.wait(timeout=30)
    program.write_text(PROGRAM)

    with Receiver(nobody) as receiver:
        run_timed(surroundings(nobody, AGENTGAUGE_FLUSH_TIMEOUT="10"), "quiet", folder)

    assert len(receiver.spans()) == 3
