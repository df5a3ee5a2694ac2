"""The README is true: its programs and commands run, and it names every setting that there is."""

import ast
import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from agentgauge import config
from agentgauge.cli import COMMANDS
from agentgauge.config import Settings, read_settings
from agentgauge.config_values import FLAGS
from agentgauge.demo.server_process import SimulatedServerProcess
from running import run

pytest_plugins = ["program_folder"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
VARIABLE = re.compile(r"\b(?:AGENTGAUGE|OTEL)_[A-Z_]+[A-Z]\b")
BETWEEN_PARENT_AND_CHILD = {"AGENTGAUGE_RUN_NOTES", "AGENTGAUGE_RUN_PATH", "AGENTGAUGE_RUN_PYTHON"}


def blocks(language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for named, text in fenced if named == language]


def commands(first_word):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line and line[0] == first_word]


@pytest.fixture(scope="module")
def server():
    with SimulatedServerProcess() as running:
        yield running


@pytest.fixture
def user(folder, server, monkeypatch):
    """A user's folder with the README's program in it, and a model server that has a price list."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sim-reader")
    monkeypatch.setenv("AGENTGAUGE_PROVIDERS", f"{server.address}=openai")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    (folder / "my_agent.py").write_text(blocks("python")[0])
    return folder


@pytest.mark.parametrize("program", blocks("python"))
def test_a_program_runs_and_says_nothing_on_stderr(user, program):
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout
    assert not ended.stderr


@pytest.mark.parametrize("command", commands("agentgauge"), ids=" ".join)
def test_a_command_runs(user, command):
    subprocess.run([sys.executable, "my_agent.py"], capture_output=True, check=True)

    ended = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "researcher" in ended.stdout + ended.stderr


def test_the_make_targets_are_there():
    for command in commands("make"):
        subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, check=True)


def test_the_call_by_hand_is_recorded(folder):
    call = " ".join(re.search(r"`(ag\.record_call\([^`]*\))`", README).group(1).split())
    program = f"import agentgauge as ag; ag.init(); {call}; print(ag.current().usage.cost_usd)"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert float(ended.stdout) == pytest.approx(1200 * 3e-6 + 80 * 15e-6)


def test_what_you_see_is_what_the_demo_prints(folder):
    """Numbers of a run come from the server's seed; only times, ids and estimates of time differ."""
    shown = [line for line in blocks("")[1].splitlines() if not line.startswith("agentgauge ")]
    environment = os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}

    ended = subprocess.run(
        [sys.executable, "-m", "agentgauge", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )

    printed = [line.rstrip() for line in ended.stdout.splitlines()]
    assert [line for line in shown if line.rstrip() not in printed] == []


def variables_read():
    """Every variable that reading the settings asks for."""
    asked = set()

    class Asked(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    read_settings(Asked())
    return asked


class TestSettings:
    def test_every_variable_is_on_the_page_of_settings(self):
        assert variables_read() - set(VARIABLE.findall(SETTINGS_PAGE)) == set()

    def test_every_variable_that_is_documented_is_read(self):
        source = "\n".join(path.read_text() for path in Path(config.__file__).parent.rglob("*.py"))
        literals = {
            word
            for path in Path(config.__file__).parent.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for word in VARIABLE.findall(node.value)
        }

        documented = set(VARIABLE.findall(README + SETTINGS_PAGE))

        assert documented - literals - {"OTEL_PROPAGATORS", "OTEL_TRACES_SAMPLER"} == set()
        assert documented >= BETWEEN_PARENT_AND_CHILD
        assert "OTEL_TRACES_SAMPLER" in source

    def test_every_field_is_on_the_page_with_its_default(self):
        rows = dict(re.findall(r"^\| `(\w+)` \|.*?\| ([^|]*) \| [^|]*\|$", SETTINGS_PAGE, re.MULTILINE))
        fields = {field.name: field for field in dataclasses.fields(Settings) if field.name != "problems"}

        assert rows.keys() == fields.keys()
        for name in ("flush_timeout_s", "protocol", *FLAGS):
            default = fields[name].default
            said = f"{default:g}" if isinstance(default, float) else str(default)
            assert rows[name].strip("`") == (said.lower() if isinstance(default, bool) else said), name


class TestForm:
    def test_it_is_short(self):
        assert len(README.splitlines()) <= 150

    def test_every_command_is_named(self):
        for command in COMMANDS:
            assert re.search(rf"\b{command}\b", README), command

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_its_links_lead_somewhere(self, page):
        targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())

        assert [target for target in targets if not (page.parent / target).exists()] == []

    def test_the_picture_names_folders(self):
        boxes = re.findall(r"\b([a-z]+)/", blocks("")[0])

        assert len(boxes) >= 6
        homes = (ROOT / "src" / "agentgauge", ROOT)
        assert [box for box in boxes if not any((home / box).is_dir() for home in homes)] == []


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs_and_its_bill_is_the_servers(user, example, monkeypatch):
    with SimulatedServerProcess() as own:
        monkeypatch.setenv("OPENAI_BASE_URL", own.base_url)
        monkeypatch.setenv("AGENTGAUGE_PROVIDERS", f"{own.address}=openai")

        ended = subprocess.run([sys.executable, example], capture_output=True, text=True, check=True)
        books = own.books()

    told = re.findall(r"(\d+) in, (\d+) out, ([\d.e-]+) USD", ended.stdout)
    assert not ended.stderr
    assert sum(int(into) for into, _, _ in told) == books["input_tokens"]
    assert sum(int(out) for _, out, _ in told) == books["output_tokens"]


def test_the_bill_of_run_equals_the_report(user):
    billed = json.loads(run(sys.executable, "my_agent.py", options=["--format", "json"]).stderr)

    reported = subprocess.run(
        [sys.executable, "-m", "agentgauge", "report", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(reported.stdout)["totals"] == billed["totals"]
