"""`up`, `status`, `logs` and `down` as commands, on a stack of their own, and what they say when it fails."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest
from eventually import eventually
from local_stack import LocalStack

from agentgauge.stack.process import Running, alive

pytestmark = pytest.mark.timeout(3000)
SERVICES = ["collector", "prometheus", "alertmanager"]


@pytest.fixture
def own(binaries, tmp_path):
    """A stack of the test's own, stopped at its end."""
    made = LocalStack(tmp_path, AGENTGAUGE_FLUSH_INTERVAL="1s")
    yield made
    made.run("down")


def program(folder, source):
    """A program that stands in for a binary of the stack."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}")
    path.chmod(0o755)
    return str(path)


def processes(stack):
    return [Running(**one) for one in stack.state["processes"]]


def test_up_says_where_everything_is_and_what_is_left_out(own):
    said = own.up("--ports", "auto").stdout

    for name in ("otlp_http", "prometheus", "alertmanager"):
        assert own.url(name) in said
    assert f"export OTEL_EXPORTER_OTLP_ENDPOINT={own.url('otlp_http')}" in said
    assert "AGENTGAUGE_TEMPO" in said


def test_status_tells_ready_from_ended_and_from_nothing(own):
    assert own.run("status", check=False).returncode == 1
    own.up("--ports", "auto")
    assert own.run("status").stdout.count("ready      pid") == len(SERVICES)

    os.kill(processes(own)[1].pid, signal.SIGKILL)

    eventually(lambda: "prometheus    ended" in (told := own.run("status", check=False)).stdout and told)
    assert own.run("status", check=False).returncode == 1


def test_up_replaces_what_has_ended_on_the_same_ports(own):
    own.up("--ports", "auto")
    before, ports = processes(own), own.state["ports"]
    os.kill(before[0].pid, signal.SIGKILL)
    eventually(lambda: not alive(before[0]))

    own.up()

    assert own.run("status").returncode == 0
    assert own.state["ports"] == ports
    assert [one.name for one in before if alive(one)] == []


def test_up_keeps_the_folder_of_configs_that_the_stack_was_started_with(own):
    own.up("--ports", "auto")
    os.kill(processes(own)[0].pid, signal.SIGKILL)
    eventually(lambda: len([one for one in processes(own) if alive(one)]) < len(SERVICES))

    said = own.run("up", "--native").stdout

    assert own.state["overlay"] == str(own.config)
    assert str(own.config) in said


def test_up_says_which_configs_of_a_folder_it_takes(own):
    none = own.up("--ports", "auto").stdout
    rules = own.config / "dashboards" / "rules"
    rules.mkdir(parents=True)

    some = own.up().stdout

    assert f"{own.config} has none of the files that are read" in none
    assert f"{own.config} (dashboards/rules)" in some


def test_up_says_that_a_running_stack_keeps_its_ports(own):
    own.up("--ports", "auto")
    ports = own.state["ports"]

    said = own.up("--ports", "prometheus=19").stdout

    assert "keeps its ports" in said
    assert own.state["ports"] == ports


def test_rules_that_prometheus_refuses_are_told_until_they_are_right(own):
    own.up("--ports", "auto")
    rules = own.config / "dashboards" / "rules" / "mine.yaml"
    rules.parent.mkdir(parents=True)

    rules.write_text("groups: [{name: mine, rules: [{record: one, expr: vector(}]}]")
    refused = own.up(check=False)
    rules.write_text("groups: [{name: mine, rules: [{record: one, expr: vector(1)}]}]")
    own.up()

    assert refused.returncode == 2
    assert "mine.yaml" in refused.stderr
    assert [group["name"] for group in own.prometheus("rules")["groups"]] == ["mine"]


def test_data_stays_until_it_is_wiped(own, tmp_path):
    calls = "sum(last_over_time(agentgauge_calls_total[10m]))"
    own.up("--ports", "auto")
    own.demo(tmp_path / "store.sqlite", seed=1)

    own.run("down")  # what the Collector could not hand on before its end waits in its queue on disk
    own.up("--ports", "auto")
    eventually(lambda: [value for _, value in own.query(calls)], [14.0])

    own.run("down", "--wipe")
    own.up("--ports", "auto")
    assert own.query(calls) == []


def test_down_stops_all_and_a_second_one_has_nothing_to_do(own):
    own.up("--ports", "auto")
    started = processes(own)

    own.run("down")

    assert [one.name for one in started if alive(one)] == []
    assert "no stack" in own.run("down").stdout


def test_logs_are_of_one_service_or_of_all(own):
    own.up("--ports", "auto")

    assert "Server is ready" in own.run("logs", "prometheus").stdout
    assert {line.split()[0] for line in own.run("logs").stdout.splitlines()} == set(SERVICES)
    assert "collector" in own.run("logs", "nobody", check=False).stderr


def test_demo_otlp_sends_to_the_running_stack(own, tmp_path):
    own.up("--ports", "auto")

    said = own.run("demo", "--otlp", "--store", str(tmp_path / "store.sqlite")).stdout

    assert f"All spans were taken by {own.url('otlp_http')}" in said
    eventually(lambda: [value for _, value in own.query("sum(agentgauge_calls_total)")], [14.0])


def test_demo_otlp_without_a_stack_says_how_to_start_one(own, tmp_path):
    ended = own.run("demo", "--otlp", "--store", str(tmp_path / "store.sqlite"), check=False)

    assert ended.returncode == 2
    assert "agentgauge up" in ended.stderr


def test_a_taken_port_is_named_with_the_option_that_helps(own):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = own.up("--ports", f"auto,prometheus={port}", check=False)

    assert ended.returncode == 2
    assert f"Port {port}" in ended.stderr
    assert "--ports prometheus=PORT" in ended.stderr
    assert not (own.root / "stack.json").exists()


def test_a_binary_that_dies_shows_its_last_words_and_leaves_nothing_running(own, tmp_path):
    dying = program(tmp_path, "import sys; sys.exit('out of patience')")

    ended = own.up("--ports", "auto", AGENTGAUGE_PROMETHEUS=dying, check=False)

    assert ended.returncode == 2
    assert "prometheus ended while it started" in ended.stderr
    assert "out of patience" in ended.stderr
    assert not (own.root / "stack.json").exists()


def _take_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_running(own, tmp_path, number):
    never_ready = program(tmp_path, "import time; time.sleep(600)")
    with subprocess.Popen(
        [sys.executable, "-m", "agentgauge", "up", "--native", "--ports", "auto"],
        env=own.environment | {"AGENTGAUGE_ALERTMANAGER": never_ready},
        cwd=own.config,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=_take_interrupts,  # noqa: PLW1509  # tests that run in the background may have it ignored
    ) as starting:
        state = own.root / "stack.json"
        eventually(lambda: state.exists() and len(own.state["processes"]) == len(SERVICES))
        started = processes(own)
        starting.send_signal(number)
        starting.communicate(timeout=60)

    assert starting.returncode == 130
    assert [one.name for one in started if alive(one)] == []
    assert not state.exists()


def test_a_wrong_binary_and_a_missing_toolchain_say_what_to_do(own, tmp_path):
    wrong = own.up(AGENTGAUGE_TEMPO="/nowhere/tempo", check=False)
    without = own.up(XDG_CACHE_HOME=str(tmp_path / "empty"), PATH=str(tmp_path), check=False)

    assert (wrong.returncode, without.returncode) == (2, 2)
    assert "AGENTGAUGE_TEMPO=/nowhere/tempo" in wrong.stderr
    assert "https://go.dev/dl" in without.stderr
    assert "AGENTGAUGE_PROMETHEUS" in without.stderr
