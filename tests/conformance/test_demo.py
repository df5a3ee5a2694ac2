"""The demo as a user runs it, judged by the books of the simulated server (law 1)."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from copy import deepcopy
from importlib.metadata import PackageNotFoundError

import pytest

from agentgauge.cli import demo as command
from agentgauge.cli import main
from agentgauge.demo.comparison import FIELDS, compare
from agentgauge.demo.server_process import SimulatedServerProcess
from agentgauge.demo.session import Ended

OURS = ("AGENTGAUGE_", "OTEL_", "OPENAI_")


def environment(folder, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)} | more


def demo(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "agentgauge", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(folder, **more),
        check=False,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "store.sqlite"


@pytest.fixture(scope="module")
def ended(store):
    """One demo run with --format json."""
    return demo(store.parent, "--format", "json", "--store", str(store))


@pytest.fixture(scope="module")
def report(ended):
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def books(report):
    return report["simulated_server"]


def added(rows, by):
    """Rows of the same name in one; None stays where no row knows better."""
    sums = defaultdict(lambda: dict.fromkeys(FIELDS))
    for row in rows:
        for field in FIELDS:
            if row[field] is not None:
                sums[row[by]][field] = (sums[row[by]][field] or 0) + row[field]
    return dict(sums)


def numbers(row):
    return {field: row[field] for field in FIELDS}


def test_totals_are_what_the_server_told(report, books):
    told = {name: books[name] for name in ("requests", "input_tokens", "output_tokens", "reasoning_tokens")}

    assert {name: report["totals"][name] for name in told} == told


def test_every_agent_is_what_the_server_told_its_key(report, books):
    told = {key.removeprefix("sim-"): numbers(row) for key, row in books["by_api_key"].items()}

    assert set(told) == {"planner", "researcher", "writer"}
    assert added(report["agents"], "agent") == told


def test_every_model_is_what_the_server_told_for_it(report, books):
    told = [
        row | {"model": model}
        for key in books["by_api_key"].values()
        for model, row in key["by_model"].items()
    ]

    assert added(report["models"], "model") == added(told, "model")


@pytest.mark.parametrize("rows", ["agents", "roles", "models", "workflows"])
def test_every_table_adds_up_to_the_totals(report, rows):
    exact = ("calls", "requests", "input_tokens", "output_tokens", "total_tokens", "cost_nanousd", "retries")

    assert {name: sum(row[name] for row in report[rows]) for name in exact} == {
        name: report["totals"][name] for name in exact
    }


def test_the_program_meets_what_programs_meet(report):
    totals = report["totals"]
    tools = {tool["tool"]: tool for tool in report["tools"]}
    memory = [row["calls"] for row in report["roles"] if row["role"] == "memory"]

    assert (totals["calls"], totals["retries"], totals["cancelled"], totals["errors"]) == (14, 2, 1, 0)
    assert totals["usage_sources"] == {"provider": 14, "estimated": 0, "mixed": 0, "none": 0}
    assert (tools["fetch"]["executions"], tools["fetch"]["errors"]) == (1, 1)
    assert memory == [4]
    assert [step["name"] for step in report["workflows"][0]["steps"]] == ["plan", "research", "write"]
    assert report["warnings"] == []


def test_a_cancelled_stream_is_billed_to_its_last_chunk_and_called_wasted(report):
    assert 0 < report["totals"]["wasted_tokens"] < report["totals"]["total_tokens"]
    assert 0 < report["totals"]["wasted_cost_nanousd"] < report["totals"]["cost_nanousd"]


def test_nothing_but_json_is_on_stdout_and_the_progress_is_on_stderr(ended, report):
    assert report["schema"] == "agentgauge.report/1"
    assert [word for word in ("planner", "researcher", "writer") if word not in ended.stderr] == []
    assert "The server's own books agree" in ended.stderr


def test_the_table_fits_a_hundred_columns_and_says_how_to_go_on(tmp_path):
    ended = demo(tmp_path, "--seed", "11")

    assert ended.returncode == 0, ended.stderr
    assert "priced as OpenAI" in ended.stderr
    assert "The server's own books agree" in ended.stdout
    assert "agentgauge report --run" in ended.stdout
    assert [line for line in ended.stdout.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("fault", ["dropped", "doubled", "on the wrong agent"])
def test_a_planted_fault_is_found(report, books, fault):
    doctored = deepcopy(report)
    rows = {row["agent"]: row for row in doctored["agents"]}
    change = {"dropped": -1, "doubled": 1, "on the wrong agent": 0}[fault]
    rows["writer"]["input_tokens"] += 500 if fault == "on the wrong agent" else 0
    rows["planner"]["input_tokens"] += 500 * (change or -1)
    doctored["totals"]["input_tokens"] += 500 * change

    wrong = {part.name for part in compare(doctored, _whole(books)) if part.differences}

    assert wrong == {"planner", "writer"} if change == 0 else {"planner", "total"}


def _whole(books):
    """The JSON leaves the cached tokens' total to the keys."""
    return books | {"cache_read_tokens": sum(k["cache_read_tokens"] for k in books["by_api_key"].values())}


