"""What `thresholds` and `generate` do before and after they write: ask promtool, know names, tell a stack."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from report_store import StoreFile, write_newsroom

from agentgauge.cli import main
from agentgauge.cli.effect import NO_STACK
from agentgauge.generate import files
from agentgauge.stack.places import find_places
from agentgauge.stack.ports import Ports
from agentgauge.stack.state import CONTAINERS, State, write_state

REFUSING = "import sys; print(f'{sys.argv[-1]}: 3:9: something wrong', file=sys.stderr); sys.exit(1)"
RULES, THRESHOLDS = files.RULES, files.THRESHOLDS
SET = ("thresholds", "set", "tool_overhead_ratio", "0.25")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, on a machine without promtool, stack or store."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("AGENTGAUGE_PROMTOOL", raising=False)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def agentgauge(folder, monkeypatch, capsys):
    """The command, in that folder."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["agentgauge", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def refusing(tmp_path, monkeypatch):
    """A promtool that takes no rules."""
    program = tmp_path / "promtool"
    program.write_text(f"#!{sys.executable}\n{REFUSING}\n")
    program.chmod(0o755)
    monkeypatch.setenv("AGENTGAUGE_PROMTOOL", str(program))
    return program


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [SET, ("generate",)])
def test_rules_that_promtool_refuses_are_not_written(agentgauge, folder, refusing, words):
    done = agentgauge(*words)

    assert done.returncode == 2
    assert f"{RULES}: 3:9: something wrong\nNothing was written" in done.stderr
    assert contents(folder) == {}


def test_check_fails_where_promtool_refuses_the_rules(agentgauge, refusing):
    done = agentgauge("thresholds", "check")
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"error: promtool refuses the rules ({refusing}):\n{RULES}: 3:9: something wrong\n"
    )


def test_check_says_that_there_is_no_promtool(agentgauge):
    agentgauge("generate")
    done = agentgauge("thresholds", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{THRESHOLDS} is valid.\nNo promtool was found, so")


def test_check_names_every_stale_file_that_is_there(agentgauge, folder):
    agentgauge("generate")
    (folder / "dashboards" / "spend.json").write_text("{}")
    (folder / files.REFERENCE).unlink()
    (folder / THRESHOLDS).write_text("tool_overhead_ratio: {threshold: 0.2}\n")

    done = agentgauge("thresholds", "check")

    assert done.returncode == 1
    stale = [f"stale: {RULES}", "stale: dashboards/spend.json", "Run: agentgauge generate"]
    assert done.stderr.splitlines() == stale


def test_a_promtool_that_does_not_run_is_named(agentgauge, refusing):
    refusing.write_text("no program")
    done = agentgauge("thresholds", "check")
    assert done.returncode == 2
    assert f"{refusing} (AGENTGAUGE_PROMTOOL) cannot be run" in done.stderr


def test_without_a_stack_set_says_how_the_rules_take_effect(agentgauge):
    done = agentgauge(*SET)
    assert done.stdout.splitlines() == [
        "tool_overhead_ratio alerts above 0.25.",
        f"Wrote {THRESHOLDS}, {RULES}.",
        NO_STACK.format(rules=RULES),
    ]


@pytest.mark.parametrize("words", [SET, ("generate",)])
def test_containers_are_told_by_hand(agentgauge, folder, words):
    write_state(find_places(), State(mode=CONTAINERS, ports=Ports(), overlay=str(folder)))
    done = agentgauge(*words)
    assert done.returncode == 0, done.stderr
    assert "The stack runs in containers" in done.stdout
    assert "`agentgauge down`, then `agentgauge up --config .` gives them these." in done.stdout


def test_a_stack_of_another_folder_is_left_alone(agentgauge, tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "dashboards" / "rules").mkdir(parents=True)
    write_state(find_places(), State(mode=CONTAINERS, ports=Ports(), overlay=str(theirs)))
    assert f"takes its rules from {theirs}/dashboards/rules" in agentgauge(*SET).stdout


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("tool_overhed_ratio", "tool_overhed_ratio is no indicator. Did you mean tool_overhead_ratio?"),
        ("latency", "latency is no indicator. There are tool_overhead_ratio, tool_usage_ratio, "),
        ("cost_rate", "cost_rate has no threshold that could be set. "),
    ],
)
def test_an_unknown_indicator_is_told_the_closest(agentgauge, word, said):
    done = agentgauge("thresholds", "set", word, "0.2")
    assert done.returncode == 2
    assert said in done.stderr


@pytest.fixture
def newsroom(tmp_path, monkeypatch):
    """A store in which planner, researcher and writer of support-bot have called, and tools of theirs."""
    store = StoreFile(tmp_path / "store.sqlite")
    write_newsroom(store)
    monkeypatch.setenv("AGENTGAUGE_STORE", str(store.path))
    return store


@pytest.mark.parametrize(
    ("indicator", "whom", "meant"),
    [
        ("tool_overhead_ratio", ("--agent", "reseacher"), "researcher"),
        ("tool_overhead_ratio", ("--service", "Support-Bot"), "support-bot"),
        ("unused_tool", ("--tool", "serach"), "search"),
    ],
)
def test_a_name_that_looks_mistyped_is_refused(agentgauge, folder, newsroom, indicator, whom, meant):
    refused = agentgauge("thresholds", "set", indicator, "0.5", *whom)
    assert refused.returncode == 2
    assert f"Did you mean {meant}? If the name is right: --new" in refused.stderr
    assert contents(folder) == {}

    insisted = agentgauge("thresholds", "set", indicator, "0.5", *whom, "--new")
    assert insisted.returncode == 0
    assert f"note: no {whom[0][2:]} called {whom[1]} has been recorded here" in insisted.stderr


def test_a_name_that_is_recorded_needs_no_word(agentgauge, newsroom):
    done = agentgauge(*SET, "--agent", "researcher", "--service", "support-bot")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_notes_names_that_nobody_has_recorded(agentgauge, newsroom):
    agentgauge(*SET, "--agent", "reseacher", "--new")
    done = agentgauge("thresholds", "check")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"note: {THRESHOLDS}: no agent called reseacher has been recorded here. Did you mean researcher?"
    ]
