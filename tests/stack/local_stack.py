"""The stack as a user starts it: by the command line, with folders of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.request import Request

from prometheus_api import DIRECT, PrometheusApi, fetch

from agentgauge.stack.shipped import shipped

PROMETHEUS = "deploy/prometheus/prometheus.yml"
PULSE = "query_offset: 1s\nlongest_interval: 1s\n"
"""Thresholds that follow `quick_prometheus`."""
OURS = ("AGENTGAUGE_", "OTEL_", "OPENAI_")
BINARIES = {"AGENTGAUGE_COLLECTOR", "AGENTGAUGE_PROMETHEUS", "AGENTGAUGE_ALERTMANAGER", "AGENTGAUGE_TEMPO"}


class LocalStack(PrometheusApi):
    """`folder` holds its state and, in `config`, what differs from the shipped configs."""

    def __init__(self, folder, **environment):
        self.folder = folder
        self.config = folder / "config"
        self.config.mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS) or k in BINARIES}
        self.environment = kept | {"XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200"} | environment

    def run(self, *words, check=True, timeout_s=120, **environment):
        """`agentgauge ...` to its end, in the config folder."""
        done = subprocess.run(
            [sys.executable, "-m", "agentgauge", *words],
            env=self.environment | environment,
            cwd=self.config,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, name, text):
        """A config of its own in the place of the shipped one."""
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def up(self, *words, **options):
        return self.run("up", "--native", "--config", str(self.config), *words, **options)

    def demo(self, store, *, seed, endpoint=None):
        """One run of the demo; its report, which has the simulated server's books."""
        endpoint = endpoint or self.url("otlp_http")
        words = ("demo", "--format", "json", "--store", str(store), "--seed", str(seed))
        return json.loads(self.run(*words, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).stdout)

    @property
    def root(self):
        """Where data, logs and configs are."""
        return self.folder / "state" / "agentgauge" / "stack"

    @property
    def state(self):
        return json.loads((self.root / "stack.json").read_text())

    def url(self, port):
        return f"http://127.0.0.1:{self.state['ports'][port]}"

    @property
    def prometheus_url(self):
        return self.url("prometheus")

    def alerts(self, name):
        """The active alerts of this name in Alertmanager."""
        found = fetch(f"{self.url('alertmanager')}/api/v2/alerts?active=true")
        return [alert for alert in found if alert["labels"]["alertname"] == name]

    def send(self, body):
        """Posts one OTLP export request."""
        headers = {"Content-Type": "application/x-protobuf"}
        with DIRECT.open(Request(f"{self.url('otlp_http')}/v1/traces", body, headers), timeout=30) as answer:
            assert answer.status == 200


def quick_prometheus():
    """The shipped config, with a fast pulse."""
    ours = shipped(PROMETHEUS).read_text()
    quick = ours.replace("_interval: 15s", "_interval: 1s")
    assert quick != ours
    return quick


def cached_binaries():
    """The native programs that were found or built: name -> path, `None` for what is missing."""
    from agentgauge.stack.places import find_places
    from agentgauge.stack.plan import make_plan
    from agentgauge.stack.ports import Ports

    plan = make_plan(find_places(), Ports())
    return {found.program.name: Path(found.path) if found.built else None for found in plan.programs}