def test_a_mismatch_is_loud_and_fails_the_command(report, books, store, capsys):
    wrong = deepcopy(_whole(books))
    wrong["by_api_key"]["sim-writer"]["output_tokens"] += 1

    status = command._show(Ended(run_id=report["run_id"], books=wrong, error=None), store, form="table")

    shown = capsys.readouterr().out
    assert status == 1
    assert "MISMATCH" in shown
    assert "writer: output_tokens is" in shown


def test_without_openai_it_says_what_to_install(monkeypatch, capsys):
    def missing(_):
        raise PackageNotFoundError

    monkeypatch.setattr(command, "version", missing)

    assert _main(monkeypatch, "demo") == 2
    assert 'pip install "agentgauge[demo]"' in capsys.readouterr().err


def test_an_old_openai_is_named(monkeypatch, capsys):
    monkeypatch.setattr(command, "version", lambda _: "1.109.1")

    assert _main(monkeypatch, "demo") == 2
    assert "1.109.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--live"], "OPENAI_API_KEY"), (["--model", "m"], "--live"), (["--store", "off"], "off")],
)
def test_what_cannot_work_is_refused_before_anything_runs(monkeypatch, capsys, arguments, said):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert _main(monkeypatch, "demo", *arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("AGENTGAUGE_INSTRUMENT", "0")])
def test_a_setting_that_switches_recording_off_is_named(monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)

    assert _main(monkeypatch, "demo") == 2
    assert f"{name}={value}" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["a file for a folder", "a newer store"])
def test_a_store_that_cannot_be_written_is_said_before_anything_runs(tmp_path, damage):
    path = tmp_path / "file"
    if damage == "a newer store":
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        path.touch()
        path /= "store.sqlite"

    ended = demo(tmp_path, "--store", str(path))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"error: The store {path} cannot be written (")
    assert ended.stderr.count("\n") == 1


def _main(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["agentgauge", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_live_uses_the_users_own_server_key_and_model(tmp_path):
    with SimulatedServerProcess(seed=5) as server:
        settings = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "my-key", "NO_PROXY": "127.0.0.1"}
        ended = demo(tmp_path, "--live", "--model", "my-model", "--format", "json", **settings)
        books = server.books()

    report = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert report["simulated_server"] is None
    assert report["totals"]["calls"] == books["by_api_key"]["my-key"]["answered"]
    assert {row["model"] for row in report["models"]} == {"my-model", "text-embedding-3-small"}


# A job in the background, such as a test run may be, has inherited that SIGINT is ignored.
INTERRUPTIBLE = """
import signal
from agentgauge.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_ctrl_c_shows_what_there_is(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    )
    while "planner" not in (line := process.stderr.readline()):
        assert line, "it ended before its first agent did"

    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Interrupted" in shown
    assert "planner" in shown


def test_the_server_ends_with_whatever_stops_the_demo():
    server = SimulatedServerProcess()

    with pytest.raises(KeyboardInterrupt), server:
        raise KeyboardInterrupt

    assert server._process.returncode is not None
