"""The command line: what it prints, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner
from report_store import StoreFile, write_newsroom

from agentgauge._version import __version__
from agentgauge.cli import agentgauge as commands


@pytest.fixture
def newsroom(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    write_newsroom(store)
    return store.path


def agentgauge(*arguments, **environ):
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    return subprocess.run(
        [sys.executable, "-m", "agentgauge", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env=kept | {"PYTHONUTF8": "1"} | environ,
    )


def test_version():
    assert agentgauge("--version").stdout == f"agentgauge {__version__}\n"


def test_help_names_the_commands_and_imports_none_of_them():
    code = (
        "import sys; from agentgauge.cli import agentgauge as cli;"
        "cli.main(['--help'], standalone_mode=False);"
        "heavy = {'rich', 'openai', 'agentgauge.cli.report', 'agentgauge.report'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in ("report", "run", "demo"))


def test_report_shows_the_last_run_as_a_table_of_a_hundred_columns_in_a_pipe(newsroom):
    done = agentgauge("report", "--store", newsroom)
    assert done.returncode == 0
    assert "run run-1" in done.stdout
    assert max(map(len, done.stdout.splitlines())) == 100
    assert "\x1b" not in done.stdout


def test_report_as_json_is_nothing_but_json(newsroom):
    done = agentgauge("report", "--format", "json", AGENTGAUGE_STORE=str(newsroom))
    assert json.loads(done.stdout)["totals"]["calls"] == 6
    assert done.stderr == ""


def test_colour_is_forced_and_forbidden_by_the_usual_variables(newsroom):
    assert "\x1b[" in agentgauge("report", "--store", newsroom, FORCE_COLOR="1").stdout
    assert "\x1b[" not in agentgauge("report", "--store", newsroom, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_an_empty_store_says_how_to_fill_it(tmp_path):
    done = agentgauge("report", "--store", tmp_path / "none.sqlite")
    assert done.returncode == 0
    assert f"No calls yet in {tmp_path / 'none.sqlite'}, which does not exist." in done.stdout
    assert "agentgauge run --" in done.stdout


IMPOSSIBLE = {
    ".": "is a folder",
    "file/store.sqlite": "is no folder",
    "loop": "Symlink loop",
    "a" * 300: "File name too long",
    "/dev/null": "no regular file",
    "/proc/agentgauge/store.sqlite": "/proc cannot be written",
}


@pytest.mark.parametrize("path", IMPOSSIBLE)
def test_a_path_where_no_store_can_be_is_an_error(tmp_path, path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    done = agentgauge("report", "--store", tmp_path / path)
    assert (done.returncode, done.stdout) == (2, "")
    assert IMPOSSIBLE[path] in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_looking_for_a_place_leaves_no_trace(tmp_path):
    before = tmp_path.stat().st_mtime_ns
    assert agentgauge("report", "--store", tmp_path / "below" / "none.sqlite").returncode == 0
    assert (list(tmp_path.iterdir()), tmp_path.stat().st_mtime_ns) == ([], before)


def test_an_empty_store_is_zeros_in_json(tmp_path):
    done = agentgauge("report", "--format", "json", "--store", tmp_path / "none.sqlite")
    assert json.loads(done.stdout)["totals"]["calls"] == 0


def test_a_run_is_found_by_the_start_of_its_id(newsroom):
    done = agentgauge("report", "--run", "run", "--format", "json", "--store", newsroom)
    assert json.loads(done.stdout)["run_id"] == "run-1"


def test_cost_by_a_tag_comes_as_a_table_and_as_json(newsroom):
    table = agentgauge("report", "--by", "tag:team", "--store", newsroom)
    found = agentgauge("report", "--by", "agent,tag:team", "--format", "json", "--store", newsroom)
    rows = json.loads(found.stdout)["tags"]

    assert "Tag team" in table.stdout
    assert "Agents" not in table.stdout
    assert {row["tag"] for row in rows} == {"team"}
    assert sum(row["calls"] for row in rows) == json.loads(found.stdout)["totals"]["calls"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "yesterday"], "--since"),
        (["--until", "99999999999d"], "--until"),
        (["--by", "planet"], "--by"),
        (["--by", "agent,tag:"], "tag:KEY"),
        (["--run", "nope"], "The last one is run-1"),
        (["--last", "--since", "1h"], "keep one of them"),
        (["--since", "1h", "--until", "2h"], "Swap the two"),
        (["--store", "off"], "--store PATH"),
        (["--format", "yaml"], "--format"),
    ],
)
def test_bad_input_is_one_error_that_names_the_flag(newsroom, arguments, says):
    done = agentgauge("report", *arguments, AGENTGAUGE_STORE=str(newsroom))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_no_store_is_an_error_without_a_traceback(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, not at all " * 50)
    done = agentgauge("report", "--store", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path} is no SQLite database")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE scopes SET details = '{broken'",
        "UPDATE scopes SET details = '[1]'",
        "UPDATE scopes SET tags = 'no'",
        "UPDATE calls SET tags = 'no'",
        "UPDATE calls SET not_attributable = '{}'",
    ],
)
def test_a_damaged_column_is_an_error_without_a_traceback(newsroom, damage):
    with closing(sqlite3.connect(newsroom)) as db, db:
        assert db.execute(damage).rowcount
    done = agentgauge("report", "--store", newsroom, "--by", "tag:team")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {newsroom} is damaged (")


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_leaves_early_is_no_error(newsroom, form):
    command = [sys.executable, "-m", "agentgauge", "report", "--store", str(newsroom), "--format", form]
    reading, writing = os.pipe()
    os.close(reading)  # gone before the first line
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


class TestFormats:
    """`report --format` beyond tables and JSON."""

    def test_csv_has_a_line_for_each_call_and_tools_narrow_it_down(self, newsroom):
        every = agentgauge("report", "--store", newsroom, "--format", "csv").stdout.splitlines()
        calls = json.loads(agentgauge("report", "--store", newsroom, "--format", "json").stdout)["totals"]
        some = agentgauge("report", "--store", newsroom, "--format", "csv", "--tools").stdout.splitlines()

        assert every[0].startswith("request_id,timestamp,model,action,input_tokens")
        assert len(every) == calls["calls"] + 1
        assert 1 < len(some) < len(every)
        assert set(some) < set(every)

    def test_text_statistics_and_llm_usage_tell_the_same_total(self, newsroom):
        def told(form):
            return agentgauge("report", "--store", newsroom, "--workflow", "T-42", "--format", form).stdout

        report, (trial,) = json.loads(told("json")), json.loads(told("llm-usage"))

        total = report["totals"]["total_tokens"]
        assert (trial["id"], trial["llm_usage"]["total_tokens"]) == ("T-42", total)
        assert f"\nTotal Tokens: {total}\n" in told("text")
        assert told("statistics").startswith("EXECUTION STATISTICS\n")

    def test_an_unknown_workflow_has_nothing(self, newsroom):
        done = agentgauge("report", "--store", newsroom, "--workflow", "T-99", "--format", "llm-usage")

        assert (done.returncode, done.stdout) == (0, "[]\n")

    def test_choosing_by_tools_is_for_csv(self, newsroom):
        done = agentgauge("report", "--store", newsroom, "--tools")

        assert (done.returncode, "--format csv" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        "report",
        "run",
        "doctor",
        "demo",
        "generate",
        "thresholds",
        "thresholds set",
        "up",
        "down",
        "status",
        "logs",
    ],
)
def test_every_command_helps_with_examples(command):
    helped = CliRunner().invoke(commands, [*command.split(), "--help"])

    assert helped.exit_code == 0
    assert f"agentgauge {command.split()[0]}" in helped.output.partition("Examples:")[2]


def in_shell(line, *arguments):
    command = ["sh", "-c", line, sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_report_that_cannot_be_written_is_one_clear_line(newsroom, form):
    line = f'"$0" -m agentgauge report --store "$1" --format {form}'
    closed = in_shell(f"{line} >&-", newsroom)
    full = in_shell(f"{line} >/dev/full", newsroom)

    assert (closed.returncode, closed.stderr.count("\n")) == (2, 1)
    assert closed.stderr.startswith("error: Standard output is closed.")
    assert (full.returncode, full.stderr) == (
        1,
        "error: The output cannot be written: No space left on device.\n",
    )


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_run_whose_bill_cannot_be_written_ends_as_its_program(stderr):
    assert in_shell(f'"$0" -m agentgauge run -- sh -c "exit 3" {stderr}').returncode == 3
    assert in_shell(f'"$0" -m agentgauge run -- "$0" -c pass {stderr}').returncode == 0
