"""A second real Collector that stands in for Tempo: it receives OTLP and writes files."""

import json
import subprocess
from contextlib import contextmanager

from eventually import eventually
from local_stack import DIRECT

from agentgauge.stack.ports import parse_ports

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}}}
exporters: {{file: {{path: "{file}", flush_interval: 200ms}}}}
extensions: {{health_check: {{endpoint: "127.0.0.1:{health}"}}}}
service:
  extensions: [health_check]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [file]}}}}
"""
KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT"}


class KeptSpans:
    def __init__(self, file, *, grpc):
        self.file = file
        self.address = f"127.0.0.1:{grpc}"

    def text(self):
        return self.file.read_text() if self.file.exists() else ""

    def spans(self, service):
        """The spans of a service as plain dicts, in order of their start."""
        requests = [json.loads(line) for line in self.text().splitlines() if line.endswith("}")]
        groups = [group for request in requests for group in request["resourceSpans"]]
        found = [
            _span(span)
            for group in groups
            if _attributes(group["resource"]).get("service.name") == service
            for scope in group["scopeSpans"]
            for span in scope["spans"]
        ]
        return sorted(found, key=lambda span: span["start"])


def _span(span):
    return {
        "name": span["name"],
        "kind": KINDS[span["kind"]],
        "id": span["spanId"],
        "parent": span.get("parentSpanId", ""),
        "trace": span["traceId"],
        "start": int(span["startTimeUnixNano"]),
        "error": span.get("status", {}).get("code") == 2,
        "attributes": _attributes(span),
    }


def _attributes(owner):
    return {pair["key"]: next(iter(pair["value"].values()), None) for pair in owner.get("attributes", [])}


@contextmanager
def keeping_spans(collector, folder):
    """Runs the Collector for the block."""
    free = parse_ports(["auto"])
    grpc, health = free.tempo_otlp, free.tempo
    config, file = folder / "keeper.yaml", folder / "traces.jsonl"
    config.write_text(CONFIG.format(grpc=grpc, health=health, file=file))
    with (folder / "keeper.log").open("w") as log:
        process = subprocess.Popen(
            [str(collector), f"--config={config}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        eventually(lambda: _answers(f"http://127.0.0.1:{health}/"))
        yield KeptSpans(file, grpc=grpc)
    finally:
        process.terminate()
        process.wait(20)


def _answers(url):
    try:
        with DIRECT.open(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
