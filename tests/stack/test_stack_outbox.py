"""An operator is told of spans that wait, of spans that are lost, and of a Collector that is gone."""

import time
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from eventually import eventually
from local_stack import PROMETHEUS, LocalStack, quick_prometheus
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from prometheus_api import DIRECT
from test_stack_kill import kill_collector

import agentgauge as ag
from agentgauge.config import read_settings
from otlp import Receiver

pytestmark = [pytest.mark.xdist_group("outbox stack"), pytest.mark.timeout(3000)]
WITHIN_S = 90
QUICK = """
query_offset: 1s
longest_interval: 1s
outbox_age: {threshold: 2, for: 2s}
telemetry_loss: {for: 2s}
telemetry_stopped: {for: 2s}
"""

RULES, HEARTBEAT = "dashboards/rules/indicators.yaml", "otelcol_usage_heartbeat"
SHIPPED, IMPATIENT = f"{HEARTBEAT}[5m]", f"{HEARTBEAT}[10s]"


class Gate(Receiver):
    """Stands before the Collector: metrics pass; so do spans, where `refuse` has no status for them."""

    def __init__(self, collector):
        super().__init__()
        self.collector = collector
        self.refuse = lambda body: None

    def status_for(self, body):
        return self.refuse(body) or self._passed("traces", body)

    def status_for_metrics(self, body):
        return self._passed("metrics", body)

    def _passed(self, signal, body):
        headers = {"Content-Type": "application/x-protobuf"}
        try:
            with DIRECT.open(Request(f"{self.collector}/v1/{signal}", body, headers), timeout=30) as answer:
                return answer.status
        except HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def own(binaries, tmp_path_factory):
    """A stack with impatient alerts, stopped at the end."""
    made = LocalStack(tmp_path_factory.mktemp("own"), AGENTGAUGE_FLUSH_INTERVAL="1s")
    made.write(PROMETHEUS, quick_prometheus())
    made.write("dashboards/thresholds.yaml", QUICK)
    made.run("generate")
    rules = (made.config / RULES).read_text()
    assert SHIPPED in rules
    made.write(RULES, rules.replace(SHIPPED, IMPATIENT))  # no threshold goes below a minute
    made.up("--ports", "auto")
    yield made
    made.run("down")


@pytest.fixture
def gate(own):
    with Gate(own.url("otlp_http")) as running:
        yield running


def start(service, store, endpoint):
    ag.init(
        settings=read_settings(
            {},
            service_name=service,
            environment="prod",
            store=str(store),
            endpoint=endpoint,
            outbox_metrics_s=0.5,
            set_global=False,
        )
    )


def calls(count):
    for _ in range(count):
        ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)


def counted(stack, service):
    found = stack.query(f'sum(agentgauge_calls_total{{service_name="{service}"}})')
    return [value for _, value in found]


def test_spans_that_wait_alert_until_they_have_left(own, gate, store):
    waiting = 'agentgauge_outbox_spans{service_name="waits"}'
    gate.refuse = lambda _: 503
    start("waits", store, gate.url)
    calls(3)

    (alert,) = eventually(lambda: own.alerts("TelemetryBacklog"), within_s=WITHIN_S)
    assert alert["labels"]["service_name"] == "waits"
    assert "Spans of waits wait for" in alert["annotations"]["summary"]
    ((labels, value),) = own.query(waiting)
    assert value == 3
    assert labels["deployment_environment_name"] == "prod"

    gate.refuse = lambda _: None
    eventually(lambda: counted(own, "waits"), [3.0], within_s=WITHIN_S)
    eventually(lambda: own.alerts("TelemetryBacklog") == [], within_s=WITHIN_S)
    assert [value for _, value in own.query(waiting)] == [0.0]


def test_spans_that_are_lost_alert_with_the_reason(own, gate, store):
    gate.refuse = lambda body: 400 if b"bad" in body else None
    start("loses", store, gate.url)
    calls(2)
    with ag.agent("bad"):
        calls(1)

    def reasons():
        return {alert["labels"]["reason"] for alert in own.alerts("TelemetryLoss")}

    eventually(reasons, {"spans that the endpoint refused"}, within_s=WITHIN_S)
    assert counted(own, "loses") == [2.0]


def test_a_collector_that_is_gone_alerts_until_it_is_back_and_nothing_is_lost(own, store):
    waiting = 'agentgauge_outbox_spans{service_name="goes on"}'
    start("goes on", store, own.url("otlp_http"))
    calls(1)
    eventually(lambda: counted(own, "goes on"), [1.0])

    kill_collector(own)
    calls(4)
    eventually(lambda: own.alerts("TelemetryStopped"), within_s=WITHIN_S)

    own.up()
    back_s = time.time()
    eventually(lambda: own.alerts("TelemetryStopped") == [], within_s=WITHIN_S)
    eventually(lambda: counted(own, "goes on"), [5.0], within_s=WITHIN_S)
    told = f"{waiting} and timestamp({waiting}) > {back_s}"
    eventually(lambda: [value for _, value in own.query(told)], [0.0], within_s=WITHIN_S)


def test_what_else_programs_send_as_metrics_is_taken_and_becomes_no_series(own, store):
    exporter = OTLPMetricExporter(endpoint=f"{own.url('otlp_http')}/v1/metrics")
    theirs = MeterProvider([PeriodicExportingMetricReader(exporter)])
    theirs.get_meter("theirs").create_counter("their.requests").add(1, {"user": "somebody"})
    assert theirs.force_flush()
    theirs.shutdown()
    start("beside", store, own.url("otlp_http"))
    eventually(lambda: own.query('agentgauge_outbox_spans{service_name="beside"}'))

    names = own.prometheus("label/__name__/values")
    assert [name for name in names if "their" in name] == []
