"""Single services of the stack, started as `agentgauge up` starts them, to be killed and started again."""

import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import replace

from eventually import eventually
from prometheus_api import PrometheusApi

from agentgauge.stack import process, services
from agentgauge.stack.answers import get, is_ready
from agentgauge.stack.binaries import COLLECTOR, PROMETHEUS, Found
from agentgauge.stack.configs import write_configs
from agentgauge.stack.places import Places
from agentgauge.stack.ports import parse_ports

_READY_S, _STOP_S, _POLL_S = 60.0, 20.0, 0.02


class OneService:
    """A service that is not running yet; a `with` block starts it and stops it at its end."""

    def __init__(self, service, folder):
        self.service = service
        self.log = folder / f"{service.name}.log"
        self.running = None

    def start(self):
        self.running = process.start(
            self.service.name,
            self.service.command,
            environment=services.child_environment(self.service),
            log=self.log,
        )
        until = time.monotonic() + _READY_S
        while not is_ready(self.service.ready):
            assert process.alive(self.running), self.log.read_text()[-2000:]
            assert time.monotonic() < until, f"{self.service.name} is not ready"
            time.sleep(_POLL_S)

    def kill(self):
        """As kill -9 does it."""
        process.send(self.running, signal.SIGKILL)
        eventually(lambda: not process.alive(self.running))

    def stop(self):
        process.end([self.running], timeout_s=_STOP_S)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Collector(OneService):
    """Our Collector with the generated config, or with another."""

    def __init__(self, binary, folder, *, prometheus, tempo=None, config=None, **variables):
        places, ports = _places(folder)
        found = Found(program=COLLECTOR, path=binary, origin="test")
        write_configs(places, ports, overlay=None)
        if config is not None:
            (places.config / "collector.yaml").write_text(config)
        made = services.collector(found, places, ports, traces=tempo)
        changed = {"AGENTGAUGE_PROMETHEUS_URL": prometheus, "AGENTGAUGE_FLUSH_INTERVAL": "1s"} | variables
        super().__init__(replace(made, environment={**made.environment, **changed}), folder)
        self.otlp = ("127.0.0.1", ports.otlp_http)
        self.url = f"http://127.0.0.1:{ports.otlp_http}"
        self.otlp_grpc = f"127.0.0.1:{ports.otlp_grpc}"
        self.metrics_url = f"http://127.0.0.1:{ports.collector_metrics}/metrics"

    def own(self, name):
        """The sum over labels of one of its own metrics; 0 when there is none."""
        lines = get(self.metrics_url)[1].splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


class Prometheus(OneService, PrometheusApi):
    """A Prometheus with the shipped config and a folder of its own."""

    def __init__(self, binary, folder):
        places, ports = _places(folder)
        write_configs(places, ports, overlay=None)
        found = Found(program=PROMETHEUS, path=binary, origin="test")
        super().__init__(services.prometheus(found, places, ports), folder)
        self.prometheus_url = f"http://127.0.0.1:{ports.prometheus}"


def _places(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return Places(state=folder, cache=folder / "cache"), parse_ports(["auto"])


@contextmanager
def nobody_listens():
    """A host:port that refuses connections for the block."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"
