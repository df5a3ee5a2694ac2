"""What each leg does when the other side refuses; docs/delivery.md has it as a table."""

import grpc
import pytest
from call_spans import Requests
from eventually import eventually
from fake_prometheus import FakePrometheus
from fake_tempo import FakeTempo, free_port
from one_service import Collector, nobody_listens
from senders import Sender

from agentgauge.stack.shipped import shipped

pytestmark = pytest.mark.timeout(600)
GIVEN_UP = "otelcol_exporter_send_failed_metric_points"
SPANS_GIVEN_UP = "otelcol_exporter_send_failed_spans"


@pytest.fixture
def quick():
    """The generated config, which tries again sooner."""
    text = shipped("collector/config.yaml").read_text()
    sooner = text.replace("max_elapsed_time: 0", "max_elapsed_time: 0\n      initial_interval: 100ms")
    assert sooner != text
    return sooner


@pytest.mark.parametrize(
    ("status", "again"), [(400, False), (413, False), (500, False), (429, True), (503, True)]
)
def test_metrics_are_sent_again_or_given_up_and_the_next_flush_has_the_whole_sum(
    binaries, tmp_path, quick, status, again
):
    requests = Requests("refused", calls=32)
    with (
        FakePrometheus() as prometheus,
        Collector(binaries["collector"], tmp_path, prometheus=prometheus.url, config=quick) as collector,
    ):
        prometheus.metrics_status = status
        Sender(collector.otlp).deliver(requests.fresh())
        eventually(lambda: len(prometheus.refused) >= 2)
        assert prometheus.metric_bodies == []

        prometheus.metrics_status = 200
        eventually(prometheus.input_tokens, requests.books["total", "", "input_tokens"])

        assert (prometheus.came_again() > 0) is again
        # A request that is given up is counted: that is what an alert reads.
        eventually(lambda: (collector.own(GIVEN_UP) > 0) is not again)


def test_metrics_that_were_answered_200_and_lost_are_there_again_with_the_next_flush(binaries, tmp_path):
    """As from a full disk that is noticed too late."""
    requests = Requests("lost", calls=32)
    right = requests.books["total", "", "input_tokens"]
    with (
        FakePrometheus() as prometheus,
        Collector(binaries["collector"], tmp_path, prometheus=prometheus.url) as collector,
    ):
        Sender(collector.otlp).deliver(requests.fresh())
        eventually(prometheus.input_tokens, right)

        prometheus.metric_bodies.clear()

        eventually(prometheus.input_tokens, right)


@pytest.mark.parametrize(
    ("code", "retry_after_s", "again"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, None, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, None, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 0.1, True),
        (grpc.StatusCode.INTERNAL, None, False),
        (grpc.StatusCode.UNAVAILABLE, None, True),
    ],
)
def test_spans_are_sent_again_or_given_up_for_good(binaries, tmp_path, quick, code, retry_after_s, again):
    requests, port = Requests("refused", calls=32), free_port()
    with (
        nobody_listens() as nobody,
        FakeTempo(port, refuses_with=code, retry_after_s=retry_after_s) as tempo,
        Collector(
            binaries["collector"],
            tmp_path,
            prometheus=f"http://{nobody}",
            tempo=f"127.0.0.1:{port}",
            config=quick,
        ) as collector,
    ):
        Sender(collector.otlp).deliver(requests.fresh())
        eventually(lambda: tempo.refused > 0)
        tempo.refuses_with = None

        if again:
            eventually(lambda: len(tempo.ids()), requests.calls)
        else:
            eventually(lambda: collector.own(SPANS_GIVEN_UP), requests.calls)
            assert tempo.ids() == []
