"""One native stack, and the demo through it, twice; for tests that only count, a Prometheus alone.

Tests of the one stack are one group, so that one worker starts it; the others run on any.
"""

import os
import shutil
import subprocess
import sys

import pytest
import week_ago
from board_load import every_case
from kept_spans import keeping_spans
from local_stack import PROMETHEUS, PULSE, LocalStack, cached_binaries, quick_prometheus
from one_service import Prometheus
from webhook import Webhook

from agentgauge.stack.binaries import PROMTOOL, find
from agentgauge.stack.places import find_places
from agentgauge.stack.process import Running, alive
from otlp import Receiver

ALERTMANAGER = """
route: {{receiver: test, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: test, webhook_configs: [{{url: "{url}", send_resolved: true}}]}}]
"""
BUDGETS = """
budget_spent: {for: 2s}
budgets:
  - {service: agentgauge-demo, usd_per_month: 0.05}
  - {service: agentgauge-demo, agent: researcher, usd_per_month: 1}
"""
BUILD_S = 2400


def _need_programs():
    if None not in cached_binaries().values() or shutil.which("go"):
        return
    reason = "there are no binaries of the stack, and no Go to build them"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def binaries(tmp_path_factory):
    """The native programs, built into the user's cache when they are not there."""
    _need_programs()
    LocalStack(tmp_path_factory.mktemp("build")).run("up", "--only-build", timeout_s=BUILD_S)
    return cached_binaries()


@pytest.fixture(scope="session")
def prometheus(binaries, tmp_path_factory):
    """One for the Collectors that tests start themselves."""
    with Prometheus(binaries["prometheus"], tmp_path_factory.mktemp("prometheus")) as running:
        yield running


@pytest.fixture(scope="session")
def webhook():
    with Webhook() as running:
        yield running


@pytest.fixture(scope="session")
def kept(binaries, tmp_path_factory):
    """Where spans end up: a second Collector in the place of Tempo."""
    with keeping_spans(binaries["collector"], tmp_path_factory.mktemp("kept")) as running:
        yield running


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def backfilled(binaries, stack_folder):
    """What a service cost a week ago, in Prometheus' storage before it starts."""
    data = LocalStack(stack_folder).root / "data" / "prometheus"
    return week_ago.backfill(find(PROMTOOL, find_places()).path, data, week_ago.begin_s())


@pytest.fixture(scope="session")
def stack(binaries, kept, webhook, stack_folder, backfilled):
    """The running stack on free ports, with a fast pulse."""
    made = LocalStack(
        stack_folder,
        AGENTGAUGE_FLUSH_INTERVAL="1s",
        AGENTGAUGE_TEMPO_OTLP=kept.address,
    )
    made.write("deploy/alertmanager/alertmanager.yml", ALERTMANAGER.format(url=webhook.url))
    made.write(PROMETHEUS, quick_prometheus())
    made.write("dashboards/thresholds.yaml", PULSE)
    made.run("generate")
    made.up("--ports", "auto")
    processes = [Running(**process) for process in made.state["processes"]]
    yield made
    made.run("down")
    assert [process.name for process in processes if alive(process)] == []


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "store.sqlite"


@pytest.fixture(scope="session")
def reports(stack, demo_store):
    """Reports of two runs of the demo through the stack, each with the simulated server's books."""
    return [stack.demo(demo_store, seed=seed) for seed in (7, 11)]


@pytest.fixture(scope="session")
def budgets(stack, reports):
    """Budgets of a service, which is spent, and of an agent: {(service, agent): USD a month}."""
    stack.write("dashboards/thresholds.yaml", PULSE + BUDGETS)
    stack.run("generate")
    return {("agentgauge-demo", "all agents"): 0.05, ("agentgauge-demo", "researcher"): 1}


@pytest.fixture(scope="session")
def wire(tmp_path_factory):
    """(report, bodies) of a run of the demo whose spans a receiver took in a stack's place."""
    folder = tmp_path_factory.mktemp("wire")
    with Receiver() as receiver:
        report = LocalStack(folder).demo(folder / "store.sqlite", seed=5, endpoint=receiver.url)
        return report, list(receiver.bodies)


@pytest.fixture(scope="session")
def telling(stack):
    """A program that runs, and tells how its outbox is, as long as the tests do."""
    source = "import sys, agentgauge; agentgauge.init('telling'); sys.stdin.read()"
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.url("otlp_http"), "AGENTGAUGE_OUTBOX_METRICS": "1"}
    environment = stack.environment | told | {"AGENTGAUGE_STORE": str(stack.folder / "telling.sqlite")}
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as program:
        yield
        program.stdin.close()


@pytest.fixture(scope="session")
def load(stack, reports, wire, telling):
    """The demo, every case that a dashboard shows, and a program that still runs."""
    _, bodies = wire
    stack.send(every_case(bodies))
