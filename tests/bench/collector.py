"""What counting costs the Collector: CPU seconds per 100,000 spans, ours beside the stock components.

Run it with `make bench-collector`. A closed loop of senders sends requests of 512 call spans of 34 attributes
by HTTP; the CPU time of the Collector's process is read before and after. Variants take turns, so that a
machine whose speed drifts treats them alike; the figures are medians over rounds. A stage is a pipeline with
it minus one without. Whole pipelines send, through queues on disk, to a Collector that forgets what it gets.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from call_spans import MODELS, Requests
from local_stack import cached_binaries
from one_service import Collector
from pipelines import counting_ours, counting_stock, ours, receiving, sink, stock
from senders import Sender, deliver_all
from stock import stock_collector

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SPANS, SENDERS, FLUSH_S = 100_000, 4, 5
TICKS_S = os.sysconf("SC_CLK_TCK")
NOBODY = {"prometheus": "http://127.0.0.1:9", "tempo": "127.0.0.1:9"}
MANY_IDS, MANY_SERIES = 1_000_000, 10_000


def main():
    folder = Path(tempfile.mkdtemp(prefix="bench-collector-"))
    mine, theirs = cached_binaries()["collector"], stock_collector()
    variants = {
        "receiving alone": (mine, receiving()),
        "  + names, content": (mine, receiving("genai")),
        "  + masking": (mine, receiving("redaction")),
        "  + counting, ours, on disk": (mine, counting_ours()),
        "  + counting, stock, in memory": (theirs, counting_stock()),
        "whole, ours": (mine, ours()),
        "whole, stock": (theirs, stock()),
    }
    seconds = {name: [] for name in variants}
    try:
        with Collector(mine, folder / "sink", **NOBODY, config=sink()) as end:
            for round_ in range(1, ROUNDS + 1):
                for number, (name, (binary, config)) in enumerate(variants.items()):
                    place = folder / f"{round_}-{number}"
                    seconds[name].append(cpu_seconds(binary, config, place, end=end))
                    said = f"round {round_}: {name.strip()}: {seconds[name][-1]:.2f} s"
                    print(f"  {said}", file=sys.stderr, flush=True)
        show(seconds)
        print(memory(mine, folder / "memory"))
    finally:
        shutil.rmtree(folder)


def show(seconds):
    """The table, as docs/collector-cost.md has it."""
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    alone = middle["receiving alone"]
    print("| CPU seconds of the Collector per 100,000 spans | median | rounds | of the stage |")
    print("| --- | ---: | --- | ---: |")
    for name, values in seconds.items():
        stage = f"{middle[name] - alone:.2f}" if name.startswith("  + ") else ""
        rounds = ", ".join(f"{value:.2f}" for value in sorted(values))
        print(f"| {name.strip()} | {middle[name]:.2f} | {rounds} | {stage} |")
    print(f"\nwhole, ours / stock: {middle['whole, ours'] / middle['whole, stock']:.2f}")


def cpu_seconds(binary, config, folder, *, end):
    """Of one Collector's process, per 100,000 spans, until `end` has taken all that it sends."""
    requests = Requests("bench")
    measured = Collector(
        binary,
        folder,
        prometheus=f"http://{end.otlp[0]}:{end.otlp[1]}",
        tempo=end.otlp_grpc,
        config=config,
        AGENTGAUGE_FLUSH_INTERVAL=f"{FLUSH_S}s",
    )
    with measured:
        before, copies = used_s(measured), -(-SPANS // requests.calls)
        deliver_all(Sender(measured.otlp), (requests.fresh() for _ in range(copies)), senders=SENDERS)
        time.sleep(FLUSH_S + 1)  # so that all that was counted is flushed
        while measured.own("otelcol_exporter_queue_size") > 0:
            time.sleep(0.1)
        return (used_s(measured) - before) * 100_000 / (copies * requests.calls)


def used_s(collector):
    """CPU seconds of its process until now."""
    fields = Path(f"/proc/{collector.running.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def memory(binary, folder):
    """A sentence about resident memory with many ids and many series."""
    agents = [f"agent-{n}" for n in range(MANY_SERIES // (14 * len(MODELS)))]
    requests = Requests("memory", calls=4 * len(agents), agents=agents)
    with Collector(binary, folder, **NOBODY, config=counting_ours()) as collector:
        before = resident_mib(collector)
        copies = -(-MANY_IDS // requests.calls)
        deliver_all(Sender(collector.otlp), (requests.fresh() for _ in range(copies)), senders=SENDERS)
        ids = collector.own("otelcol_usage_duplicate_window_ids")
        series = collector.own("otelcol_usage_series")
        after = resident_mib(collector)
    found = f"{ids:,.0f} span ids and {series:,.0f} series"
    return f"\n{found}: {after:.0f} MiB resident, {before:.0f} MiB at the start"


def resident_mib(collector):
    lines = Path(f"/proc/{collector.running.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main()
