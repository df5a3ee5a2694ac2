"""Programs that know nothing of agentgauge: traced by OpenLLMetry and the like, counted to the token."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from eventually import eventually
from judge import measured, told
from one_service import Collector

from agentgauge.demo.simulated import SimulatedServer
from environments import made_once, with_current_openai

pytestmark = pytest.mark.timeout(1200)
FOREIGN = Path(__file__).parents[1] / "foreign"
PINS = (
    "opentelemetry-instrumentation-genai-openai==1.3b0",
    "opentelemetry-instrumentation-openai==0.62.4",
    "opentelemetry-semantic-conventions-ai==0.5.1",
    "opentelemetry-util-genai==1.3b0",
)


@pytest.fixture
def model_server():
    with SimulatedServer(seed=3) as running:
        yield running


@pytest.fixture
def collector(binaries, prometheus, tmp_path, model_server):
    """One that knows who answers at the simulated server, before the shared Prometheus."""
    host = model_server.url.split("//")[1]
    with Collector(
        binaries["collector"],
        tmp_path,
        prometheus=prometheus.prometheus_url,
        AGENTGAUGE_COLLECTOR_PROVIDERS=json.dumps({host: "openai"}),
    ) as running:
        yield running


def run(*command):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    done = subprocess.run(
        command, env=kept, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def assert_counted(prometheus, service, server, *, without=()):
    """Equal to the server's books, but for kinds and fields that the instrumentation does not tell."""
    right = told([{"simulated_server": server.books.to_dict()}])
    right = {key: count for key, count in right.items() if not {key[0], key[2]} & {*without}}
    assert ("total", "", "input_tokens") in right
    eventually(lambda: {key: measured(prometheus, service)[key] for key in right}, right, within_s=15)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("official", ()),
        ("openllmetry", ("reasoning_tokens",)),  # not told of streams
        ("openinference", ("model",)),  # it has the name of the model that answered, not of the one asked
    ],
)
def test_a_python_program_is_counted_to_the_token(prometheus, collector, model_server, name, without):
    python = with_current_openai(*PINS)

    run(python, FOREIGN / "program.py", name, model_server.url, collector.url)

    assert_counted(prometheus, f"foreign-{name}", model_server, without=without)


@pytest.fixture(scope="session")
def node_program():
    """The TypeScript program, compiled, beside the packages that it needs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so no TypeScript program was run")
    names = ("package.json", "package-lock.json", "tsconfig.json", "tracing.ts", "program.ts")
    files = [FOREIGN / name for name in names]

    def make(folder):
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy(file, folder)
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        for command in (npm, ["npx", "--no-install", "tsc"]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

    return made_once("\n".join(file.read_text() for file in files), make) / "program.js"


def test_a_typescript_program_is_counted_to_the_token(prometheus, collector, model_server, node_program):
    run("node", node_program, model_server.url, collector.url)

    # Its instrumentation tells neither part; without the cached one its cost is too high.
    untold = ("reasoning_tokens", "cache_read_tokens", "cost_nanousd")
    assert_counted(prometheus, "foreign-typescript", model_server, without=untold)
