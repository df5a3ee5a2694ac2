"""What gets lost or counted twice on the way to Prometheus: ours beside the stock components, by one script.

Run it with `make bench-collector`. In every situation call spans whose sums are known go to a Collector with
the generated config of its kind and a Prometheus behind it. What Prometheus has is compared with what was
sent, read leniently: from raw samples, series by series, so that a restart from zero is no loss by itself.
The Collectors flush every 2 s, in place of 15: what a kill costs the stock one is up to one such interval.
"""

import random
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from call_spans import Requests
from local_stack import cached_binaries
from one_service import Collector, Prometheus
from pipelines import ours, stock
from senders import Sender, deliver_all, under_load
from sizes import SEEDS
from stock import stock_collector

METRIC = "gen_ai_client_inference_usage_input_tokens_total"
FLUSH_S, QUIET_S = 2, 8
SENDERS, COPIES, KILLS, LIVES = 8, 200, 3, 200


def alone(collector, service):
    """one sender, nothing happens"""
    requests = Requests(service)
    deliver_all(Sender(collector.otlp), (requests.fresh() for _ in range(COPIES)), senders=1)
    return requests, COPIES


def concurrent(collector, service):
    """8 senders at full speed, requests of 64 spans"""
    requests = Requests(service, calls=64)
    deliver_all(Sender(collector.otlp), (requests.fresh() for _ in range(8 * COPIES)), senders=SENDERS)
    return requests, 8 * COPIES


def doubled(collector, service):
    """every batch sent twice"""
    requests = Requests(service)
    for _ in range(COPIES):
        body = requests.fresh()
        for _ in range(2):
            Sender(collector.otlp).deliver(body)
    return requests, COPIES


def killed(collector, service):
    """kill -9 three times, 4 to 8 s apart; senders send again what was not acknowledged"""
    requests, sender = Requests(service), Sender(collector.otlp)
    with under_load(sender, requests, senders=SENDERS, pause_s=0.02) as taken:
        for seed in SEEDS[:KILLS]:
            sender.wait_for(sender.acknowledged + SENDERS)
            time.sleep(2 * FLUSH_S * (1 + random.Random(seed).random()))
            collector.kill()
            collector.start()
    return requests, len(taken)


def short_lives(collector, service):
    """200 services of 5 calls each, as batch jobs are; read as a rise, which is what graphs show"""
    lives = [Requests(f"{service}-{n}", calls=5, seed=n) for n in range(LIVES)]
    for requests in lives:
        Sender(collector.otlp).deliver(requests.fresh())
    all_of_them = Requests(service, calls=0)
    for requests in lives:
        all_of_them.books.update(requests.books)
    return all_of_them, 1


def sent_and_found(situation, binary, config, folder):
    """Input tokens that were sent, and that Prometheus has."""
    prometheus = Prometheus(cached_binaries()["prometheus"], folder / "prometheus")
    collector = Collector(
        binary,
        folder / "collector",
        prometheus=prometheus.prometheus_url,
        tempo="127.0.0.1:9",
        config=config,
        AGENTGAUGE_FLUSH_INTERVAL=f"{FLUSH_S}s",
        AGENTGAUGE_QUEUE_BYTES=str(4 * 1024**3),
    )
    service = situation.__name__.replace("_", "-")
    with prometheus, collector:
        requests, times = situation(collector, service)
        sent = requests.told(times)["total", "", "input_tokens"]
        return sent, settled(lambda: found(prometheus, rise=situation is short_lives), sent)


def settled(read, sent):
    """What is read when it is all, or has not changed for some flushes."""
    last, since = read(), time.monotonic()
    while last != sent and time.monotonic() - since < QUIET_S:
        time.sleep(0.5)
        if (now := read()) != last:
            last, since = now, time.monotonic()
    return last


def found(prometheus, *, rise):
    """The sum of all series: of what they rose by, or of that and their first values."""
    total = 0
    for series in prometheus.prometheus("query", query=f"{METRIC}[1h]")["result"]:
        values = [float(value) for _, value in series["values"] if value != "NaN"]
        total += 0 if rise else values[0]
        for before, after in pairwise(values):
            total += after - before if after >= before else after
    return round(total)


def main():
    kinds = {"ours": (cached_binaries()["collector"], ours()), "stock": (stock_collector(), stock())}
    print("| situation | sent, tokens | ours | stock |")
    print("| --- | ---: | ---: | ---: |")
    for situation in (alone, concurrent, doubled, killed, short_lives):
        told, differences = [], []
        for binary, config in kinds.values():
            folder = Path(tempfile.mkdtemp(prefix="bench-losses-"))
            sent, got = sent_and_found(situation, binary, config, folder)
            shutil.rmtree(folder)
            told.append(f"{sent:,}")
            differences.append(f"{got - sent:+,} ({(got - sent) / sent:+.2%})" if got != sent else "0")
        print(
            f"| {situation.__doc__} | {' / '.join(dict.fromkeys(told))} | {' | '.join(differences)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
