"""The variant of our Collector's config that keeps only some traces, chosen when they are whole."""

from __future__ import annotations

from typing import Any

from agentgauge.generate import environment as env
from agentgauge.generate.collector import KEEP_SAMPLED, collector_content
from agentgauge.generate.text import Flow, to_yaml

_EXPENSIVE_NANOUSD = 100_000_000
_SLOW_MS = 30_000
_LARGEST = 2**63 - 1
_TRACES, _REMEMBERED = 50_000, 500_000

_ABOUT = (
    "Settings are environment variables; docs/reference.md lists them.",
    "config.yaml with tail sampling, which is off there. Metrics count every span, before any is dropped.",
    "Kept are whole traces: those with an error, with a call of 0.10 USD or more, of 30 s or more, and a",
    "share of the rest. To use it: put it into a folder of yours as collector/config.yaml, then",
    "`agentgauge up --config FOLDER`.",
    "What it costs: spans wait in memory for AGENTGAUGE_TAIL_WAIT before they are kept or dropped. A kill -9",
    "in that time loses them, although their sender was told that they arrived. So does a full queue while",
    "Tempo is down, since nobody is left to send them again. No metric is touched by either.",
)


def tail_sampling_config() -> str:
    """`collector/config.tail-sampling.yaml`."""
    content = collector_content(traces=[KEEP_SAMPLED, "tail_sampling"])
    content["processors"]["tail_sampling"] = _tail_sampling()
    return to_yaml(content, *_ABOUT)


def _tail_sampling() -> dict[str, Any]:
    share = Flow(sampling_percentage=str(env.TAIL_PERCENT))
    expensive = Flow(key="agentgauge.cost.nanousd", min_value=_EXPENSIVE_NANOUSD, max_value=_LARGEST)
    return {
        "decision_wait": str(env.TAIL_WAIT),
        "num_traces": _TRACES,
        # Spans that come after the decision follow it.
        "decision_cache": {
            "sampled_cache_size": _REMEMBERED,
            "non_sampled_cache_size": _REMEMBERED,
        },
        "policies": [
            {"name": "errors", "type": "status_code", "status_code": Flow(status_codes=["ERROR"])},
            {"name": "expensive", "type": "numeric_attribute", "numeric_attribute": expensive},
            {"name": "slow", "type": "latency", "latency": Flow(threshold_ms=_SLOW_MS)},
            {"name": "share", "type": "probabilistic", "probabilistic": share},
        ],
    }
