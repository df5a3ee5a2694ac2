"""How large the hard tests are: short in `make test`, whole in `make chaos`."""

import os

CHAOS = bool(os.environ.get("AGENTGAUGE_CHAOS"))
SEEDS = (3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946, 17711, 28657)
KILL_SEEDS = SEEDS if CHAOS else SEEDS[:4]
OUTAGE_S = 120.0 if CHAOS else 15.0
TEMPO_OUTAGE_S = 60.0 if CHAOS else 5.0
PROCESSES = 1_000 if CHAOS else 40
FLOOD = 100_000 if CHAOS else 5_000
FLOOD_LIMIT = 10_000 if CHAOS else 200
# With 10,000 series of each metric a flush is more than Prometheus takes in a second.
FLOOD_FLUSH, FLOOD_WITHIN_S = ("15s", 240.0) if CHAOS else ("1s", 30.0)
LOAD_REQUESTS = 1_000 if CHAOS else 120


def progress(text):
    """Said in `make chaos` only, which shows what tests print."""
    if CHAOS:
        print(f"  {text}", flush=True)
