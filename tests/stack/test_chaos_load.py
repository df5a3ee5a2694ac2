"""To the token and nano-USD at full speed: many senders, batches that come twice, more labels than fit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from call_spans import Requests
from eventually import eventually
from judge import wrong
from one_service import Collector
from senders import Sender, deliver_all
from sizes import FLOOD, FLOOD_FLUSH, FLOOD_LIMIT, FLOOD_WITHIN_S, LOAD_REQUESTS, progress

pytestmark = pytest.mark.timeout(3000)
SENDERS = 8


@pytest.fixture
def counting(binaries, prometheus, tmp_path):
    """A Collector of the test's own, before the shared Prometheus."""
    with Collector(binaries["collector"], tmp_path, prometheus=prometheus.prometheus_url) as running:
        yield running


def test_concurrent_senders_at_full_speed_lose_nothing(prometheus, counting):
    requests, sender = Requests("concurrent"), Sender(counting.otlp)

    deliver_all(sender, (requests.fresh() for _ in range(LOAD_REQUESTS)), senders=SENDERS)

    progress(f"{LOAD_REQUESTS * requests.calls:,} calls from {SENDERS} senders")
    eventually(lambda: wrong(prometheus, requests, times=LOAD_REQUESTS) or "none", "none")


def test_batches_that_two_connections_send_at_once_count_once(prometheus, counting):
    requests = Requests("doubled", calls=256, seed=2)
    bodies = [requests.fresh() for _ in range(LOAD_REQUESTS // 2)]
    first, second = Sender(counting.otlp), Sender(counting.otlp)

    with ThreadPoolExecutor(2) as both:
        for done in [
            both.submit(deliver_all, sender, bodies, senders=SENDERS // 2) for sender in (first, second)
        ]:
            done.result()

    eventually(lambda: wrong(prometheus, requests, times=len(bodies)) or "none", "none")
    assert counting.own("otelcol_usage_duplicate_spans") == len(bodies) * requests.calls


def test_totals_hold_when_more_agents_come_than_there_may_be_series(binaries, prometheus, tmp_path):
    """What is over the limit goes to one series; only the sums by agent are then not told apart."""
    collector = Collector(
        binaries["collector"],
        tmp_path,
        prometheus=prometheus.prometheus_url,
        AGENTGAUGE_SERIES_LIMIT=str(FLOOD_LIMIT),
        AGENTGAUGE_FLUSH_INTERVAL=FLOOD_FLUSH,
    )
    flood = [
        Requests("flood", calls=500, seed=first, agents=[f"agent-{n}" for n in range(first, first + 500)])
        for first in range(0, FLOOD, 500)
    ]

    with collector:
        deliver_all(Sender(collector.otlp), (requests.fresh() for requests in flood), senders=SENDERS)
        told = {
            field: sum(requests.books["total", "", field] for requests in flood)
            for field in ("input_tokens", "output_tokens", "cost_nanousd")
        }
        eventually(lambda: _totals(prometheus, "flood"), told, within_s=FLOOD_WITHIN_S)
        progress(f"{FLOOD:,} agents into {FLOOD_LIMIT:,} series: totals hold")
        series = prometheus.query(
            'count(gen_ai_client_inference_usage_input_tokens_total{service_name="flood"})'
        )
        assert series[0][1] == FLOOD_LIMIT + 1
        assert collector.own("otelcol_usage_overflow_values") > 0


def _totals(prometheus, service):
    def total(metric, scale=1):
        return sum(
            round(scale * value) for _, value in prometheus.query(f'{metric}{{service_name="{service}"}}')
        )

    return {
        "input_tokens": total("gen_ai_client_inference_usage_input_tokens_total"),
        "output_tokens": total("gen_ai_client_inference_usage_output_tokens_total"),
        "cost_nanousd": total("agentgauge_cost_usd_total", 10**9),
    }
