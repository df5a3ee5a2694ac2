"""The trace leg behind the counting: what it keeps, what it masks, and that it never touches a number."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from call_spans import Requests, put
from eventually import eventually
from fake_tempo import FakeTempo, free_port
from judge import wrong
from one_service import Collector
from senders import Sender
from sizes import TEMPO_OUTAGE_S, progress

from agentgauge.stack.shipped import shipped

pytestmark = pytest.mark.timeout(1200)
ERROR = 2
SECRETS = {
    "user.id": "ann.lee@example.com",
    "note": "call with sk-proj-Ab12Cd34Ef56Gh78Ij90 and Bearer abcdefghijklmnop0123",
    "gen_ai.conversation.id": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.s5Fk",
}
MASKED = {
    "user.id": "****",
    "note": "call with **** and ****",
    "gen_ai.conversation.id": "****",
}


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def collector(binaries, prometheus, tmp_path, port):
    """Not started yet; counts into the shared Prometheus."""
    return Collector(
        binaries["collector"],
        tmp_path,
        prometheus=prometheus.prometheus_url,
        tempo=f"127.0.0.1:{port}",
        AGENTGAUGE_QUEUE_BYTES="600000",
    )


def test_tempo_down_for_long_neither_delays_nor_doubles_a_metric(prometheus, collector, port):
    requests, sender, copies = Requests("tempo-down", calls=128), Sender(collector.otlp), 12
    began = time.monotonic()

    with collector, ThreadPoolExecutor(copies) as senders:
        sent = [senders.submit(sender.deliver, requests.fresh()) for _ in range(copies)]
        # All is counted while Tempo is down; most requests were refused for it, and are sent again and again.
        eventually(lambda: wrong(prometheus, requests, times=copies) or "none", "none")
        eventually(lambda: time.monotonic() - began > TEMPO_OUTAGE_S, within_s=TEMPO_OUTAGE_S + 1)
        assert sender.acknowledged < copies
        assert sender.refused > 10 * copies
        progress(f"Tempo was down for {TEMPO_OUTAGE_S:.0f} s; {sender.refused:,} requests refused")
        with FakeTempo(port) as tempo:
            for one in sent:
                one.result()
            eventually(lambda: len(tempo.ids()) >= copies * requests.calls, within_s=60)
            assert len(set(tempo.ids())) == len(tempo.ids()) == copies * requests.calls
        assert wrong(prometheus, requests, times=copies) == {}


def test_spans_that_sampling_drops_are_counted_and_not_kept(prometheus, collector, port):
    dropped = Requests("unsampled", calls=32, change=lambda span: put(span, {"agentgauge.sampled": False}))
    kept = Requests("unsampled", calls=16)

    with FakeTempo(port) as tempo, collector:
        sender = Sender(collector.otlp)
        for requests in (dropped, kept):
            sender.deliver(requests.fresh())
        both = Requests("unsampled", calls=0)
        both.books = dropped.books + kept.books
        eventually(lambda: wrong(prometheus, both, times=1) or "none", "none")
        eventually(lambda: len(tempo.ids()), kept.calls)


def test_keys_tokens_and_addresses_are_masked_and_no_number_changes(prometheus, collector, port):
    requests = Requests("masked", calls=32, change=lambda span: put(span, SECRETS))

    with FakeTempo(port) as tempo, collector:
        Sender(collector.otlp).deliver(requests.fresh())
        eventually(lambda: wrong(prometheus, requests, times=1) or "none", "none")
        eventually(lambda: len(tempo.ids()), requests.calls)
        found = tempo.attributes()

    assert [{name: one[name] for name in MASKED} for one in found] == [MASKED] * requests.calls
    untouched = {"gen_ai.response.id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012", "server.port": 443}
    assert [{name: one[name] for name in untouched} for one in found] == [untouched] * requests.calls


def test_tail_sampling_keeps_whole_traces_that_matter_and_counts_all(binaries, prometheus, tmp_path, port):
    def cheap(span):
        put(span, {"agentgauge.cost.nanousd": 1})
        span.start_time_unix_nano = span.end_time_unix_nano - 10**9

    def failed(span):
        cheap(span)
        if span.span_id[-1] == 1:  # one of the trace is enough
            span.status.code = ERROR

    def slow(span):
        cheap(span)
        span.start_time_unix_nano -= 60 * 10**9

    def expensive(span):
        cheap(span)
        put(span, {"agentgauge.cost.nanousd": 10**8})

    kinds = (cheap, failed, slow, expensive)
    requests = {change: Requests("tail", calls=8, change=change) for change in kinds}
    collector = Collector(
        binaries["collector"],
        tmp_path,
        prometheus=prometheus.prometheus_url,
        tempo=f"127.0.0.1:{port}",
        config=shipped("collector/config.tail-sampling.yaml").read_text(),
        AGENTGAUGE_TAIL_WAIT="1s",
        AGENTGAUGE_TAIL_PERCENT="0",
    )

    with FakeTempo(port) as tempo, collector:
        traces = {kind.__name__: secrets.token_bytes(16) for kind in kinds}
        for kind in kinds:
            Sender(collector.otlp).deliver(requests[kind].fresh(traces[kind.__name__]))
        eventually(lambda: wrong(prometheus, requests[cheap], times=len(kinds)) or "none", "none")
        eventually(lambda: len(tempo.ids()), 3 * 8)
        eventually(lambda: collector.own("otelcol_processor_tail_sampling_global_count_traces_sampled"), 4)
        kept = {trace for trace, _ in tempo.ids()}

    assert {name for name, trace in traces.items() if trace in kept} == {"failed", "slow", "expensive"}
