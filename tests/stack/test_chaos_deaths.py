"""To the token and nano-USD whatever dies: the Collector, Prometheus for a while, each process."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from call_spans import Requests
from eventually import eventually
from judge import compared, measured, told, wrong
from one_service import Collector, Prometheus
from senders import Sender, under_load
from sizes import KILL_SEEDS, OUTAGE_S, PROCESSES, progress

from agentgauge.demo.simulated import SimulatedServer

pytestmark = pytest.mark.timeout(3000)
SENDERS = 4
LONGEST_LIFE_S = 1.0
SERVICE = "short-lives"
PROGRAM = Path(__file__).with_name("one_call_each.py")


def test_kill_9_of_the_collector_at_random_points_loses_and_doubles_nothing(binaries, prometheus, tmp_path):
    requests = Requests("killed-under-load", calls=128)
    collector = Collector(binaries["collector"], tmp_path, prometheus=prometheus.prometheus_url)
    sender = Sender(collector.otlp)

    with collector:
        with under_load(sender, requests, senders=SENDERS) as taken:
            for seed in KILL_SEEDS:
                refused = sender.refused
                time.sleep(random.Random(seed).random() * LONGEST_LIFE_S)
                collector.kill()
                eventually(lambda before=refused: sender.refused > before)
                collector.start()
                progress(f"killed with seed {seed}; {sender.acknowledged:,} requests acknowledged so far")
        eventually(lambda: wrong(prometheus, requests, times=len(taken)) or "none", "none")


def test_what_was_counted_while_prometheus_was_down_is_there_when_it_is_back(binaries, tmp_path):
    """The Collector is killed meanwhile, so its queue and its sums come from the disk."""
    requests = Requests("outage", calls=64)
    prometheus = Prometheus(binaries["prometheus"], tmp_path / "prometheus")
    collector = Collector(binaries["collector"], tmp_path / "collector", prometheus=prometheus.prometheus_url)
    sender = Sender(collector.otlp)

    with prometheus, collector:
        with under_load(sender, requests, senders=SENDERS, pause_s=0.05) as taken:
            sender.wait_for(20)
            prometheus.kill()
            time.sleep(OUTAGE_S / 2)
            collector.kill()
            collector.start()
            time.sleep(OUTAGE_S / 2)
            prometheus.start()
            progress(f"Prometheus was down for {OUTAGE_S:.0f} s; {len(taken):,} requests until now")
            sender.wait_for(sender.acknowledged + 20)
        eventually(lambda: wrong(prometheus, requests, times=len(taken)) or "none", "none", within_s=60)
        assert collector.own("otelcol_exporter_send_failed_metric_points") == 0
        assert _resets(prometheus) == 0


def _resets(prometheus):
    (found,) = prometheus.query("max(resets(agentgauge_calls_total[10m]))")
    return found[1]


def test_processes_that_make_one_call_each_are_all_counted(binaries, prometheus, tmp_path):
    collector = Collector(binaries["collector"], tmp_path, prometheus=prometheus.prometheus_url)
    with collector, SimulatedServer(seed=3) as server:
        host, port = collector.otlp
        subprocess.run(
            [sys.executable, str(PROGRAM), str(PROCESSES), server.url],
            env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{host}:{port}"},
            check=True,
            timeout=1200,
        )
        books = server.books.to_dict()
        assert books["requests"] == PROCESSES
        right = told([{"simulated_server": books}])
        eventually(lambda: compared(right, measured(prometheus, SERVICE)) or "none", "none")
        # They are over, but what they did is a rise: each series begins with a zero.
        rise = f"agentgauge_calls_total{{service_name='{SERVICE}'}}[10m]"
        assert prometheus.query(f"sum(max_over_time({rise}) - min_over_time({rise}))")[0][1] == PROCESSES
