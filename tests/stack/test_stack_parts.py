"""Parts of the stack that need none: ports, processes, shipped files."""

import os
import re
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import yaml

from agentgauge.stack import process
from agentgauge.stack.ports import NAMES, Ports, parse_ports
from agentgauge.stack.shipped import StackError, shipped


def test_ports_are_named_one_by_one():
    assert parse_ports(["prometheus=19090,otlp-http=14318", "tempo=13200"]) == Ports(
        prometheus=19090, otlp_http=14318, tempo=13200
    )


def test_auto_ports_are_all_different():
    assert len(set(asdict(parse_ports(["auto"])).values())) == len(NAMES)


@pytest.mark.parametrize("word", ["prometheus", "prometheus=no", "prometheus=70000", "nobody=1", ""])
def test_a_wrong_port_is_refused_with_the_names_that_there_are(word):
    with pytest.raises(StackError, match="otlp-http"):
        parse_ports([word])


@pytest.fixture
def sleeper(tmp_path):
    """A process as the stack starts them."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = process.start("sleeper", command, environment=dict(os.environ), log=tmp_path / "sleeper.log")
    yield started
    process.end([started], timeout_s=5)


def test_a_process_ends_and_is_known_to_have_ended(sleeper):
    assert process.alive(sleeper)

    process.end([sleeper], timeout_s=5)

    assert not process.alive(sleeper)


def test_another_process_with_the_same_pid_is_left_alone(sleeper):
    impostor = replace(sleeper, born="another boot:1")

    process.end([impostor], timeout_s=0.2)

    assert not process.alive(impostor)
    assert process.alive(sleeper)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    source = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    command, log = [sys.executable, "-c", source], tmp_path / "stubborn.log"
    stubborn = process.start("stubborn", command, environment=dict(os.environ), log=log)
    while not process.last_lines(log, 1):
        assert process.alive(stubborn)

    process.end([stubborn], timeout_s=0.2)

    assert not process.alive(stubborn)


def test_the_log_of_the_run_before_is_kept(tmp_path):
    log = tmp_path / "speaker.log"
    for word in ("first", "second"):
        command = [sys.executable, "-c", f"print({word!r})"]
        started = process.start("speaker", command, environment=dict(os.environ), log=log)
        while process.alive(started):
            pass

    assert (log.read_text(), log.with_suffix(".log.1").read_text()) == ("second\n", "first\n")


def test_compose_mounts_only_what_there_is_and_publishes_on_this_machine_only():
    file = shipped("deploy/compose/compose.yaml")
    services = yaml.safe_load(file.read_text())["services"]

    mounted = [v.split(":")[0] for one in services.values() for v in one.get("volumes", []) if v[0] == "."]
    published = [port for one in services.values() for port in one.get("ports", [])]

    assert mounted
    assert [path for path in mounted if not (file.parent / path).exists()] == []
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_prometheus_takes_samples_as_old_as_span_ids_are_remembered():
    window = yaml.safe_load(shipped("deploy/prometheus/prometheus.yml").read_text())["storage"]["tsdb"]
    source = shipped("collector/usageconnector/config.go").read_text()

    remembered = re.search(r"DedupeWindow: +(\d+) \* time.Hour", source)[1]

    assert window["out_of_order_time_window"] == f"{remembered}h"


def test_an_installed_wheel_has_all_that_up_needs(tmp_path):
    root = shipped("collector").parent
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(root)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, str(installed), str(wheel)], check=True, capture_output=True, timeout=120)
    empty.mkdir()
    environment = dict(os.environ) | {"PYTHONPATH": str(installed), "XDG_STATE_HOME": str(tmp_path / "state")}

    code = "import agentgauge.stack.shipped as s; print(s.shipped('dashboards/rules'), s.shipped('deploy'))"
    where = subprocess.check_output([sys.executable, "-c", code], cwd=empty, env=environment, text=True)
    plan = subprocess.run(
        [sys.executable, "-m", "agentgauge", "up", "--native", "--dry-run"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert all(path.startswith(str(installed)) for path in where.split())
    assert "collector.yaml" in plan.stdout
    assert list(empty.iterdir()) == []
    assert not (tmp_path / "state").exists()
